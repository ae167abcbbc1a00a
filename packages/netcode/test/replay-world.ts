import type { InputSchema } from "../src/core/game/input-schema.ts";
import type { Game, MatchSetup } from "../src/core/game/game.ts";
import { GameSimulation } from "../src/core/game/game-simulation.ts";
import type { SessionPlayer } from "../src/core/ports/session.ts";
import { MatchRecorder, type Replay, type ReplayGame } from "../src/core/replay/index.ts";
import { RollbackSession } from "../src/core/rollback/rollback-session.ts";
import type { SettledSource } from "../src/core/rollback/settled-source.ts";
import { testPeerId } from "./test-match.ts";

export function setupFor(playerCount: number, seed = 5, settings: MatchSetup["settings"] = null, bots: readonly number[] = []): MatchSetup {
  const players = Array.from({ length: playerCount }, (_, index) => ({
    profile: { name: `Player ${index + 1}`, colour: index, choices: null },
    bot: bots.includes(index),
  }));
  return { seed, players, settings };
}

export function identityOf<State, Schema extends InputSchema>(game: Game<State, Schema>): ReplayGame {
  const { id, version, contentHash, frameRateHz } = game;
  return { id, version, contentHash, frameRateHz };
}

export function recorderOf<State, Schema extends InputSchema>(
  game: Game<State, Schema>,
  setup: MatchSetup,
  players: readonly SessionPlayer[],
  source: SettledSource,
): MatchRecorder {
  return new MatchRecorder({ source, game: identityOf(game), setup, players, inputBytes: game.inputBytes });
}

/** Plays and records a match on one machine, `input` giving packed inputs. */
export function recordLocally<State, Schema extends InputSchema>(
  game: Game<State, Schema>,
  setup: MatchSetup,
  frames: number,
  input: (player: number, frame: number) => readonly number[],
): { replay: Replay; checksum: number | undefined; result: unknown } {
  const localPeerId = testPeerId("local");
  const simulation = new GameSimulation(game, setup);
  const players = setup.players.map(({ bot }) => ({ peerId: bot ? undefined : localPeerId }));
  const session = new RollbackSession(0, { localPeerId, players, hostId: localPeerId, matchEpoch: 1, simulation, inputDelayFrames: 0 });
  const recorder = recorderOf(game, setup, players, session);
  const locals = [...players.keys()].filter((player) => players[player]?.peerId !== undefined);
  let result: unknown;
  for (let frame = 0; frame < frames; frame++) {
    session.advanceFrame(frame * 16, Uint8Array.from(locals.flatMap((player) => input(player, frame))), Number.POSITIVE_INFINITY);
    recorder.pull();
    for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent())
      if (event.type === "ended") result = event.result;
  }
  return { replay: recorder.finish(result), checksum: session.checksum(session.confirmedFrame), result };
}
