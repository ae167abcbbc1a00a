import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import { SignalingSocket } from "./signaling-socket.ts";

/** As far as the signaling socket uses one. */
class FakeWebSocket extends EventTarget {
  static readonly OPEN = 1;
  static made: FakeWebSocket[] = [];
  readonly url: string;
  readonly sent: unknown[] = [];
  readyState: number = FakeWebSocket.OPEN;

  constructor(url: string) {
    super();
    this.url = url;
    FakeWebSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 3;
  }

  hear(message: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }
}

const options = {
  peerId: "ada" as PeerId,
  token: "to ken",
  broker: new URL("https://broker.test/below/"),
  iceServers: [],
  prove: async (nonce: string) => ({ key: "k", signature: `of ${nonce}` }),
};

beforeEach(() => {
  FakeWebSocket.made = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("[ID25] a challenge is answered again on the socket that takes the place of one that we gave up, and nothing signed before leaves there", async () => {
  const signaling = new SignalingSocket(options, { handleReady: () => {}, handleSignal: () => {} });
  const proofs: unknown[] = [];
  for (const nonce of ["n".repeat(32), "o".repeat(32)]) {
    const socket = FakeWebSocket.made.at(-1)!;
    socket.hear({ type: "CHALLENGE", nonce });
    await vi.advanceTimersByTimeAsync(0);
    socket.readyState = 3;
    socket.dispatchEvent(new Event("close"));
    // What an old socket still says is nothing to us.
    socket.hear({ type: "CHALLENGE", nonce: "p".repeat(32) });
    await vi.advanceTimersByTimeAsync(2_000);
    proofs.push(socket.sent[0], signaling.isReady);
  }
  expect(proofs).toEqual([
    { type: "PROOF", key: "k", signature: `of ${"n".repeat(32)}` },
    false,
    { type: "PROOF", key: "k", signature: `of ${"o".repeat(32)}` },
    false,
  ]);
  expect(FakeWebSocket.made.length).toBe(3);
  signaling.dispose();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeWebSocket.made.length).toBe(3);
});

it("[TR70] the socket is opened as PeerJS opens its own, and says every 5 s that it lives", async () => {
  const signaling = new SignalingSocket(options, { handleReady: () => {}, handleSignal: () => {} });
  const [socket] = FakeWebSocket.made;
  expect(socket?.url).toBe("wss://broker.test/below/peerjs?key=peerjs&id=ada&token=to+ken");
  socket?.hear({ type: "OPEN" });
  socket?.hear({ type: "OPEN" });
  expect(signaling.isReady).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(socket?.sent).toEqual([{ type: "HEARTBEAT", echo: true }, { type: "HEARTBEAT" }, { type: "HEARTBEAT" }]);
  signaling.dispose();
});

it("[TR26] a socket that is not welcomed, and one that the broker turns away, is tried again later each time", async () => {
  const signaling = new SignalingSocket(options, { handleReady: () => {}, handleSignal: () => {} });
  await vi.advanceTimersByTimeAsync(5_600);
  expect(FakeWebSocket.made.length).toBe(2);
  FakeWebSocket.made[1]?.hear({ type: "ERROR", payload: { msg: "full" } });
  expect(FakeWebSocket.made[1]?.readyState).toBe(3);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeWebSocket.made.length).toBe(3);
  signaling.dispose();
});
