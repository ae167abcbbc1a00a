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
    { handleReady: () => {}, admitMessage: () => true, handleConnection: () => {} },
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
