import { describe, expect, it } from "vitest";
import { FixedMesh } from "../../../test/fixed-mesh.ts";

const CHUNK_FRAMES = 1000;
const CHUNKS = 21;
/** The optimising compiler takes its time on a busy machine: warm until one median is small enough, or this many tries said no. */
const TRIES = 6;

/** Bytes of garbage per frame of `mesh`: the median of chunks, since a collection falls into some of them. */
function bytesPerFrame(mesh: FixedMesh): number {
  const growths = Array.from({ length: CHUNKS }, () => {
    const before = process.memoryUsage().heapUsed;
    for (let frame = 0; frame < CHUNK_FRAMES; frame++) mesh.frame();
    return process.memoryUsage().heapUsed - before;
  });
  return (growths.toSorted((left, right) => left - right)[CHUNKS >> 1] ?? 0) / CHUNK_FRAMES;
}

describe("a frame of a match", () => {
  it("[RB28] allocates at most 16 bytes a peer, one boxed number: datagrams in and out, predictions, rollbacks", () => {
    const mesh = new FixedMesh({ peerCount: 4, oneWayFrames: 4, input: (player, frame) => (frame + player * 5) >> 4 });
    // And one for the time, which the mesh makes and all of them are given.
    const bytesMax = 16 * (mesh.sessions.length + 1);
    let bytes = Number.POSITIVE_INFINITY;
    for (let count = 0; count < TRIES && bytes > bytesMax; count++) bytes = bytesPerFrame(mesh);
    for (const session of mesh.sessions) expect(session.stats().rollbacks).toBeGreaterThan(1000);
    expect(bytes).toBeLessThanOrEqual(bytesMax);
  });
});
