/** The game of the guide to turn-based games, played by pages over a slow network, and what its frame rates cost. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { moverOf, TAKE_BACK, TURN_FRAMES, type Board } from "../../../tests/snippets/four-in-a-row-rules.ts";
import { play } from "../../../tests/snippets/four-in-a-row-page.ts";
import { fourInARow } from "../../../tests/snippets/four-in-a-row.ts";
import { encodeReplay, MatchRecorder, verifyReplay } from "../src/core/replay/index.ts";
import { hostLobby, joinLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import type { LobbyOf, MatchOf } from "../src/facade/game-types.ts";
import { simulateMatch } from "../src/sim/index.ts";
import { FacadeWorld, type TestPage } from "./facade-world.ts";

type Four = typeof fourInARow;

const GUIDE = readFileSync(new URL("../../../docs/guides/turn-based-games.md", import.meta.url), "utf8");

/** One person before a page. */
class Person {
  readonly said: string[] = [];
  /** Winners that were drawn, predicted ones too. */
  readonly winners: (number | null)[] = [];
  /** What was shown as certain, by turn. */
  readonly certain = new Map<number, string>();
  readonly page: TestPage;
  readonly match: MatchOf<Four>;
  readonly click: (choice: number) => void;
  #wasPaused = false;

  constructor(page: TestPage, match: MatchOf<Four>) {
    this.page = page;
    this.match = match;
    match.on("paused", () => (this.#wasPaused = true));
    const say = (text: string): void => void this.said.push(text);
    this.click = play(match, (board, certainDrops) => this.#draw(board, certainDrops), say);
  }

  get board(): Board {
    return this.match.view().state;
  }

  look(): void {
    for (const draw of this.page.drawers) draw();
  }

  /** Clicks again and again, and out of turn too. `columns`: of the whole game, in order. */
  goOn(columns: readonly number[]): void {
    const column = columns[this.board.drops.length];
    if (column !== undefined) this.click(this.match.localPlayers.includes(moverOf(this.board)) ? column : 6);
  }

  /** What it throws is told by `playUntil`. */
  #draw(board: Board, certainDrops: number): void {
    if (board.winner !== this.winners.at(-1)) this.winners.push(board.winner);
    // Without pauses, steps and frames of the match are the same.
    const { confirmedFrame } = this.match.view();
    const confirmedDrops = board.drops.filter((drop) => drop.frame <= confirmedFrame).length;
    if (!this.#wasPaused && certainDrops !== confirmedDrops) throw new Error(`${certainDrops} drops of ${confirmedDrops} are certain`);
    if (certainDrops < board.drops.length) return;
    const certain = JSON.stringify(board.drops);
    const before = this.certain.get(board.turn) ?? certain;
    if (certain !== before) throw new Error(`turn ${board.turn} is ${certain}, and was ${before}`);
    this.certain.set(board.turn, certain);
  }
}

/** Two pages, and who sits before them. */
interface Table {
  readonly world: FacadeWorld;
  readonly host: LobbyOf<Four>;
  readonly guest: LobbyOf<Four>;
  readonly ada: Person;
  readonly ben: Person;
}

async function openTable(latencyMs: number, game: Four = fourInARow, settings: readonly number[] | null = null): Promise<Table> {
  const world = new FacadeWorld();
  const [adaPage, benPage] = [world.page(), world.page()];
  const host = await world.until(hostLobby(adaPage.environment, { game, name: "Ada", settings }));
  const guest = await world.until(joinLobby(benPage.environment, host.code, { game, name: "Ben" }));
  await world.runUntil(() => [host, guest].every(({ peers }) => peers.every(({ status }) => status === "open")));
  world.latencyMs = latencyMs;
  const [adaMatch, benMatch] = await world.until(Promise.all([host.start(), guest.nextMatch()]));
  return { world, host, guest, ada: new Person(adaPage, adaMatch), ben: new Person(benPage, benMatch) };
}

/** Everybody looks, and does what `act` says, until `done`. */
async function playUntil(
  world: FacadeWorld,
  people: readonly Person[],
  done: () => boolean,
  act?: (person: Person) => void,
): Promise<void> {
  await world.runUntil(() => {
    for (const person of people) {
      person.look();
      act?.(person);
    }
    return done();
  });
  // What a page's drawing found wrong.
  expect(world.reported).toEqual([]);
}

const isOver = ({ match }: Person): boolean => match.phase === "ended";
const columnsOf = ({ board }: Person): number[] => board.drops.map(({ column }) => column);

test("[FA118] two pages play four in a row over a slow network to one result: a held input counts once, a late click and one out of turn for nothing, both together take a drop back, and a page is reloaded", async () => {
  const { world, ada, ben } = await openTable(150);
  const isAt = (drops: number) => () => [ada, ben].every(({ board }) => board.drops.length === drops);
  const goOn = (person: Person): void => person.goOn([3, 0, 3, 1, 3, 2, 3]);
  await playUntil(world, [ada, ben], isAt(3), goOn);
  ada.click(TAKE_BACK);
  await playUntil(world, [ada, ben], () => ben.board.asking === 0);
  ben.click(TAKE_BACK);
  await playUntil(world, [ada, ben], isAt(2));
  expect([ada.board.turn, columnsOf(ada)]).toEqual([4, [3, 0]]);
  await playUntil(world, [ada, ben], isAt(4), goOn);

  const page = await ben.page.reload();
  const lobby = await world.until(resumeLobby(page.environment, { game: fourInARow, name: "Ben" }));
  if (lobby?.match === undefined) throw new Error("no match to come back to");
  const again = new Person(page, lobby.match);
  await playUntil(world, [ada, again], () => isOver(ada) && isOver(again), goOn);
  const results = await world.until(Promise.all([ada.match.ended, again.match.ended]));

  expect(columnsOf(ada)).toEqual([3, 0, 3, 1, 3, 2, 3]);
  expect(results).toEqual([{ winner: ada.board.first }, { winner: ada.board.first }]);
  expect(again.board).toEqual(ada.board);
  // Five drops before the reload, one of them taken back.
  for (const person of [ben, again]) for (const [turn, certain] of person.certain) expect(certain).toBe(ada.certain.get(turn) ?? certain);
  expect(ada.certain.size).toBeGreaterThan(5);
  const winner = ada.board.first === 0 ? "Ada wins." : "Ben wins.";
  expect(ada.said).toEqual(["The last drop was taken back.", "Ben is away: the clock runs.", "Ben is back.", winner]);
  expect(again.said.at(-1)).toBe(winner);
  expect(ada.match.stats().rollbacks).toBeGreaterThan(0);
});

test("[FA119] a drop that was overtaken is drawn and gone again, and was never shown as certain", async () => {
  const { world, ada, ben } = await openTable(150, fourInARow, [0]);
  const all = [ada, ben];
  await playUntil(
    world,
    all,
    () => all.every(({ board }) => board.drops.length === 2),
    (person) => person.goOn([3, 4]),
  );
  ada.click(TAKE_BACK);
  await playUntil(world, all, () => ben.board.asking === 0);
  // Ben agrees, and Ada, who has not heard of it, thinks better of it.
  ben.click(TAKE_BACK);
  await world.run(60);
  ada.click(5);
  await playUntil(world, all, () => ada.board.drops.length === 3);
  await playUntil(world, all, () => all.every(({ board }) => board.drops.length === 1));
  await playUntil(world, all, () => ada.said.length + ben.said.length === 2);
  expect(ada.certain.get(3)).toBe(ben.certain.get(3));
  expect([ada.board.turn, columnsOf(ada)]).toEqual([3, [3]]);
});

test.each([
  ["nobody hears, and which was never certain", true],
  ["the others do not hear, who are heard,", false],
])(
  "[FA119] who is cut off, and given up by the others, comes back into their match: a drop that %s counts there, since it is held",
  async (_, isDeaf) => {
    const { world, ada, ben } = await openTable(60, fourInARow, [1]);
    await playUntil(world, [ada, ben], () => ben.board.frame >= 30);
    ben.page.silent = true;
    ada.page.silent = isDeaf;
    ben.click(3);
    await playUntil(world, [ada, ben], () => ada.said.length > 0);
    const drawnFrame = ben.board.drops[0]?.frame ?? -1;
    expect([drawnFrame > 0, ada.board.drops.length]).toEqual([true, 0]);
    // Confirmed with the inputs of both, of which Ada has only her own.
    expect(ben.certain.has(1)).toBe(!isDeaf);
    ben.certain.delete(1);
    ben.page.silent = false;
    ada.page.silent = false;
    await playUntil(world, [ada, ben], () => ben.match.role === "returning");
    await playUntil(world, [ada, ben], () => ada.board.drops.length === 1 && ben.certain.has(1));
    expect(ben.certain.get(1)).toBe(JSON.stringify(ada.board.drops));
    expect(ada.board.drops[0]?.frame).toBeGreaterThan(drawnFrame + 60);
    expect(ada.said).toEqual(["Ben is away: the clock runs.", "Ben is back."]);
  },
);

test("[FA119] a clock that seems to have run out is drawn and taken back when the last move was in time; who says who won, and which drops are certain, never has to", async () => {
  const { world, ada, ben } = await openTable(400, fourInARow, [1]);
  const recorder = new MatchRecorder(ada.match.recordable);
  for (let second = 0; second < 30; second++) {
    await world.run(1_000);
    recorder.pull();
  }
  await playUntil(
    world,
    [ada, ben],
    () => ada.board.drops.length === 1,
    ({ match, board, click }) => {
      recorder.pull();
      const isLast = board.frame + match.stats().inputDelayFrames >= board.turnFrame + TURN_FRAMES - 3;
      if (match === ben.match && isLast && board.drops.length === 0) click(3);
    },
  );
  expect(ada.winners).toEqual([null, 0, null]);
  expect(ada.match.stats().rollbacks).toBeGreaterThan(0);
  await playUntil(
    world,
    [ada, ben],
    () => isOver(ada) && isOver(ben),
    () => recorder.pull(),
  );
  // Ada thought for too long.
  const result = await ada.match.ended;
  expect(result).toEqual({ winner: 1 });
  expect([ada.said, ben.said]).toEqual([["Ben wins."], ["Ben wins."]]);
  // Two minutes of thinking.
  await world.run(1_000);
  const file = encodeReplay(recorder.finish(result));
  expect(file.length).toBeLessThan(400);
  expect(recorder.frameCount).toBeGreaterThan(2 * TURN_FRAMES - 10);
  expect(verifyReplay(fourInARow, file)).toMatchObject({ ok: true, result });
});

test("[FA119] a pause moves no clock of the game, and what is certain is told right after it", async () => {
  const { world, ada, ben } = await openTable(150);
  await playUntil(world, [ada, ben], () => ada.board.frame >= 60);
  ada.match.pause();
  await playUntil(world, [ada, ben], () => ada.match.paused && ben.match.paused);
  await world.run(1_000);
  const { frame } = ada.board;
  await world.run(60_000);
  expect([ada.board.frame, ada.match.view().frame > TURN_FRAMES]).toEqual([frame, true]);
  ben.match.resume();
  const goOn = (person: Person): void => person.goOn([3, 0, 3, 1, 3, 2, 3]);
  await playUntil(world, [ada, ben], () => isOver(ada) && isOver(ben), goOn);
  expect(columnsOf(ada)).toHaveLength(7);
  expect([...ada.certain]).toEqual(expect.arrayContaining([...ben.certain].slice(-1)));
});

test("[FA120] who is gone for good, and comes back by the code, takes the seat again; who does not loses by the clock", async () => {
  const { world, host, guest, ada, ben } = await openTable(60, fourInARow, [1]);
  await world.until(guest.leave());
  await world.run(20_000);
  expect(ada.said).toEqual(["Ben is away: the clock runs."]);
  const page = world.page();
  const lobby = await world.until(joinLobby(page.environment, host.code, { game: fourInARow, name: "Ben" }));
  await world.runUntil(() => lobby.state.match !== undefined && lobby.peers.every(({ status }) => status === "open"));
  const match = lobby.watch();
  match.takeSeats([1]);
  const again = new Person(page, match);
  await playUntil(
    world,
    [ada, again],
    () => ada.board.drops.length === 2,
    (person) => person.goOn([3, 4]),
  );
  expect(ben.match.phase).toBe("closed");
  expect(again.match.localPlayers).toEqual([1]);
  await world.until(lobby.leave());
  await world.runUntil(() => isOver(ada));
  expect(await ada.match.ended).toEqual({ winner: 0 });
});

test("[FA120] a game that was kept goes on where it was; what is no move in it is left out", async () => {
  const { world, ada, ben } = await openTable(60, fourInARow, [1, 3, 0, 9, 3, 0.5, 0, 3, -1, 0]);
  await playUntil(
    world,
    [ada, ben],
    () => isOver(ada),
    (person) => person.goOn([3, 0, 3, 0, 3, 0, 3]),
  );
  expect(await ada.match.ended).toEqual({ winner: 1 });
});

test("[FA121] an input that is asked for while the match waits for somebody is asked for again: what was given once is lost, what is held counts", async () => {
  const { world, ada, ben } = await openTable(60, fourInARow, [1]);
  await world.run(1_000);
  const move = { turn: 1, choice: 3 };
  let timesAsked = 0;
  for (const isHeld of [false, true]) {
    const stalledBefore = ben.match.stats().stalledFrames;
    ada.page.silent = true;
    await world.run(600);
    timesAsked = 0;
    ben.match.run({ input: () => (timesAsked++ === 0 || isHeld ? move : { turn: 0, choice: 0 }) });
    await world.run(200);
    ada.page.silent = false;
    await world.run(1_000);
    expect(ben.match.stats().stalledFrames).toBeGreaterThan(stalledBefore);
    expect([ada, ben].map(columnsOf)).toEqual(isHeld ? [[3], [3]] : [[], []]);
  }
  // More often than the 30 frames of the last second.
  expect(timesAsked).toBeGreaterThan(40);
});

test("[FA118] four in a row keeps every promise in bad weather", () => {
  let drops = 0;
  // Of 1,024 numbers hardly any would be the next turn's: here every second one is.
  const game: Four = {
    ...fourInARow,
    step: (board, inputs, context) => {
      const before = board.turn;
      void fourInARow.step(
        board,
        inputs.map(({ turn, choice }) => ({ turn: turn % 2 === 0 ? before + 1 : 0, choice })),
        context,
      );
      drops += board.turn - before;
    },
  };
  let rollbacks = 0;
  for (let seed = 1; seed <= 30; seed++) {
    const report = simulateMatch({ game, seed, players: 2, seconds: 12 });
    expect(report.failures, `seed ${seed}`).toEqual([]);
    rollbacks += report.figures.rollbacks;
  }
  expect(rollbacks).toBeGreaterThan(100);
  expect(drops).toBeGreaterThan(100);
});

/** What a frame rate costs while nobody does anything, and how soon a click counts, in a world of 60 ms from page to page. */
async function costsOf(frameRateHz: number): Promise<Record<string, number>> {
  const game: Four = { ...fourInARow, frameRateHz };
  const { world, host, ada, ben } = await openTable(60, game, [0]);
  // A minute at 30 Hz is half a minute at 60: nobody may lose in here.
  await world.run(15_000);
  const before = { ...ada.match.stats(), atMs: world.nowMs };
  await world.run(10_000);
  const after = ada.match.stats();
  const seconds = (world.nowMs - before.atMs) / 1_000;
  const datagrams = (after.datagramsSent - before.datagramsSent) / seconds;
  const bytes = (after.datagramBytesSent - before.datagramBytesSent) / seconds;

  let shownMs = 0;
  for (let drop = 0; drop < 20; drop++) {
    // Clicks come at any part of a frame.
    await world.run(200 + 35 * drop);
    const [mover, other] = drop % 2 === 0 ? [ada, ben] : [ben, ada];
    const clickedMs = world.nowMs;
    mover.click(drop % 7);
    await world.runUntil(() => other.board.drops.length === drop + 1);
    shownMs += (world.nowMs - clickedMs) / 20;
  }
  const reloadedMs = world.nowMs;
  const page = await ada.page.reload();
  const lobby = await world.until(resumeLobby(page.environment, { game, name: "Ada" }));
  if (lobby?.match === undefined) throw new Error("no match to come back to");
  const again = new Person(page, lobby.match);
  await world.runUntil(() => {
    again.click(TAKE_BACK);
    return ben.board.asking === 0;
  });
  expect([host.code, world.reported]).toEqual([lobby.code, []]);
  return { datagrams, bytes, shownMs, backMs: world.nowMs - reloadedMs };
}

test.each([60, 30, 10])("[FA117] the guide has what a game of %d frames a second costs", async (frameRateHz) => {
  const row = new RegExp(`^\\| ${frameRateHz} \\| (\\d+) \\| (\\d+) \\| (\\d+) ms \\| ([\\d.]+) s \\|$`, "m").exec(GUIDE);
  const [, datagrams, bytes, shownMs, backSeconds] = (row ?? []).map(Number);
  const costs = await costsOf(frameRateHz);
  const told = { datagrams, bytes, shownMs, backMs: (backSeconds ?? 0) * 1_000 };
  const wrong = Object.entries(told).filter(([name, value = 0]) => Math.abs(value / (costs[name] ?? 0) - 1) > 0.08);
  expect({ wrong, costs: wrong.length > 0 ? costs : {} }).toEqual({ wrong: [], costs: {} });
});
