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
