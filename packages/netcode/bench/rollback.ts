import { FixedMesh } from "../test/fixed-mesh.ts";
import { TestMatch, humanInput } from "../test/test-match.ts";

/** One measured figure. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const WARM_UP_FRAMES = 20_000;
const FRAMES = 20_000;
const CHUNK_FRAMES = 1000;
const GARBAGE_CHUNKS = 100;

/** What a rollback session costs: on the wire, in simulated frames, in time, in garbage. */
export function benchRollback(): BenchRow[] {
  const changing = new TestMatch({ seats: [0, 1], oneWayMs: 50, input: humanInput(1) });
  changing.run(60_000);
  const sizes = changing.peer(0).payloadBytes.toSorted((left, right) => left - right);
  const { datagramsSent, rollbacks } = changing.peer(0).session.stats();
  const constant = new TestMatch({ seats: [0, 1], oneWayMs: 50, input: () => 5 });
  constant.run(1000);
  const [steps, frames] = [constant.peer(0).simulation.stepCount, constant.peer(0).advances];
  constant.run(60_000);
  return [
    { name: "input datagram, 2 players, 1-byte inputs, 100 ms RTT: median", value: sizes[sizes.length >> 1] ?? 0, unit: "B" },
    { name: "the same: 99th percentile", value: sizes[Math.floor(sizes.length * 0.99)] ?? 0, unit: "B" },
    { name: "the same: datagrams per peer and frame", value: datagramsSent / changing.peer(0).advances, unit: "" },
    { name: "the same: rollbacks a second", value: rollbacks / 60, unit: "/s" },
    {
      name: "constant inputs, 100 ms RTT: simulated frames per frame",
      value: (constant.peer(0).simulation.stepCount - steps) / (constant.peer(0).advances - frames),
      unit: "",
    },
    ...benchCost(),
  ];
}

function benchCost(): BenchRow[] {
  const mesh = new FixedMesh({ peerCount: 4, oneWayFrames: 3, input: (player, frame) => (frame + player * 5) >> 4 });
  for (let frame = 0; frame < WARM_UP_FRAMES; frame++) mesh.frame();
  const startedMs = performance.now();
  for (let frame = 0; frame < FRAMES; frame++) mesh.frame();
  const elapsedMs = performance.now() - startedMs;
  // All growth between collections: what was collected since does not make up for it.
  let grownBytes = 0;
  for (let chunk = 0; chunk < GARBAGE_CHUNKS; chunk++) {
    const before = process.memoryUsage().heapUsed;
    for (let frame = 0; frame < CHUNK_FRAMES; frame++) mesh.frame();
    grownBytes += Math.max(0, process.memoryUsage().heapUsed - before);
  }
  const perPeer = 1 / mesh.sessions.length;
  return [
    { name: "session, 4 players: time per frame, three datagrams each way", value: (elapsedMs * 1000 * perPeer) / FRAMES, unit: "µs" },
    {
      name: "session, 4 players: garbage per frame, mean of 100,000",
      value: (grownBytes * perPeer) / (GARBAGE_CHUNKS * CHUNK_FRAMES),
      unit: "B",
    },
  ];
}
