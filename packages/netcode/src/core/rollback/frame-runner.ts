import { NULL_FRAME } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";
import type { GameEventLog } from "./game-event-log.ts";
import { HISTORY_FRAMES, type InputTable } from "./input-table.ts";
import { SaveSlots } from "./save-slots.ts";

const NONE = 0x7fff_ffff;
const MASK = HISTORY_FRAMES - 1;

export interface FrameRunnerOptions {
  readonly simulation: Simulation;
  readonly inputs: InputTable;
  readonly events: GameEventLog;
  readonly predictionWindowFrames: number;
  readonly saveEveryFrames: number;
}

/**
 * Runs the simulation: forwards with real or predicted inputs, and back to the earliest frame that was simulated with a wrong one.
 *
 *   confirmed ≤ wrong − 1,  live ≤ frame
 *
 * `frame` is the next to be simulated for the first time; `live` the one that the live state stands before, which is behind while a
 * repair is spread over several calls.
 */
export class FrameRunner {
  readonly #simulation: Simulation;
  readonly #inputs: InputTable;
  readonly #events: GameEventLog;
  readonly #saves: SaveSlots;
  readonly #windowFrames: number;
  readonly #inputBytes: number;
  /** The inputs that each frame was last simulated with, and which seats were bots'. */
  readonly #usedRows: readonly Uint8Array[];
  readonly #bots: Uint8Array;
  readonly #checksums = new Uint32Array(HISTORY_FRAMES);
  readonly #final = new Uint8Array(HISTORY_FRAMES);
  #frame = 0;
  #liveFrame = 0;
  #wrongFrame = NONE;
  #confirmedFrame = NULL_FRAME;
  #endFrame = NONE;
  #rollbacks = 0;
  #resimulatedFrames = 0;

  constructor(options: FrameRunnerOptions) {
    const { simulation, inputs } = options;
    this.#simulation = simulation;
    this.#inputs = inputs;
    this.#events = options.events;
    this.#windowFrames = options.predictionWindowFrames;
    this.#saves = new SaveSlots(simulation, options.predictionWindowFrames, options.saveEveryFrames);
    this.#inputBytes = inputs.inputBytes;
    this.#usedRows = Array.from({ length: HISTORY_FRAMES }, () => new Uint8Array(inputs.playerCount * inputs.inputBytes));
    this.#bots = new Uint8Array(inputs.playerCount);
  }

  /** The next frame to simulate for the first time. */
  get frame(): number {
    return this.#frame;
  }

  /** The last frame that was simulated with every player's real input. Never goes back. */
  get confirmedFrame(): number {
    return this.#confirmedFrame;
  }

  get rollbacks(): number {
    return this.#rollbacks;
  }

  get resimulatedFrames(): number {
    return this.#resimulatedFrames;
  }

  /** The confirmed frame after which the game had a result; `undefined` while it has none. */
  get endFrame(): number | undefined {
    return this.#endFrame === NONE ? undefined : this.#endFrame;
  }

  /** True when the window allows to simulate the next frame. */
  get canAdvance(): boolean {
    return this.#frame <= this.#inputs.remoteCompleteFrame() + this.#windowFrames;
  }

  /** A real input arrived: remembers whether `frame` was simulated with another one. */
  inputArrived(player: number, frame: number): void {
    if (frame >= this.#liveFrame || frame >= this.#wrongFrame) return;
    const used = this.#usedRows[frame & MASK];
    if (used !== undefined && !this.#inputs.equals(player, frame, used, player * this.#inputBytes)) this.#wrongFrame = frame;
  }

  /** From `frame` on the seats are played by others: what was simulated of that is wrong, whatever the inputs. */
  seatsChanged(frame: number): void {
    if (frame < this.#liveFrame) this.#wrongFrame = Math.min(this.#wrongFrame, frame);
  }

  /** Resimulates what is wrong, at most `budgetFrames` frames. True when the live state is that before `frame`. */
  repair(budgetFrames: number): boolean {
    if (this.#wrongFrame !== NONE) {
      this.#rollbacks++;
      this.#liveFrame = this.#saves.loadBefore(this.#wrongFrame);
      this.#wrongFrame = NONE;
    }
    for (let left = budgetFrames; left > 0 && this.#liveFrame < this.#frame; left--) {
      this.#resimulatedFrames++;
      this.#step();
    }
    return this.#liveFrame === this.#frame;
  }

  /** Simulates `frame`. Only after `repair` returned true. */
  advance(): void {
    this.#frame++;
    this.#step();
  }

  /** Confirms what can be. True when that reached the end of the match. */
  confirm(): boolean {
    const target = Math.min(this.#inputs.completeFrame(), this.#liveFrame - 1, this.#wrongFrame - 1);
    while (this.#confirmedFrame < target && this.#endFrame === NONE) {
      this.#confirmedFrame++;
      this.#events.confirm(this.#confirmedFrame);
      if (this.#final[this.#confirmedFrame & MASK] !== 0) {
        this.#rewindTo(this.#confirmedFrame);
        return true;
      }
    }
    return false;
  }

  /** The game's result in the live state. */
  result(): unknown {
    return this.#simulation.result();
  }

  checksum(frame: number): number | undefined {
    if (frame < 0 || frame > this.#confirmedFrame || frame <= this.#frame - HISTORY_FRAMES) return undefined;
    return this.#checksums[frame & MASK];
  }

  /** The match is over after `frame`: what was predicted past it never happened. */
  #rewindTo(frame: number): void {
    this.#endFrame = frame;
    this.#events.cancelAfter(frame);
    if (this.#liveFrame > frame + 1) {
      // A save is there: had `frame` never been predicted, it would have been confirmed before the next one ran.
      this.#liveFrame = this.#saves.loadBefore(frame + 1);
      while (this.#liveFrame <= frame) this.#step();
    }
    this.#frame = frame + 1;
    this.#wrongFrame = NONE;
  }

  #step(): void {
    const frame = this.#liveFrame;
    const inputs = this.#inputs;
    if (frame > inputs.completeFrame()) this.#saves.saveBefore(frame);
    const row = this.#usedRows[frame & MASK];
    if (row === undefined) return;
    for (let player = 0; player < inputs.playerCount; player++) {
      inputs.predict(player, frame, row, player * this.#inputBytes);
      this.#bots[player] = inputs.isBot(player, frame) ? 1 : 0;
    }
    this.#events.begin(frame, frame <= inputs.completeFrame());
    this.#simulation.step(frame, row, this.#bots, this.#events.emit);
    this.#checksums[frame & MASK] = this.#simulation.checksum();
    this.#final[frame & MASK] = this.#simulation.result() === undefined ? 0 : 1;
    this.#liveFrame = frame + 1;
  }
}
