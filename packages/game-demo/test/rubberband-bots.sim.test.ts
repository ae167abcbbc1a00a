import { expect, test } from "vitest";
import type { RubberbandState } from "../src/sim/index.ts";
import { PHASE } from "../src/sim/index.ts";
import { Play } from "./rubberband-play.ts";

/** Rounds won, by seat, over many matches. */
function roundsWon(matches: number, players: number, people = 0): { wins: number[]; rounds: number } {
  const wins = Array.from({ length: players }, () => 0);
  let rounds = 0;
  for (let match = 0; match < matches; match++) {
    const play = new Play({ players, people, seed: 1_000 + match, rounds: 5, botSkill: "normal" });
    const walker = { direction: 0, move: true, snap: false };
    const result = play.finish((frame) => {
      if (frame % 20 === 0) walker.direction = play.random.integer(32);
      walker.snap = play.random.chance(0.01);
      return people === 0 ? [] : [walker];
    });
    result.wins.forEach((won, player) => (wins[player] = (wins[player] ?? 0) + won));
    rounds += result.rounds;
  }
  return { wins, rounds };
}

function setSkill(state: RubberbandState, player: number, skill: number): void {
  const disc = state.discs[player];
  if (disc !== undefined) disc.skill = skill;
}

test("[RU23] bots beat a player who moves at random", () => {
  const { wins, rounds } = roundsWon(12, 4, 1);
  expect(rounds).toBeGreaterThan(30);
  // A quarter would be even.
  expect((wins[0] ?? 0) / rounds).toBeLessThan(0.08);
});

test("[RU23] hard bots win more often than easy ones", () => {
  // Seats change levels from match to match, so that only the level can make the difference.
  const byLevel = { easy: 0, hard: 0 };
  for (let match = 0; match < 16; match++) {
    const play = new Play({ players: 4, seed: 2_000 + match, rounds: 3 });
    for (let player = 0; player < 4; player++) setSkill(play.state, player, (player + match) % 2 === 0 ? 2 : 0);
    play.finish().wins.forEach((won, player) => (byLevel[(player + match) % 2 === 0 ? "hard" : "easy"] += won));
  }
  expect(byLevel.hard).toBeGreaterThan(byLevel.easy * 1.4);
});

test("[RU23] bots use their bands, save themselves, and seldom fall without help", () => {
  const play = new Play({ players: 6, seed: 11, rounds: 5, botSkill: "hard" });
  play.finish();
  const count = (name: string): number => play.events.filter((event) => event.name === name).length;
  const outs = play.events.filter((event) => event.name === "out") as unknown as { payload: { by: number } }[];
  expect(count("snap")).toBeGreaterThan(30);
  expect(count("hit")).toBeGreaterThan(count("snap") / 4);
  expect(count("fall")).toBeGreaterThan(outs.length);
  expect(outs.filter(({ payload }) => payload.by < 0).length).toBeLessThan(outs.length / 2);
  expect(play.state.match.phase).toBe(PHASE.over);
});

test.each([2, 8])("[RU24] equal bots win about equally often on each of %i seats", (players) => {
  const { wins, rounds } = roundsWon(players === 2 ? 42 : 36, players);
  const fair = rounds / players;
  // Four standard deviations of a fair draw: a seat outside is an advantage, not luck.
  const spread = 4 * Math.sqrt(rounds * (1 / players) * (1 - 1 / players));
  expect(rounds).toBeGreaterThan(140);
  for (const won of wins) expect(Math.abs(won - fair)).toBeLessThan(spread);
});
