import { assert } from "../base/assert.ts";
import type { MatchSetup } from "../game/game.ts";
import type { SessionPlayer } from "../ports/session.ts";
import type { SessionSnapshot, SettledSource } from "../rollback/settled-source.ts";
import type { TimelineEntry } from "../rollback/timeline.ts";
import { InputRuns } from "./input-runs.ts";
import { REPLAY_CHECKSUM_INTERVAL_FRAMES, REPLAY_INPUT_BYTES_MAX, type Replay, type ReplayChecksum, type ReplayGame } from "./replay.ts";

export interface MatchRecorderOptions {
  readonly source: SettledSource;
  readonly game: ReplayGame;
  readonly setup: MatchSetup;
  /** The seats as they were before frame 0. */
  readonly players: readonly SessionPlayer[];
  readonly inputBytes: number;
}

/**
 * Records a match as it settles. Call `pull` with every frame, or at least once a second; nothing is allocated unless inputs change. Where it cannot begin at frame 0, or missed
 * something, the replay begins with a state.
 */
export class MatchRecorder {
  readonly #options: MatchRecorderOptions;
  readonly #columns: readonly InputRuns[];
  readonly #row: Uint8Array;
  readonly #checksums: ReplayChecksum[] = [];
  #start: SessionSnapshot | undefined;
  #nextFrame = 0;
  #isOpen = true;

  constructor(options: MatchRecorderOptions) {
    const { players, inputBytes } = options;
    assert(Array.isArray(players), "`match.recordable`, and not the match");
    this.#options = options;
    this.#columns = players.map(() => new InputRuns(inputBytes));
    this.#row = new Uint8Array(players.length * inputBytes);
  }

  /** Frames that are recorded. */
  get frameCount(): number {
    return this.#nextFrame - this.#firstFrame;
  }

  /** Takes what has settled since the last call. */
  pull(): void {
    const { source, inputBytes } = this.#options;
    if (this.#nextFrame < source.oldestFrame) this.#beginWithState();
    for (const newest = source.settledFrame; this.#nextFrame <= newest && this.#isOpen; this.#nextFrame++) {
      // Longer matches are cut off: nobody could read them.
      if ((this.frameCount + 1) * this.#row.length > REPLAY_INPUT_BYTES_MAX) this.#isOpen = false;
      if (!this.#isOpen) return;
      source.copyRow(this.#nextFrame, this.#row);
      for (let player = 0; player < this.#columns.length; player++) this.#columns[player]?.append(this.#row, player * inputBytes);
      if (this.#nextFrame > 0 && this.#nextFrame % REPLAY_CHECKSUM_INTERVAL_FRAMES === 0) this.#note(this.#nextFrame);
    }
  }

  /** The match so far. `result`: of the game, where it ended. Recording may go on. */
  finish(result?: unknown): Replay {
    this.pull();
    const { game, setup, players, inputBytes } = this.#options;
    const { frameCount } = this;
    const rows = new Uint8Array(frameCount * this.#row.length);
    for (const [player, column] of this.#columns.entries()) column.unfold(rows, player * inputBytes, this.#row.length);
    const lastFrame = this.#nextFrame - 1;
    if (frameCount > 0 && this.#checksums.at(-1)?.frame !== lastFrame) this.#note(lastFrame);
    return {
      game,
      setup,
      players,
      start: this.#start,
      inputs: { playerCount: players.length, inputBytes, frameCount, rows },
      timeline: this.#timeline().filter(({ frame }) => frame <= lastFrame),
      checksums: this.#checksums.slice(),
      result,
    };
  }

  get #firstFrame(): number {
    return this.#start?.frame ?? 0;
  }

  /** What took effect before the first frame was told by the state that it begins with. */
  #timeline(): readonly TimelineEntry[] {
    const earlier = this.#start?.timeline.filter(({ frame }) => frame < this.#firstFrame) ?? [];
    return [...earlier, ...this.#options.source.entriesFrom(this.#firstFrame)];
  }

  /** What was recorded so far does not connect to what is there: begins again. */
  #beginWithState(): void {
    const start = this.#options.source.takeSnapshot();
    if (start === undefined || start.frame < this.#options.source.oldestFrame) return;
    this.#start = start;
    this.#nextFrame = start.frame;
    this.#checksums.length = 0;
    for (const column of this.#columns) column.clear();
  }

  #note(frame: number): void {
    const checksum = this.#options.source.checksum(frame);
    if (checksum !== undefined) this.#checksums.push({ frame, checksum });
  }
}
