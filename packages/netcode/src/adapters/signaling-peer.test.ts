import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import { TOKEN_BEFORE_ADMISSION } from "../core/ports/lobby-protocol.ts";
import { SignalingPeer, type PeerConstructor } from "./signaling-peer.ts";

/** PeerJS as far as its socket goes: who disconnects it hears of that from the peer, not from the socket. */
class FakePeer extends EventEmitter {
  static readonly made: FakePeer[] = [];
  readonly sent: unknown[] = [];
  /** With each socket that it opened. */
  readonly tokens: (string | undefined)[] = [];
  readonly options: { token: string | undefined };
  readonly socket = Object.assign(new EventEmitter(), { send: (message: unknown) => void this.sent.push(message) });
  open = false;
  disconnected = false;
  destroyed = false;

  constructor(_id: string, options: { token: string | undefined }) {
    super();
    this.options = options;
    this.tokens.push(options.token);
    this.socket.on("message", () => {});
    FakePeer.made.push(this);
  }

  disconnect(): void {
    if (this.disconnected) return;
    this.disconnected = true;
    this.open = false;
    this.emit("disconnected");
  }

  reconnect(): void {
    this.disconnected = false;
    this.tokens.push(this.options.token);
  }

  destroy(): void {}
}

const NONCES = ["n".repeat(32), "o".repeat(32)];

/** Before its admission, unless there is a token. */
function signalingOf(token?: string): { readonly signaling: SignalingPeer; readonly peer: FakePeer } {
  const signaling = new SignalingPeer(
    FakePeer as unknown as PeerConstructor,
    {
      peerId: "ada" as PeerId,
      ...(token === undefined ? {} : { token }),
      broker: new URL("http://broker.test"),
      iceServers: [{ urls: "stun:stun.test" }, { urls: ["turn:turn.test", "stun:turn.test"], username: "u", credential: "c" }],
      prove: async (nonce) => ({ key: "k", signature: `of ${nonce}` }),
    },
    { handleReady: () => {}, admitMessage: () => true, handleConnection: () => {}, handleConnectionRefused: () => {} },
  );
  const peer = FakePeer.made.at(-1);
  if (peer === undefined) throw new Error("no peer was made");
  return { signaling, peer };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("[ID25] a challenge is answered again on the socket that takes the place of one that we gave up", async () => {
  const { signaling, peer } = signalingOf("token");
  for (const nonce of NONCES) {
    peer.socket.emit("message", { type: "CHALLENGE", nonce });
    // Nobody welcomes us, so it is given up, and opened again.
    await vi.advanceTimersByTimeAsync(6_000);
  }
  expect(peer.sent).toEqual(NONCES.map((nonce) => ({ type: "PROOF", key: "k", signature: `of ${nonce}` })));
  signaling.dispose();
});

it("[ID28] a page that waits for its admission proves its socket once that is there, however long it takes, and comes back with the token", async () => {
  const { signaling, peer } = signalingOf();
  peer.socket.emit("message", { type: "CHALLENGE", nonce: NONCES[0] });
  await vi.advanceTimersByTimeAsync(9_000);
  expect([peer.sent, peer.disconnected]).toEqual([[], false]);
  signaling.admit({ token: "token", iceServers: [], relayOnly: true });
  await vi.advanceTimersByTimeAsync(0);
  expect(peer.sent).toEqual([{ type: "PROOF", key: "k", signature: `of ${NONCES[0]}` }]);
  expect(signaling.isRelayOnly).toBe(true);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(peer.tokens).toEqual([TOKEN_BEFORE_ADMISSION, "token"]);
  signaling.dispose();
});

it("[ID28] a socket that was lost before the admission is opened again right with it", async () => {
  const { signaling, peer } = signalingOf();
  vi.spyOn(Math, "random").mockReturnValue(0.9);
  peer.disconnect();
  signaling.admit({ token: "token", iceServers: [] });
  expect(peer.tokens).toEqual([TOKEN_BEFORE_ADMISSION, "token"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(peer.tokens).toHaveLength(2);
  signaling.dispose();
});

/** Welcomed, by a broker that gives signs of life. */
function openSignaling(): ReturnType<typeof signalingOf> {
  const made = signalingOf("token");
  made.peer.open = true;
  made.peer.emit("open");
  made.peer.socket.emit("message", { type: "PONG" });
  return made;
}

const BOB = "bob" as PeerId;

it("[TR33] what was said long ago, and needed no answer, does not count against the socket; what nobody answers for 6.5 s does", async () => {
  const { signaling, peer } = openSignaling();
  signaling.sendLink(BOB, Uint8Array.of(1));
  await vi.advanceTimersByTimeAsync(60_000);
  // The broker is asked first, and this one is there.
  signaling.sendLink(BOB, Uint8Array.of(1));
  peer.socket.emit("message", { type: "PONG" });
  expect(peer.disconnected).toBe(false);
  let saidMs = 0;
  for (; !peer.disconnected && saidMs < 20_000; saidMs += 400) {
    signaling.sendLink(BOB, Uint8Array.of(1));
    // A broker of old, that answers nothing.
    await vi.advanceTimersByTimeAsync(400);
    if (saidMs < 1_500) peer.socket.emit("message", { type: "PONG" });
  }
  expect(saidMs).toBeGreaterThan(1_500);
  expect(saidMs).toBeLessThan(9_000);
  signaling.dispose();
});

it("[TR84] after news of the network an open socket is asked at once, and given up after 0.6 s without a sign of life", async () => {
  const { signaling, peer } = openSignaling();
  const asked = (): number => peer.sent.filter((message) => JSON.stringify(message).includes("echo")).length;
  const before = asked();
  signaling.handleNetworkChange();
  signaling.handleNetworkChange();
  expect(asked()).toBe(before + 2);
  await vi.advanceTimersByTimeAsync(300);
  peer.socket.emit("message", { type: "PONG" });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(peer.disconnected).toBe(false);
  signaling.handleNetworkChange();
  await vi.advanceTimersByTimeAsync(599);
  expect(peer.disconnected).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(peer.disconnected).toBe(true);
  signaling.dispose();
});

it("[TR84] a page that stood still asks again, since the answer may wait behind the timer; one that is gone is opened at once", async () => {
  const { signaling, peer } = openSignaling();
  vi.spyOn(Math, "random").mockReturnValue(0.9);
  await vi.advanceTimersByTimeAsync(100);
  signaling.handleNetworkChange();
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + 1_000);
  await vi.advanceTimersByTimeAsync(600);
  expect(peer.disconnected).toBe(false);
  await vi.advanceTimersByTimeAsync(600);
  expect(peer.disconnected).toBe(true);
  const before = peer.tokens.length;
  signaling.handleNetworkChange();
  expect(peer.tokens).toHaveLength(before + 1);
  signaling.dispose();
  signaling.handleNetworkChange();
  expect(peer.tokens).toHaveLength(before + 1);
});

/** A connection that gathers what the test says. */
class FakeConnection {
  static made: FakeConnection[] = [];
  readonly urls: unknown;
  onicecandidate: (event: { readonly candidate: { readonly type: string } | null }) => void = () => {};
  isClosed = false;

  constructor({ iceServers }: RTCConfiguration) {
    this.urls = iceServers?.map(({ urls }) => urls);
    FakeConnection.made.push(this);
  }

  createDataChannel(): void {}

  async setLocalDescription(): Promise<void> {}

  close(): void {
    this.isClosed = true;
  }
}

/** A link asks for the socket all the time, as one does that is silent; the attempts to open it hang. */
async function needSocket(signaling: SignalingPeer, forMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < forMs; passedMs += 50) {
    signaling.sendLink(BOB, Uint8Array.of(1));
    await vi.advanceTimersByTimeAsync(50);
  }
}

it("[TR86] while a link needs the socket STUN is asked each second, and what hangs is made anew as soon as it answers, once in 5 s", async () => {
  FakeConnection.made = [];
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  const { signaling, peer } = openSignaling();
  peer.disconnect();
  await needSocket(signaling, 10_400);
  expect(FakeConnection.made).toHaveLength(11);
  expect(FakeConnection.made.filter(({ isClosed }) => !isClosed)).toHaveLength(1);
  expect(FakeConnection.made[0]?.urls).toEqual([["stun:stun.test", "stun:turn.test"]]);
  const answer = (type: string): void => FakeConnection.made.at(-1)?.onicecandidate({ candidate: { type } });
  const before = peer.tokens.length;
  answer("host");
  expect(peer.tokens).toHaveLength(before);
  answer("srflx");
  expect(peer.tokens).toHaveLength(before + 1);
  await needSocket(signaling, 2_000);
  answer("srflx");
  expect(peer.tokens).toHaveLength(before + 1);
  peer.open = true;
  peer.emit("open");
  peer.socket.emit("message", { type: "PONG" });
  const { length } = FakeConnection.made;
  await needSocket(signaling, 2_000);
  expect(FakeConnection.made).toHaveLength(length);
  signaling.dispose();
});

it("[TR86] nothing is asked after the end, nor by a browser that makes no connection, and a young attempt is left alone", async () => {
  FakeConnection.made = [];
  const { signaling, peer } = openSignaling();
  peer.disconnect();
  await needSocket(signaling, 2_000);
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  await needSocket(signaling, 1_000);
  const look = FakeConnection.made.at(-1);
  signaling.handleNetworkChange();
  peer.disconnect();
  signaling.handleNetworkChange();
  const before = peer.tokens.length;
  look?.onicecandidate({ candidate: { type: "srflx" } });
  expect(peer.tokens).toHaveLength(before);
  await needSocket(signaling, 400);
  signaling.dispose();
  look?.onicecandidate({ candidate: { type: "srflx" } });
  await vi.advanceTimersByTimeAsync(3_000);
  expect([peer.tokens.length, FakeConnection.made.every(({ isClosed }) => isClosed)]).toEqual([before, true]);
});

it("[TR86] in a relay-only lobby no STUN server is asked", async () => {
  FakeConnection.made = [];
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  const { signaling, peer } = openSignaling();
  const iceServers = [{ urls: ["turn:turn.test", "stun:turn.test"], username: "u", credential: "c" }];
  signaling.admit({ token: "token", iceServers, relayOnly: true });
  peer.disconnect();
  await needSocket(signaling, 3_000);
  expect([peer.tokens.length > 1, FakeConnection.made]).toEqual([true, []]);
  signaling.dispose();
});

it("[TR87] attempts that hang are at most ten in a minute, and ones that fail at once at most thirty", async () => {
  for (const [isRefused, random, least, most] of [
    [false, 0.99, 9, 10],
    [true, 0.5, 15, 30],
  ] as const) {
    vi.spyOn(Math, "random").mockReturnValue(random);
    const { signaling, peer } = openSignaling();
    peer.disconnect();
    const reconnect = peer.reconnect.bind(peer);
    peer.reconnect = () => {
      reconnect();
      if (isRefused) setTimeout(() => peer.disconnect(), 1);
    };
    await needSocket(signaling, 60_000);
    expect(peer.tokens.length).toBeGreaterThanOrEqual(least);
    expect(peer.tokens.length).toBeLessThanOrEqual(most);
    signaling.dispose();
  }
});
