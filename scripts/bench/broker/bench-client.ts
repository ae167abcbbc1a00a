import { once } from "node:events";
import { WebSocket } from "ws";

/** As a page of PeerJS 1.5.5 writes them; one offer, one answer, ten candidates. */
const SDP = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "c=IN IP4 0.0.0.0",
  "a=ice-ufrag:4ZcD",
  "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlVm",
  "a=ice-options:trickle",
  "a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08",
  "a=setup:actpass",
  "a=mid:0",
  "a=sctp-port:5000",
  "a=max-message-size:262144",
  "",
].join("\r\n");

const CONNECTION = { type: "data", connectionId: "dc_x3kq9vm2p1" } as const;
const CANDIDATE = {
  candidate: "candidate:1467250027 1 udp 2122260223 192.168.178.31 46154 typ host generation 0 ufrag 4ZcD network-id 1 network-cost 10",
  sdpMid: "0",
  sdpMLineIndex: 0,
  usernameFragment: "4ZcD",
};
const TYPES = ["OFFER", "ANSWER", ...Array.from({ length: 10 }, () => "CANDIDATE")] as const;

function signalText(type: (typeof TYPES)[number], dst: string): string {
  if (type === "CANDIDATE") return JSON.stringify({ type, payload: { candidate: CANDIDATE, ...CONNECTION }, dst });
  const description = { sdp: { type: type.toLowerCase(), sdp: SDP }, ...CONNECTION };
  const offered = { label: CONNECTION.connectionId, reliable: true, serialization: "binary" };
  return JSON.stringify({ type, payload: type === "OFFER" ? { ...description, ...offered } : description, dst });
}

/** One client of a signaling server, from an address of its own, so that limits per address hold as they do for strangers. */
export class BenchClient {
  readonly id: string;
  readonly #socket: WebSocket;
  readonly #texts: readonly string[];
  readonly #opened: Promise<unknown>;
  /** Whom it signals to. */
  readonly #otherId: string;
  #sent = 0;
  #received = 0;
  handleSignal: () => void = () => undefined;

  readonly #checks: boolean;

  /** `other` left out: it sends to nobody, and takes whatever comes back. */
  constructor(port: number, ids: { readonly own: string; readonly other?: string }, addressIndex: number) {
    this.id = ids.own;
    this.#checks = ids.other !== undefined;
    this.#otherId = ids.other ?? "nobody";
    this.#texts = TYPES.map((type) => signalText(type, this.#otherId));
    const network = Math.floor(addressIndex / 254);
    const localAddress = `127.${1 + (network >> 8)}.${network & 255}.${1 + (addressIndex % 254)}`;
    const query = `key=peerjs&id=${ids.own}&token=${ids.own}token&version=1.5.5`;
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/peerjs?${query}`, { localAddress, perMessageDeflate: false });
    this.#opened = once(this.#socket, "message").then(([data]) => expectType(String(data), "OPEN"));
    this.#socket.on("error", () => undefined);
  }

  /** The server has said OPEN. */
  async open(): Promise<void> {
    const closed = once(this.#socket, "close").then(([code]) =>
      Promise.reject(new Error(`A client was refused or closed (${String(code)}).`)),
    );
    closed.catch(() => undefined);
    await Promise.race([this.#opened, closed]);
    this.#socket.on("message", (data: Buffer) => {
      // Every type once, so that the bench knows what it counts.
      if (this.#received++ < TYPES.length && this.#checks) this.#check(data.toString());
      this.handleSignal();
    });
  }

  get received(): number {
    return this.#received;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** The system takes more, for now. */
  get isWilling(): boolean {
    return this.#socket.bufferedAmount < 1_000_000;
  }

  end(): void {
    this.#socket.terminate();
  }

  signal(): void {
    this.#socket.send(this.#texts[this.#sent++ % TYPES.length] ?? "");
  }

  heartbeat(): void {
    this.#socket.send('{"type":"HEARTBEAT"}');
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #check(text: string): void {
    const signal = expectType(text, TYPES[(this.#received - 1) % TYPES.length] ?? "");
    if (signal["src"] !== this.#otherId || signal["dst"] !== this.id || typeof signal["payload"] !== "object")
      throw new Error(`A signal arrived otherwise than it was sent: ${text}`);
  }
}

function expectType(text: string, type: string): Record<string, unknown> {
  const message = JSON.parse(text) as Record<string, unknown>;
  if (message["type"] !== type) throw new Error(`Expected ${type}, got ${text}`);
  return message;
}
