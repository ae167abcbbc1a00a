/**
 * One match of two peers over a lossy wireless network for 24 virtual hours (`--hours N` for another length): equal checksums all the time, a heap that does not
 * grow, and no task left over when both have stopped. Needs `node --expose-gc`. Part of `pnpm test:deep`.
 */
import { parseArgs } from "node:util";
import { RollbackSession } from "../src/core/rollback/rollback-session.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { LINK_PROFILES, ScrambleSimulation, SimNetwork, type AssociationEnd } from "../src/sim/index.ts";

const FRAME_MS = 1_000 / 60;
const HOUR_MS = 3_600_000;
const SAMPLE_MS = HOUR_MS / 4;
/** Before the first sample everything is compiled and every buffer has its size. */
const WARM_UP_MS = HOUR_MS / 2;
const HEAP_GROWTH_MAX = 1_000_000;
const COMPARED_FRAMES = 30;

interface Peer {
  readonly id: PeerId;
  readonly session: RollbackSession;
  readonly input: Uint8Array;
  end: AssociationEnd | undefined;
  owedMs: number;
  lastMs: number;
  paceRatio: number;
  frame: number;
  desyncs: number;
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("run with node --expose-gc");
  gc();
}

function createPeer(id: PeerId, ids: readonly PeerId[]): Peer {
  const simulation = new ScrambleSimulation({ seed: 7, playerCount: 2, endAfterFrames: undefined });
  const players = ids.map((peerId) => ({ peerId }));
  const session = new RollbackSession(0, { localPeerId: id, players, hostId: ids[0] ?? id, matchEpoch: 1, simulation });
  return { id, session, input: new Uint8Array(2), end: undefined, owedMs: 0, lastMs: 0, paceRatio: 1, frame: 0, desyncs: 0 };
}

function drain(peer: Peer): void {
  const { session } = peer;
  for (let sent = session.pollTransmit(); sent !== undefined; sent = session.pollTransmit()) peer.end?.send(sent.channel, sent.bytes);
  for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) if (event.type === "desync") peer.desyncs++;
}

/** Bytes per hour by least squares. */
function slopeOf(samples: readonly (readonly [hours: number, bytes: number])[]): number {
  const meanHours = samples.reduce((sum, [hours]) => sum + hours, 0) / samples.length;
  const meanBytes = samples.reduce((sum, [, bytes]) => sum + bytes, 0) / samples.length;
  let covariance = 0;
  let variance = 0;
  for (const [hours, bytes] of samples) {
    covariance += (hours - meanHours) * (bytes - meanBytes);
    variance += (hours - meanHours) ** 2;
  }
  return covariance / variance;
}

function endure(hours: number): string[] {
  const network = new SimNetwork({ seed: 11, conditions: LINK_PROFILES["wifi-lossy"] });
  const { scheduler } = network;
  const ids = ["ada", "bob"] as PeerId[];
  const [ada, bob] = ids.map((id) => createPeer(id, ids));
  if (ada === undefined || bob === undefined) throw new Error("two peers");
  const random = network.random("inputs");
  const receive = (peer: Peer, from: PeerId, bytes: Uint8Array): void => {
    peer.session.handlePacket(scheduler.nowMs, from, bytes);
    drain(peer);
  };
  [ada.end, bob.end] = network.associate(
    ada.id,
    (_, bytes) => receive(ada, bob.id, bytes),
    bob.id,
    (_, bytes) => receive(bob, ada.id, bytes),
  );
  const endMs = hours * HOUR_MS;
  const run = (peer: Peer, nowMs: number): void => {
    if (nowMs >= endMs) return;
    if (nowMs >= peer.session.pollTimeoutMs()) peer.session.handleTimeout(nowMs);
    peer.owedMs = Math.min(peer.owedMs + (nowMs - peer.lastMs) * peer.paceRatio, 8 * FRAME_MS);
    peer.lastMs = nowMs;
    while (peer.owedMs >= FRAME_MS) {
      if (random.chance(0.1)) peer.input[0] = random.integer(256);
      const result = peer.session.advanceFrame(nowMs, peer.input, Infinity);
      peer.paceRatio = result.paceRatio;
      drain(peer);
      if (result.outcome !== "advanced") break;
      peer.owedMs -= FRAME_MS;
    }
    drain(peer);
    scheduler.schedule(nowMs + FRAME_MS, (nextMs) => run(peer, nextMs));
  };
  scheduler.schedule(0, (nowMs) => run(ada, nowMs));
  scheduler.schedule(40, (nowMs) => run(bob, nowMs));
  const samples: (readonly [number, number])[] = [];
  let compared = 0;
  for (let nowMs = WARM_UP_MS; nowMs <= endMs; nowMs += SAMPLE_MS) {
    scheduler.runUntil(nowMs);
    collectGarbage();
    samples.push([nowMs / HOUR_MS, process.memoryUsage().heapUsed]);
    const common = Math.min(ada.session.confirmedFrame, bob.session.confirmedFrame);
    for (let frame = common; frame > common - COMPARED_FRAMES; frame--) {
      if (ada.session.checksum(frame) !== bob.session.checksum(frame)) throw new Error(`checksums differ at frame ${frame}`);
      compared++;
    }
  }
  scheduler.runUntil(endMs + 60_000);
  const slope = slopeOf(samples);
  const stats = [ada, bob].map(({ session }) => session.stats());
  const sum = (name: "rollbacks" | "stalledFrames" | "frame"): number => stats.reduce((total, figures) => total + figures[name], 0);
  const { lostAtRandom, lostInBursts } = network.figures();
  if (slope > HEAP_GROWTH_MAX) throw new Error(`the heap grows by ${Math.round(slope)} bytes an hour`);
  if (scheduler.taskCount !== 0) throw new Error(`${scheduler.taskCount} tasks are left over`);
  if (ada.desyncs + bob.desyncs > 0) throw new Error("a desync");
  if (sum("rollbacks") < 10_000 * hours || lostAtRandom + lostInBursts < 10_000 * hours) throw new Error("nothing happened");
  if (sum("frame") < 2 * 215_000 * hours) throw new Error(`only ${sum("frame")} frames`);
  return [
    `DEEP ${hours} virtual hours, ${sum("frame")} frames, ${sum("rollbacks")} rollbacks, ${sum("stalledFrames")} stalled frames, ${lostAtRandom + lostInBursts} packets lost`,
    `DEEP heap slope ${Math.round(slope)} bytes per hour over ${samples.length} samples; ${compared} checksums compared, all equal; 0 tasks left over`,
  ];
}

const { values } = parseArgs({ options: { hours: { type: "string", default: "24" } } });
for (const line of endure(Number(values.hours))) process.stdout.write(`${line}\n`);
