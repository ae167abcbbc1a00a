/** The guide to turn-based games: its samples are the files that the compiler sees, and the game is played on one page. What it does over a network is in packages/netcode/test/turn-based.test.ts. */
import { readFileSync } from "node:fs";
import { defineGame, startLocalMatch } from "@rollcall/netcode";
import { GameSimulation } from "@rollcall/netcode/core";
import { determinismGuard, syncTest } from "@rollcall/netcode/determinism";
import { expect, test } from "vitest";
import { drop, emptyBoard, moverOf, NOBODY, TAKE_BACK, takeBack, TURN_FRAMES } from "./snippets/four-in-a-row-rules.ts";
import { play } from "./snippets/four-in-a-row-page.ts";
import { fourInARow } from "./snippets/four-in-a-row.ts";

// The guide's own test.
import "./snippets/four-in-a-row-test.ts";

const PLAYERS = ["Ada", "Ben"].map((name) => ({ profile: { name } }));

test("[FA117] every sample of the guide is a file that is compiled", () => {
  const guide = readFileSync(new URL("../docs/guides/turn-based-games.md", import.meta.url), "utf8");
  const samples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  const files = ["four-in-a-row.ts", "four-in-a-row-page.ts", "four-in-a-row-test.ts"];
  expect(samples).toEqual(files.map((name) => readFileSync(new URL(`snippets/${name}`, import.meta.url), "utf8")));
});

test("[FA118] two at one keyboard play a game to its end, under the guard", async () => {
  const said: string[] = [];
  const match = startLocalMatch({ game: determinismGuard(fourInARow), players: PLAYERS, settings: [0] });
  const click = play(
    match,
    () => {},
    (text) => said.push(text),
  );
  const columns = [3, 0, 3, 1, 3, 2, 3];
  click(columns[0] ?? 0);
  match.on("game", ({ name, stage }) => {
    const column = columns[match.view().state.drops.length];
    if (name === "drop" && stage === "confirmed" && column !== undefined) click(column);
  });
  expect(await match.ended).toEqual({ winner: 0 });
  expect(said).toEqual(["Ada wins."]);
});

test("[FA118] the sync test of the guide meets turns, drops that are taken back, and clocks", () => {
  const seen = { drops: 0, takenBack: 0, clocks: 0 };
  const game: typeof fourInARow = defineGame({
    ...fourInARow,
    step: (board, inputs, context) => {
      const before = board.drops.length;
      void fourInARow.step(board, inputs, context);
      seen.drops += Number(board.drops.length > before);
      seen.takenBack += Number(board.drops.length < before);
      seen.clocks += Number(board.winner !== null && board.drops.length === before);
    },
  });
  const click = (turn: number, choice: number): { turn: number; choice: number } => ({ turn, choice });
  const drops = {
    frames: 3_000,
    inputs: (_: number, __: number, random: { integer(limit: number): number }) => click(random.integer(48), random.integer(8)),
  };
  expect(syncTest(game, drops)).toMatchObject({ ok: true });
  expect(seen.drops).toBeGreaterThan(10);
  // Somebody drops once, then both would like to take it back, and nobody ever goes on.
  expect(syncTest(game, { frames: TURN_FRAMES + 30, inputs: (frame) => (frame < 10 ? click(1, 3) : click(2, TAKE_BACK)) })).toMatchObject({
    ok: true,
  });
  expect(Math.min(seen.takenBack, seen.clocks)).toBeGreaterThan(0);
});

test("[FA118] a bot plays a seat that was nobody's, and not that of somebody who is away", () => {
  const playedByBots = (isNobodys: boolean) => {
    const players = PLAYERS.map(({ profile: { name } }) => ({ profile: { name, colour: 0, choices: null }, bot: isNobodys }));
    const simulation = new GameSimulation(fourInARow, { seed: 1, players, settings: [0] });
    const inputs = new Uint8Array(2 * fourInARow.inputBytes);
    for (let frame = 0; simulation.result() === undefined; frame++) simulation.step(frame, inputs, Uint8Array.of(1, 1), () => {});
    return simulation.state;
  };
  expect(playedByBots(true).drops.length).toBeGreaterThan(6);
  expect(playedByBots(false)).toMatchObject({ drops: [], winner: 1, frame: TURN_FRAMES });
});

test("[FA118] four in a row ends with four in any direction, or with a full board", () => {
  const dropAll = (columns: string) => {
    const board = emptyBoard(0, []);
    for (const column of columns) expect(drop(board, Number(column), 0)).toBe(true);
    return board;
  };
  const winnerOf = (columns: string) => dropAll(columns).winner;
  expect(["0011223", "0101010", "01122323363", "65544343303"].map(winnerOf)).toEqual([0, 0, 0, 0]);
  expect(["000111", "545062455041104565311226266362030334314210"].map(winnerOf)).toEqual([null, NOBODY]);
  expect([moverOf(dropAll("01")), moverOf(dropAll("0"))]).toEqual([0, 1]);
  expect([drop(dropAll("000000"), 0, 0), drop(dropAll(""), 7, 0), takeBack(dropAll(""), 0)]).toEqual([false, false, false]);
});
