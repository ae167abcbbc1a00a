import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";
import { PageKey } from "./page-key.ts";

interface Signal {
  readonly type: string;
  readonly src?: string;
  readonly dst?: string;
  readonly payload?: unknown;
  readonly nonce?: string;
}

/** A signaling socket as PeerJS opens it. */
export class SignalingClient {
  readonly socket: WebSocket;
  readonly signals: Signal[] = [];
  /** Nonces that were to be signed. */
  readonly challenges: string[] = [];
  readonly closed: Promise<number>;
  readonly #key: PageKey | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket, key: PageKey | undefined) {
    this.socket = socket;
    this.#key = key;
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => {
      const signal = JSON.parse(data.toString()) as Signal;
      if (signal.type === "CHALLENGE") this.challenges.push(signal.nonce ?? "");
      else this.signals.push(signal);
      this.#wake();
      const key = signal.type === "CHALLENGE" ? this.#key : undefined;
      if (key !== undefined) this.send(key.proof(signal.nonce ?? ""));
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code) => {
        resolve(code);
        this.#wake();
      });
    });
  }

  /** A member's socket answers the challenge with the key that this test made for it; `key`: with another, or with none (`null`). */
  static connect(port: number, id: string, token: string, options: ClientOptions = {}, key?: PageKey | null): SignalingClient {
    const url = `ws://127.0.0.1:${port}/peerjs?key=peerjs&id=${id}&token=${token}&version=1.5.5`;
    return new SignalingClient(new WebSocket(url, options), key === undefined ? PageKey.of(id) : (key ?? undefined));
  }

  /** The next nonce to sign. */
  async challenge(): Promise<string> {
    for (;;) {
      const nonce = this.challenges.shift();
      if (nonce !== undefined) return nonce;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("closed while waiting for a challenge");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Connected, and OPEN received. */
  static open(port: number, id: string, token: string): Promise<SignalingClient> {
    return SignalingClient.openFrom({}, port, id, token);
  }

  static async openFrom(options: ClientOptions, port: number, id: string, token: string): Promise<SignalingClient> {
    const client = SignalingClient.connect(port, id, token, options);
    await client.signal("OPEN");
    return client;
  }

  send(value: unknown): void {
    this.socket.send(typeof value === "string" ? value : JSON.stringify(value));
  }

  offer(dst: string, sdp = "v=0"): void {
    this.send({ type: "OFFER", dst, payload: { sdp: { type: "offer", sdp }, type: "data", connectionId: "dc_1" } });
  }

  /** The first signal of this type. */
  async signal(type: string): Promise<Signal> {
    for (;;) {
      const found = this.signals.find((signal) => signal.type === type);
      if (found !== undefined) return found;
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error(`closed while waiting for ${type}; heard ${JSON.stringify(this.signals)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** When the broker answers a ping frame, it has read all that was sent before. */
  async settled(): Promise<void> {
    this.socket.ping();
    await once(this.socket, "pong");
  }

  /** Whether the upgrade was refused, and how. */
  static async refusal(port: number, path: string, options: ClientOptions = {}): Promise<number> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    socket.on("error", () => undefined);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, { readonly statusCode: number }];
    return response.statusCode;
  }
}
