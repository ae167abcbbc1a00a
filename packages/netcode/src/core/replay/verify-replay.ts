import type { Game } from "../game/game.ts";
import type { InputSchema } from "../game/input-schema.ts";
import { GameSimulation } from "../game/game-simulation.ts";
import { SettledRunner } from "../rollback/settled-runner.ts";
import { decodeReplay, type ReplayRefusal } from "./replay-codec.ts";
import { findReplayMismatch, type ReplayMismatch } from "./replay-player.ts";
import { endFrameOf, firstFrameOf, type Replay } from "./replay.ts";

/** What playing a replay again showed. */
export type ReplayVerdict =
  | {
      readonly ok: true;
      readonly frameCount: number;
      /** After the last frame. */
      readonly checksum: number;
      /** Checksums of the replay that were held against the game. */
      readonly checksumCount: number;
      readonly result: unknown;
    }
  /** The bytes are no replay, or one of another game. */
  | { readonly ok: false; readonly reason: ReplayRefusal | ReplayMismatch }
  /** There is nothing in it to hold the game against, or only of frames that it does not have. */
  | { readonly ok: false; readonly reason: "unchecked" }
  /** The first frame that came out otherwise. */
  | {
      readonly ok: false;
      readonly reason: "checksum";
      readonly frame: number;
      /** The last frame before it that came out right; one less than the first where none did. */
      readonly goodFrame: number;
      readonly expected: number;
      readonly actual: number;
    };

/** Plays a replay again, without pictures, and holds every checksum against the game. Throws what the game's own code throws. */
export function verifyReplay<State, Schema extends InputSchema>(game: Game<State, Schema>, replay: Uint8Array | Replay): ReplayVerdict {
  if (!(replay instanceof Uint8Array)) return playAgain(game, replay);
  const decoded = decodeReplay(replay);
  return decoded.ok ? playAgain(game, decoded.replay) : decoded;
}

function playAgain<State, Schema extends InputSchema>(game: Game<State, Schema>, replay: Replay): ReplayVerdict {
  const mismatch = findReplayMismatch(game, replay);
  if (mismatch !== undefined) return { ok: false, reason: mismatch };
  const { start, checksums, inputs, timeline, players } = replay;
  if (checksums.length === 0) return { ok: false, reason: "unchecked" };
  const simulation = new GameSimulation(game, replay.setup);
  if (start !== undefined && !simulation.deserialize(start.bytes)) return { ok: false, reason: "bad-state" };
  const runner = new SettledRunner({ simulation, players });
  runner.begin(firstFrameOf(replay), start?.stepFrame ?? 0, timeline);
  const rowBytes = inputs.playerCount * inputs.inputBytes;
  let checked = 0;
  let goodFrame = runner.frame - 1;
  for (let offset = 0; runner.frame < endFrameOf(replay); offset += rowBytes) {
    const { frame } = runner;
    runner.step(inputs.rows.subarray(offset, offset + rowBytes), ignoreEvent);
    const expected = checksums[checked];
    if (expected?.frame !== frame) continue;
    const actual = simulation.checksum();
    if (actual !== expected.checksum) return { ok: false, reason: "checksum", frame, goodFrame, expected: expected.checksum, actual };
    goodFrame = frame;
    checked++;
  }
  if (checked < checksums.length) return { ok: false, reason: "unchecked" };
  return { ok: true, frameCount: inputs.frameCount, checksum: simulation.checksum(), checksumCount: checked, result: simulation.result() };
}

function ignoreEvent(): void {}
