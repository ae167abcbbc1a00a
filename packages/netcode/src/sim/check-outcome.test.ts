import { describe, expect, it } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import { RollbackSession } from "../core/rollback/rollback-session.ts";
import * as ROLLBACK_KIND from "../core/wire/rollback-kind.ts";
import { drawFaultPlan, type TimedFault } from "./fault-plan.ts";
import type { MatchCheckers } from "./match-checkers.ts";
import { ScrambleSimulation } from "./scramble-simulation.ts";
import { SimWorld } from "./sim-world.ts";

/** Switches `end` on, and plays until then. */
const ENDING_SEED = 13;

/** Hears no votes. */
class Unvoiced extends RollbackSession {
  override handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    if (bytes[0] !== ROLLBACK_KIND.dropVote) super.handlePacket(nowMs, from, bytes);
  }
}

/** Plays a match of four in which `timed` goes wrong; peer 3 may hear no votes. */
function play(timed: readonly TimedFault[], LastSession: typeof RollbackSession = RollbackSession): MatchCheckers {
  const seed = ENDING_SEED;
  const drawn = drawFaultPlan({ seed, peerCount: 4, playersMax: 8, durationMs: 12_000, network: { delayMs: 40 }, faults: ["end"] });
  const plan = { ...drawn, ranks: [0, 1, 2, 3], timed };
  const world = new SimWorld({
    seed,
    durationMs: 12_000,
    plan,
    createSimulation: () => new ScrambleSimulation({ seed, playerCount: plan.seats.length, endAfterFrames: plan.endAfterFrames }),
    createSession: (localMs, { localPeerId, players, hostId, simulation, peerIndex }) => {
      const inputDelayFrames = plan.peers[peerIndex]?.inputDelayFrames ?? 0;
      const options = {
        localPeerId,
        players,
        hostId,
        matchEpoch: 1,
        simulation,
        inputDelayFrames,
        predictionWindowFrames: plan.windowFrames,
      };
      return peerIndex === 3 ? new LastSession(localMs, options) : new RollbackSession(localMs, options);
    },
    makeLegal: () => {},
  });
  world.run();
  return world.checkers;
}

/** Peer 2 is heard by all but peer 3 just before the end, and then it is gone, with those in `also`. */
function lastInputsLost(endMs: number, also: readonly number[] = []): TimedFault[] {
  const wordDelaysMs = [undefined, undefined, undefined, undefined];
  return [
    { kind: "cut", atMs: endMs - 200, durationMs: 1_000, senders: [2], receivers: [3] },
    ...[2, ...also].map((peer) => ({ kind: "kill" as const, atMs: endMs + 200, peer, wordDelaysMs })),
  ];
}

describe("the end of a match", () => {
  const calm = play([]);
  const endMs = calm.record(0).ended?.atMs ?? Number.NaN;

  it("[SI17] that one survivor lacks is a failure where those who live may go on", () => {
    expect(calm.failures).toEqual([]);
    const sound = play(lastInputsLost(endMs));
    expect(sound.failures).toEqual([]);
    expect(sound.record(3).ended).toMatchObject({ frame: calm.record(3).ended?.frame });
    expect(play(lastInputsLost(endMs), Unvoiced).failures[0]).toMatchObject({ checker: "end", peer: 3 });
  });

  it("[SI17] may come to one with a seat that went after it: only the last inputs of who holds it had not come", () => {
    const late = play([{ kind: "cut", atMs: endMs - 100, durationMs: 3_500, senders: [2], receivers: [3] }]);
    expect(late.record(3).ended).toMatchObject({ frame: calm.record(3).ended?.frame });
    expect([...late.record(3).seats.values()].map(({ frame }) => frame > (late.record(3).ended?.frame ?? Infinity))).toEqual([true]);
    expect(late.failures).toEqual([]);
  });

  it("[SI17] may be lacked by who waits where nobody may decide: half of four, without the host", () => {
    const halved = play(lastInputsLost(endMs, [0]));
    expect(halved.record(1).ended).toMatchObject({ frame: calm.record(1).ended?.frame });
    expect(halved.record(3).ended).toBeUndefined();
    expect(halved.counts.waits).toBe(1);
    expect(halved.failures).toEqual([]);
  });
});
