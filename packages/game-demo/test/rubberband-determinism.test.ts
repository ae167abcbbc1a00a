import { Random, syncTest } from "@rollcall/netcode/core";
import type { Game } from "@rollcall/netcode/core";
import { expect, test } from "vitest";
import type { RubberbandInput, RubberbandState, rubberbandInput } from "../src/sim/index.ts";
import { PHASE, PLAYERS_MAX, POSITION_MAX, SNAP_COOLDOWN_FRAMES, STATUS, TILE_HEALTH, TRAIL_LENGTH, rubberband } from "../src/sim/index.ts";
import { Play } from "./rubberband-play.ts";

const game: Game<RubberbandState, typeof rubberbandInput> = rubberband;

function randomInputs(players: number, random: Random): RubberbandInput[] {
  return Array.from({ length: players }, () => ({ direction: random.integer(32), move: random.chance(0.8), snap: random.chance(0.15) }));
}

test("[RU20] rollbacks after every frame change nothing", () => {
  const report = syncTest(game, { frames: 900, seed: 7, settings: { rounds: 1, botSkill: "mixed" } });
  expect(report).toMatchObject({ ok: true });
});

test("[RU20] a known match of bots has a known checksum, and plays a whole round", () => {
  const play = new Play({ players: 8, seed: 20_261_120, rounds: 1, botSkill: "mixed" });
  const result = play.finish();
  const heard = new Set(play.events.map(({ name }) => name));
  for (const name of ["round-start", "snap", "land", "hit", "crack", "tile-fall", "fall", "out", "round-end", "match-end"])
    expect(heard).toContain(name);
  expect(result.wins.reduce((sum, wins) => sum + wins, 0)).toBe(1);
  // Changes with every change of the rules: raise the game's version with it once it has been published.
  expect({ frames: play.frame, checksum: play.simulation.checksum() }).toMatchInlineSnapshot(`
    {
      "checksum": 2566792856,
      "frames": 1829,
    }
  `);
});

test("[RU20] two matches of one seed are equal in every frame, of another seed they are not", () => {
  const [first, second, other] = [5, 5, 6].map((seed) => new Play({ players: 4, people: 2, seed }));
  const random = new Random(3);
  for (let frame = 0; frame < 600; frame++) {
    const inputs = randomInputs(2, random);
    for (const play of [first, second, other]) play!.step(inputs);
    expect(first!.simulation.checksum()).toBe(second!.simulation.checksum());
  }
  expect(first!.simulation.checksum()).not.toBe(other!.simulation.checksum());
});

test.each([2, 5, 8])("[RU21] 10,000 random inputs for %i players never break what always holds", (players) => {
  const play = new Play({ players, people: players, seed: players, rounds: 5 });
  const frames = Math.ceil(10_000 / players);
  for (let frame = 0; frame < frames && play.result === undefined; frame++) {
    play.step(randomInputs(players, play.random));
    expect(findBroken(play.state)).toBeUndefined();
  }
  expect(play.state.match.phase).not.toBe(PHASE.intro);
});

/** What does not hold, for a failure to show. */
function findBroken(state: RubberbandState): unknown {
  const { match, discs, tiles } = state;
  const standing = discs.filter((disc) => disc.status !== STATUS.out).length;
  let sound = match.phase !== PHASE.play || standing === discs.length - match.outCount;
  for (const disc of discs) {
    sound &&= Math.abs(disc.x) <= POSITION_MAX && Math.abs(disc.y) <= POSITION_MAX;
    // One may stand a few frames beside the floor, at top speed.
    sound &&= disc.status !== STATUS.standing || Math.max(Math.abs(disc.x), Math.abs(disc.y)) < 700 * 256;
    sound &&= disc.cooldown >= 0 && disc.cooldown <= SNAP_COOLDOWN_FRAMES;
    sound &&= disc.trailCount >= 0 && disc.trailCount <= TRAIL_LENGTH && disc.trailHead >= 0 && disc.trailHead < TRAIL_LENGTH;
    sound &&= disc.direction >= 0 && disc.direction < 32 && disc.hitBy >= -1 && disc.hitBy < discs.length;
  }
  sound &&= tiles.every((value) => value <= TILE_HEALTH && value >= -200);
  return sound ? undefined : { match, discs };
}

test("[RU22] the state is less than 8 kB", () => {
  const { arrays } = new Play({ players: PLAYERS_MAX }).state;
  const { byteLength } = arrays.x.buffer;
  expect(byteLength).toBeGreaterThan(PLAYERS_MAX * TRAIL_LENGTH * 8);
  expect(byteLength).toBeLessThan(8_000);
});
