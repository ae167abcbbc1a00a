import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import { INPUT_BYTES_MAX, INPUT_DELAY_MAX } from "../wire/limits.ts";
import type { StreamEntry } from "../wire/stream-entry-codec.ts";
import type { InputEntries } from "./input-entries.ts";
import type { InputTable } from "./input-table.ts";

/** A shorter delay waits so long for a sample that can be left out unnoticed: at half, a fast player's presses are lost; at double, the change is late. */
const FALL_PATIENCE_FRAMES = 60;

export interface LocalInputsOptions {
  readonly inputs: InputTable;
  readonly entries: InputEntries;
  readonly slot: number;
  readonly players: readonly number[];
  readonly delayFrames: number;
  /** The first frame of the match that is played here. */
  readonly firstFrame: number;
}

/** Our own inputs on their way into the table: later by the input delay, which may change in the match, and with our entries attached. */
export class LocalInputs {
  readonly #inputs: InputTable;
  readonly #entries: InputEntries;
  readonly #slot: number;
  readonly #players: readonly number[];
  readonly #blank = new Uint8Array(INPUT_BYTES_MAX);
  readonly #waiting: StreamEntry[] = [];
  #delayFrames: number;
  #wantedFrames: number;
  #fallingFrames = 0;

  constructor(options: LocalInputsOptions) {
    this.#inputs = options.inputs;
    this.#entries = options.entries;
    this.#slot = options.slot;
    this.#players = options.players;
    this.#delayFrames = options.delayFrames;
    this.#wantedFrames = options.delayFrames;
    assertDelay(options.delayFrames);
    // Frames before the first sampled input can take effect are played, and sent, with nothing pressed.
    const sampledFrame = this.#players.length === 0 ? 0 : options.firstFrame + options.delayFrames;
    for (let frame = this.newestFrame + 1; frame < sampledFrame; frame++) this.#append(this.#blank, -1);
  }

  /** Frame of our newest input. */
  get newestFrame(): number {
    const [player] = this.#players;
    return player === undefined ? NULL_FRAME : this.#inputs.lastFrame(player);
  }

  /** Frames from a sample to the frame that uses it. */
  get delayFrames(): number {
    return this.#delayFrames;
  }

  /** Entries that wait for one of our inputs. */
  get waiting(): readonly StreamEntry[] {
    return this.#waiting;
  }

  setDelay(frames: number): void {
    assertDelay(frames);
    this.#wantedFrames = frames;
  }

  /** Attaches `entry` to one of our next inputs. */
  attach(entry: StreamEntry): void {
    this.#waiting.push(entry);
  }

  /**
   * Takes the inputs sampled while `frame` is about to be simulated. A longer delay repeats them in the frames between. A shorter one leaves out a sample that says the
   * same as the one before: a press is lost only when no two samples are alike for a second. Before our first frame, a joiner's samples are for nobody.
   * Returns the frame of the first input that was added, which may be past the newest.
   */
  take(frame: number, samples: Uint8Array): number {
    const first = this.newestFrame + 1;
    if (this.#players.length === 0) return first;
    if (this.#wantedFrames > this.#delayFrames) this.#change(this.#wantedFrames);
    else if (this.#wantedFrames < this.#delayFrames && this.#mayLeaveOut(samples)) this.#change(this.#delayFrames - 1);
    for (let next = first; next <= frame + this.#delayFrames; next++) this.#append(samples, 0);
    if (this.#waiting.length > 0 && this.newestFrame >= first) this.#attachWaiting(this.newestFrame);
    return first;
  }

  #change(frames: number): void {
    this.#delayFrames = frames;
    this.#fallingFrames = 0;
    if (frames === this.#wantedFrames) this.attach({ type: "input-delay", frames });
  }

  #mayLeaveOut(samples: Uint8Array): boolean {
    if (++this.#fallingFrames > FALL_PATIENCE_FRAMES) return true;
    const { inputBytes } = this.#inputs;
    return this.#players.every((player, place) => this.#inputs.equals(player, this.newestFrame, samples, place * inputBytes));
  }

  #attachWaiting(frame: number): void {
    for (let entry = this.#waiting[0]; entry !== undefined && this.#entries.fits(this.#slot, frame, entry); entry = this.#waiting[0]) {
      this.#entries.append(this.#slot, frame, entry);
      this.#waiting.shift();
    }
  }

  /** `offset`: −1 for the same bytes for all our players. */
  #append(source: Uint8Array, offset: number): void {
    const { inputBytes } = this.#inputs;
    for (let place = 0; place < this.#players.length; place++) {
      this.#inputs.append(this.#players[place] ?? 0, source, offset < 0 ? 0 : place * inputBytes);
    }
  }
}

function assertDelay(frames: number): void {
  assert(frames >>> 0 === frames && frames <= INPUT_DELAY_MAX, `an input delay of 0 to ${INPUT_DELAY_MAX}`);
}
