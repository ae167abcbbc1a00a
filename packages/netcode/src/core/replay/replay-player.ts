import { assert } from "../base/assert.ts";
import type { Game } from "../game/game.ts";
import { GameSimulation } from "../game/game-simulation.ts";
import type { InputSchema } from "../game/input-schema.ts";
import type { EmitEvent } from "../ports/simulation.ts";
import { KeyFrames } from "../rollback/key-frames.ts";
import { SettledRunner } from "../rollback/settled-runner.ts";
import { endFrameOf, firstFrameOf, type Replay } from "./replay.ts";

/** Most states that are kept to go back to. */
const KEY_FRAMES_MAX = 512;
/** Frames between them: at half, a short match holds twice the states; at double, a step back costs twice the time. */
const KEY_FRAME_INTERVAL_FRAMES = 60;
/** Frames of one `advance`, at most: what a slow machine cannot show is left behind. */
const ADVANCE_FRAMES_MAX = 240;

/** Why a game cannot play a replay. */
export type ReplayMismatch =
  /** Of another game. */
  | "other-game"
  /** Of another version of the game, or of the library. */
  | "other-content"
  /** The state that it begins with is none of this game. */
  | "bad-state"
  /** Its players, or the size of their inputs, are not those of the game. */
  | "other-players";

/** Whether `game` is the one that `replay` was recorded with; `undefined` when it is. */
export function findReplayMismatch<State, Schema extends InputSchema>(
  game: Game<State, Schema>,
  replay: Replay,
): ReplayMismatch | undefined {
  const [fewest, most] = game.players;
  const { playerCount, inputBytes } = replay.inputs;
  if (replay.game.id !== game.id) return "other-game";
  if (replay.game.version !== game.version || replay.game.contentHash !== game.contentHash) return "other-content";
  return playerCount < fewest || playerCount > most || inputBytes !== game.inputBytes ? "other-players" : undefined;
}

/**
 * Plays a replay: forwards, backwards, slowly, from any frame. The states to go back to are made as it passes them.
 *
 * ```ts
 * const player = new ReplayPlayer(game, replay);
 * player.speed = 0.25;
 * player.advance(16.7); // with each picture: then draw `player.state`
 * ```
 */
export class ReplayPlayer<State, Schema extends InputSchema> {
  /** Frames per frame of real time: 1 as it was, 0.25 slow motion, −1 backwards, 0 still. */
  speed = 1;
  /** Hears what the game emits in frames that are played one after the other, forwards. */
  onEvent: EmitEvent | undefined;
  readonly #replay: Replay;
  readonly #simulation: GameSimulation<State, Schema>;
  readonly #runner: SettledRunner;
  readonly #keyFrames: KeyFrames;
  readonly #row: Uint8Array;
  readonly #emit: EmitEvent = (name, payload) => {
    if (!this.#isSeeking) this.onEvent?.(name, payload);
  };
  #isSeeking = false;
  /** The part of a frame that is owed. */
  #owedFrames = 0;

  /** Throws where `findReplayMismatch` finds something, and what the game's `init` throws. */
  constructor(game: Game<State, Schema>, replay: Replay) {
    const mismatch = findReplayMismatch(game, replay);
    assert(mismatch === undefined, `a replay of this game, not: ${mismatch}`);
    const { start, inputs, players, timeline } = replay;
    this.#replay = replay;
    this.#simulation = new GameSimulation(game, replay.setup);
    this.#row = new Uint8Array(inputs.playerCount * inputs.inputBytes);
    const isLoaded = start === undefined || this.#simulation.deserialize(start.bytes);
    assert(isLoaded, "a replay that begins with a state of this game");
    this.#runner = new SettledRunner({ simulation: this.#simulation, players });
    this.#runner.begin(start?.frame ?? 0, start?.stepFrame ?? 0, timeline);
    const spacing =
      KEY_FRAME_INTERVAL_FRAMES * Math.max(1, Math.ceil(inputs.frameCount / KEY_FRAME_INTERVAL_FRAMES / (KEY_FRAMES_MAX - 1)));
    this.#keyFrames = new KeyFrames(this.#simulation, Math.ceil(inputs.frameCount / spacing) + 2, spacing);
    this.#keyFrames.passing(this.#runner);
  }

  /** The state before `frame`. Only to be looked at. */
  get state(): State {
    return this.#simulation.state;
  }

  /** The frame that is played next. */
  get frame(): number {
    return this.#runner.frame;
  }

  get firstFrame(): number {
    return firstFrameOf(this.#replay);
  }

  /** The frame after the last one: `seek` goes up to here. */
  get endFrame(): number {
    return endFrameOf(this.#replay);
  }

  /** Who plays each seat in the last frame: the ids of a replay, `undefined` for a bot. */
  get holders(): SettledRunner["holders"] {
    return this.#runner.holders;
  }

  /** Of the state before `frame`. */
  checksum(): number {
    return this.#simulation.checksum();
  }

  result(): unknown {
    return this.#simulation.result();
  }

  /** Plays the next frame. False at the end. */
  next(): boolean {
    const { frame } = this.#runner;
    if (frame >= this.endFrame) return false;
    this.#keyFrames.passing(this.#runner);
    const start = (frame - this.firstFrame) * this.#row.length;
    for (let index = 0; index < this.#row.length; index++) this.#row[index] = this.#replay.inputs.rows[start + index] ?? 0;
    this.#runner.step(this.#row, this.#emit);
    return true;
  }

  /** Goes one frame back. False at the start. */
  previous(): boolean {
    if (this.frame <= this.firstFrame) return false;
    this.seek(this.frame - 1);
    return true;
  }

  /** Goes to `frame`, or to the start or the end where it lies beyond. */
  seek(frame: number): void {
    const target = Math.min(this.endFrame, Math.max(this.firstFrame, Math.floor(frame)));
    this.#isSeeking = true;
    if (target < this.frame || this.#keyFrames.hasBetween(this.frame, target)) this.#keyFrames.loadBefore(target, this.#runner);
    while (this.frame < target) this.next();
    this.#isSeeking = false;
  }

  /** Plays what `elapsedMs` of real time are worth at `speed`. Returns the frames by which it moved. */
  advance(elapsedMs: number): number {
    const before = this.frame;
    this.#owedFrames += (elapsedMs * this.speed * this.#replay.game.frameRateHz) / 1000;
    const whole = Math.trunc(this.#owedFrames);
    this.#owedFrames -= whole;
    const frames = Math.min(ADVANCE_FRAMES_MAX, Math.max(-ADVANCE_FRAMES_MAX, whole));
    if (frames < 0) this.seek(before + frames);
    else for (let left = frames; left > 0; left--) this.next();
    return this.frame - before;
  }
}
