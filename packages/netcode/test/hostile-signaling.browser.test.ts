import { afterEach, beforeEach, expect, it } from "vitest";
import { cdp } from "vitest/browser";
import { hostLobby, joinLobby } from "../src/facade/browser-facade.ts";
import type { HostOptions } from "../src/facade/lobby-types.ts";
import { LyingBroker } from "./lying-broker.ts";
import { LyingSocket } from "./lying-socket.ts";
import { countPeerConnections, untilInRealTime } from "./real-time-world.ts";
import { tagGame, type TagInput, type TagState } from "./tag-game.ts";

const FRAMES = 10_000;
/** After so many the broker ends the socket in one way or another, and the page comes back. */
const BATCH_FRAMES = 1_000;
/** What the page may hold on to of 40 MB that it was sent. A heap is never the same to the byte. */
const HEAP_BYTES_MAX = 4_000_000;

const original = globalThis.WebSocket;
const options = (name: string): HostOptions<TagState, TagInput> => ({ game: tagGame, name, broker: "http://broker.test" });
const errors: unknown[] = [];
const noteError = (event: Event): void => void errors.push(event);

let connections: ReturnType<typeof countPeerConnections>;

beforeEach(() => {
  globalThis.WebSocket = LyingSocket as unknown as typeof WebSocket;
  connections = countPeerConnections();
  errors.length = 0;
  window.addEventListener("error", noteError);
  window.addEventListener("unhandledrejection", noteError);
});

afterEach(() => {
  connections.restore();
  window.removeEventListener("error", noteError);
  window.removeEventListener("unhandledrejection", noteError);
  globalThis.WebSocket = original;
});

/** As far as it is used here. */
interface Session {
  send(method: string): Promise<{ readonly usedSize: number }>;
}

function isSession(value: unknown): value is Session {
  return typeof value === "object" && value !== null && "send" in value;
}

async function heapBytes(): Promise<number> {
  const session: unknown = cdp();
  if (!isSession(session)) throw new Error("expected: a session of the DevTools protocol");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize;
}

/** The `index`th frame that no honest broker sends. `sdp`: a real offer; `member`: a real member. */
function hostileFrame(index: number, sdp: string, member: string): unknown {
  const stranger = index.toString(16).padStart(32, "f");
  const payload = {
    type: "data",
    connectionId: `dc_${index}`,
    label: "reliable",
    reliable: true,
    serialization: "raw",
    metadata: { attempt: index + 1 },
    sdp: { type: "offer", sdp },
  };
  const candidate = { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0 };
  const frames: readonly (() => unknown)[] = [
    () => ({ type: "OFFER", src: stranger, payload }),
    () => ({ type: "OFFER", src: stranger, payload: { ...payload, serialization: "constructor" } }),
    () => ({ type: "OFFER", src: stranger, payload: { ...payload, type: "media" } }),
    () => ({ type: "OFFER", src: member, payload: { ...payload, serialization: "binary" } }),
    () => ({ type: "OFFER", src: member, payload: { ...payload, metadata: { attempt: "__proto__" } } }),
    () => ({ type: "OFFER", src: `${member}\u0000`, payload }),
    () => ({ type: "OFFER", src: null, payload }),
    () => ({ type: "OFFER", src: stranger, payload: null }),
    () => ({ type: "ANSWER", src: stranger, payload: { ...payload, sdp: { type: "answer", sdp } } }),
    () => ({ type: "ANSWER", src: member, payload: { ...payload, sdp: { type: "answer", sdp } } }),
    () => ({ type: "CANDIDATE", src: stranger, payload: { ...payload, candidate } }),
    () => ({ type: "CANDIDATE", src: member, payload: { ...payload, candidate } }),
    () => ({ type: "CANDIDATE", src: member, payload: { ...payload, candidate: { candidate: "x".repeat(3_000) } } }),
    () => ({ type: "EXPIRE", src: member }),
    () => ({ type: "LEAVE", src: member }),
    () => ({ type: "OPEN" }),
    () => ({ type: "ERROR" }),
    () => ({ type: "CHALLENGE", nonce: `nonce-${stranger}` }),
    () => ({ type: "CHALLENGE", nonce: { toString: null } }),
    () => ({ type: "PROOF", key: "A".repeat(43), signature: "A".repeat(86) }),
    () => ({ type: "__proto__", payload: { constructor: { prototype: 1 } } }),
    () => ({ type: "OFFER", src: member, payload: { ...payload, sdp: { type: "offer", sdp: "v=0\r\n".repeat(8_000) } } }),
    () => `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    () => "{",
    () => "null",
    () => `"${"x".repeat(20_000)}"`,
    () => ({ type: "HEARTBEAT", payload: Array.from({ length: 100 }, () => ({})) }),
  ];
  return frames[index % frames.length]?.();
}

/** How a broker may end the socket. */
const ENDS: readonly ((socket: LyingSocket) => void)[] = [
  (socket) => socket.say({ type: "ID-TAKEN", payload: { msg: "taken" } }),
  (socket) => socket.say({ type: "INVALID-KEY", payload: { msg: "key" } }),
  (socket) => socket.say({ type: "ERROR", payload: { msg: "error" } }),
  (socket) => socket.close(),
];

it("[ID64] ten thousand hostile frames of signaling make no peer connection and no error, are not kept, and disturb no link", async () => {
  const broker = new LyingBroker({});
  const serve = LyingSocket.serve;
  const opened: LyingSocket[] = [];
  LyingSocket.serve = (socket) => {
    serve(socket);
    if (socket.url.pathname !== "/lobby") opened.push(socket);
  };
  const ada = await hostLobby(options("Ada"));
  const bob = await joinLobby(ada.code, options("Bob"));
  await untilInRealTime(() => [ada, bob].every((lobby) => lobby.peers[0]?.status === "open"));
  const made = connections.made.length;
  const sdp = connections.made.find(({ localDescription }) => localDescription?.type === "offer")?.localDescription?.sdp ?? "";
  expect(sdp.length).toBeGreaterThan(300);
  const current = (): LyingSocket | undefined =>
    opened.findLast((socket) => socket.url.searchParams.get("id") === ada.me.peerId && socket.readyState === LyingSocket.OPEN);

  let sentBytes = 0;
  let before = 0;
  for (let index = 0; index < FRAMES; index++) {
    const mine = current();
    if (mine === undefined) throw new Error("expected: an open signaling socket");
    const frame = hostileFrame(index, sdp, bob.me.peerId);
    sentBytes += (typeof frame === "string" ? frame : JSON.stringify(frame)).length;
    mine.say(frame);
    if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve));
    if (index % BATCH_FRAMES !== BATCH_FRAMES - 1) continue;
    ENDS[Math.floor(index / BATCH_FRAMES) % ENDS.length]?.(mine);
    await untilInRealTime(() => current() !== undefined && current() !== mine);
    if (index + 1 === BATCH_FRAMES) before = await heapBytes();
  }
  const growth = (await heapBytes()) - before;
  expect(sentBytes).toBeGreaterThan(30_000_000);
  expect(growth).toBeLessThan(HEAP_BYTES_MAX);
  expect(connections.made.length).toBe(made);
  expect(errors).toEqual([]);
  expect([ada, bob].map((lobby) => lobby.peers[0]?.status)).toEqual(["open", "open"]);
  await Promise.all([ada.leave(), bob.leave()]);
  broker.close();
}, 120_000);
