import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import { SignalingPeer, type PeerConstructor } from "./signaling-peer.ts";

/** PeerJS as far as its socket goes: who disconnects it hears of that from the peer, not from the socket. */
class FakePeer extends EventEmitter {
  static readonly made: FakePeer[] = [];
  readonly sent: unknown[] = [];
  readonly socket = Object.assign(new EventEmitter(), { send: (message: unknown) => void this.sent.push(message) });
  open = false;
  disconnected = false;
  destroyed = false;

  constructor() {
    super();
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
  }

  destroy(): void {}
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("[ID25] a challenge is answered again on the socket that takes the place of one that we gave up", async () => {
  const signaling = new SignalingPeer(
    FakePeer as unknown as PeerConstructor,
    {
      peerId: "ada" as PeerId,
      token: "token",
      broker: new URL("http://broker.test"),
      iceServers: [],
      prove: async (nonce) => ({ key: "k", signature: `of ${nonce}` }),
    },
    { handleReady: () => {}, admitMessage: () => true, handleConnection: () => {} },
  );
  const [peer] = FakePeer.made;
  for (const nonce of ["n".repeat(32), "o".repeat(32)]) {
    peer!.socket.emit("message", { type: "CHALLENGE", nonce });
    // Nobody welcomes us, so it is given up, and opened again.
    await vi.advanceTimersByTimeAsync(6_000);
  }
  expect(peer!.sent).toEqual([
    { type: "PROOF", key: "k", signature: `of ${"n".repeat(32)}` },
    { type: "PROOF", key: "k", signature: `of ${"o".repeat(32)}` },
  ]);
  signaling.dispose();
});
