import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { Simulation } from "../ports/simulation.ts";
import { PREDICTION_WINDOW_MAX } from "../wire/limits.ts";
import { CHECKPOINT_SLOTS, Checkpoints } from "./checkpoints.ts";
import type { GameEventLog } from "./game-event-log.ts";
import { ALWAYS, HISTORY_FRAMES, type InputTable } from "./input-table.ts";
import type { PauseSchedule } from "./pause-schedule.ts";
import { SaveSlots } from "./save-slots.ts";

const NONE = 0x7fff_ffff;
const MASK = HISTORY_FRAMES - 1;

export interface FrameRunnerOptions {
  readonly simulation: Simulation;
  readonly inputs: InputTable;
  readonly pauses: PauseSchedule;
  readonly events: GameEventLog;
  readonly predictionWindowFrames: number;
  readonly saveEveryFrames: number;
  /** Begins in the middle of a match: the live state is that before `frame`, and the game's own next step is `stepFrame`. */
  readonly start?: { readonly frame: number; readonly stepFrame: number } | undefined;
}

/** A state of the match, as another peer can go on from it. */
export interface RunnerSnapshot {
  /** The state is that before this frame. */
  readonly frame: number;
  readonly stepFrame: number;
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

/**
 * Runs the simulation: forwards with real or predicted inputs, and back to the earliest frame that was simulated with a wrong one.
 *
 *   confirmed ≤ wrong − 1,  live ≤ frame
 *
 * `frame` is the next to be simulated for the first time; `live` the one that the live state stands before, which is behind while a
 * repair is spread over several calls. Frames in which the match is paused are frames like others, but for the step of the game: its own count
 * of frames (`stepFrame`) leaves them out.
 */
export class FrameRunner {
  readonly #simulation: Simulation;
  readonly #inputs: InputTable;
  readonly #pauses: PauseSchedule;
  readonly #events: GameEventLog;
  readonly #saves: SaveSlots;
  readonly #checkpoints: Checkpoints;
  #windowFrames: number;
  #limitFrame: number = ALWAYS;
  readonly #inputBytes: number;
  /** By frame: the inputs that it was last simulated with, the players that were bots, as bits, and whether it was paused. */
  readonly #usedRows: readonly Uint8Array[];
  readonly #botBits = new Uint8Array(HISTORY_FRAMES);
  readonly #paused = new Uint8Array(HISTORY_FRAMES);
  /** The game's own number of the step that frame is, or would be. */
  readonly #stepFrames = new Int32Array(HISTORY_FRAMES);
  readonly #checksums = new Uint32Array(HISTORY_FRAMES);
  /** 1 where the checksum is that of the last time the frame was simulated: it is made when it is certain that it counts, or can be had no later. */
  readonly #hashed = new Uint8Array(HISTORY_FRAMES);
  readonly #parts: Uint32Array;
  readonly #final = new Uint8Array(HISTORY_FRAMES);
  readonly #bots: Uint8Array;
  /** The oldest frame that has a row, and the first that was simulated here. */
  #oldestRow: number;
  readonly #firstFrame: number;
  #frame: number;
  #liveFrame: number;
  #wrongFrame = NONE;
  #confirmedFrame: number;
  #endFrame = NONE;
  #keepsCheckpoints = false;
  /** While a repair of confirmed frames has not come here again, what is recorded of later ones is of the wrong state. */
  #repairFrame: number = NULL_FRAME;
  #rollbacks = 0;
  #resimulatedFrames = 0;

  constructor(options: FrameRunnerOptions) {
    const { simulation, inputs, start = { frame: 0, stepFrame: 0 } } = options;
    this.#simulation = simulation;
    this.#inputs = inputs;
    this.#pauses = options.pauses;
    this.#events = options.events;
    this.#windowFrames = options.predictionWindowFrames;
    // One slot more holds the live state while another is looked at, and behind it are the checkpoints.
    this.#saves = new SaveSlots(simulation, PREDICTION_WINDOW_MAX, options.saveEveryFrames, 1 + CHECKPOINT_SLOTS);
    const scratchSlot = this.#saves.slotCount;
    this.#checkpoints = new Checkpoints(simulation, { firstSlot: scratchSlot + 1, scratchSlot });
    this.#inputBytes = inputs.inputBytes;
    this.#usedRows = Array.from({ length: HISTORY_FRAMES }, () => new Uint8Array(inputs.playerCount * inputs.inputBytes));
    this.#bots = new Uint8Array(inputs.playerCount);
    this.#parts = new Uint32Array(simulation.partCount > 1 ? HISTORY_FRAMES * simulation.partCount : 0);
    this.#firstFrame = start.frame;
    this.#oldestRow = start.frame;
    this.#frame = start.frame;
    this.#liveFrame = start.frame;
    this.#confirmedFrame = start.frame - 1;
    this.#stepFrames[start.frame & MASK] = start.stepFrame;
    this.#checksums[(start.frame - 1) & MASK] = simulation.checksum();
    this.#hashed[(start.frame - 1) & MASK] = 1;
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
    const isLimited = this.#limitFrame !== ALWAYS;
    const certainFrame = Math.min(this.#limitFrame, this.#inputs.remoteCompleteFrame());
    return this.#frame <= certainFrame + (isLimited ? PREDICTION_WINDOW_MAX : this.#windowFrames);
  }

  /**
   * Confirms nothing past `frame`, though all inputs be here: what the others agreed without us may still change it. Never falls; `ALWAYS` lifts it.
   */
  setLimit(frame: number): void {
    this.#limitFrame = frame;
  }

  /** Most frames simulated with predicted inputs, from now on. What is predicted already stays. */
  setWindow(frames: number): void {
    this.#windowFrames = frames;
  }

  /** Predicted frames between two saves, from now on. */
  setSaveSpacing(frames: number): void {
    this.#saves.setSpacing(frames);
  }

  /** A real input arrived: remembers whether `frame` was simulated with another one. While paused, inputs have no effect. */
  inputArrived(player: number, frame: number): void {
    if (frame >= this.#liveFrame || frame >= this.#wrongFrame || this.#paused[frame & MASK] !== 0) return;
    const used = this.#usedRows[frame & MASK];
    if (used !== undefined && !this.#inputs.equals(player, frame, used, player * this.#inputBytes)) this.#wrongFrame = frame;
  }

  /** From `frame` on seats are played by others, or the match is paused or not: what was simulated of that is wrong, whatever the inputs. */
  rulesChanged(frame: number): void {
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

  /** Confirms the next frame if that can be. Call again until it returns false: one may change what the next needs. */
  confirmNext(): boolean {
    const next = this.#confirmedFrame + 1;
    if (this.#endFrame !== NONE || next >= this.#liveFrame || next >= this.#wrongFrame || !this.#isComplete(next)) return false;
    this.#confirmedFrame = next;
    if (this.#hashed[next & MASK] === 0) this.#hashAfter(next);
    this.#events.confirm(next);
    // Predicted inputs of paused frames are never corrected: they did no harm.
    if (this.#paused[next & MASK] !== 0) this.#fillRow(next);
    if (this.#final[next & MASK] !== 0) this.#rewindTo(next);
    return true;
  }

  /** The game's result in the live state. */
  result(): unknown {
    return this.#simulation.result();
  }

  checksum(frame: number): number | undefined {
    // What the session began with counts as confirmed too.
    const isBase = frame === this.#firstFrame - 1 && frame >= 0 && frame > this.#frame - HISTORY_FRAMES;
    return isBase || this.#isRecorded(frame) ? this.#checksums[frame & MASK] : undefined;
  }

  /** Writes the hashes of the parts of the state after confirmed frame `frame` to `into[offset …)`. False when they are not there. */
  partChecksums(frame: number, into: Uint32Array, offset: number): boolean {
    const { partCount } = this.#simulation;
    if (!this.#isRecorded(frame) || this.#parts.length === 0) return false;
    const start = (frame & MASK) * partCount;
    for (let part = 0; part < partCount; part++) into[offset + part] = this.#parts[start + part] ?? 0;
    return true;
  }

  /** The oldest frame that `row` answers for. */
  get oldestRow(): number {
    return Math.max(this.#oldestRow, this.#frame - HISTORY_FRAMES);
  }

  /** The inputs that `frame` was simulated with, all players. Valid until it is simulated again. */
  row(frame: number): Uint8Array | undefined {
    return frame >= this.oldestRow && frame < this.#frame ? this.#usedRows[frame & MASK] : undefined;
  }

  /** The players that were bots in `frame`, as bits; for frames that `row` answers for. */
  botBits(frame: number): number {
    return this.#botBits[frame & MASK] ?? 0;
  }

  /** Gives the inputs of a frame before the first, by falling frame, once the input table has them. */
  backfill(frame: number): void {
    this.#oldestRow = frame;
    this.#fillRow(frame);
  }

  /**
   * The newest state whose frame before is confirmed; `undefined` while a repair of confirmed frames is under way. `serialize`s: not for every frame.
   */
  takeSnapshot(): RunnerSnapshot | undefined {
    const next = this.#confirmedFrame + 1;
    if (this.#liveFrame < next) return undefined;
    const simulation = this.#simulation;
    if (this.#liveFrame === next) return this.#snapshotOf(next);
    const frame = this.#saves.newestBefore(next);
    if (frame === NULL_FRAME) return undefined;
    const scratch = this.#saves.slotCount;
    simulation.save(scratch);
    this.#saves.peek(frame);
    const snapshot = this.#snapshotOf(frame);
    simulation.load(scratch);
    return snapshot;
  }

  /**
   * Takes over the state before `frame` that another peer sent, if it is one of this game and has that checksum; all frames from there on are simulated
   * again, confirmed ones with what they were confirmed with. `frame − 1` is confirmed here, and at most 200 frames back.
   */
  loadSnapshot(frame: number, bytes: Uint8Array, checksum: number): boolean {
    const isHeld = frame > this.#firstFrame && frame > this.#frame - HISTORY_FRAMES && frame <= this.#liveFrame;
    if (!isHeld || frame > this.#confirmedFrame + 1) return false;
    const simulation = this.#simulation;
    const scratch = this.#saves.slotCount;
    simulation.save(scratch);
    if (!simulation.deserialize(bytes)) return false;
    if (simulation.checksum() !== checksum) {
      simulation.load(scratch);
      return false;
    }
    this.#saves.clear();
    this.#checkpoints.clear();
    this.#liveFrame = frame;
    this.#wrongFrame = NONE;
    this.#repairFrame = this.#confirmedFrame;
    this.#checksums[(frame - 1) & MASK] = checksum;
    this.#hashed[(frame - 1) & MASK] = 1;
    return true;
  }

  /** From now on there are others to compare states with. */
  keepCheckpoints(): void {
    this.#keepsCheckpoints = true;
  }

  /** The newest frame up to `frame` whose state is kept as a checkpoint; `NULL_FRAME` when none is. */
  newestCheckpoint(frame: number): number {
    return this.#checkpoints.newestUpTo(Math.min(frame, this.#confirmedFrame));
  }

  /** The state after a confirmed frame that is kept as a checkpoint; `undefined` for others, and while confirmed frames are simulated again. */
  serializeAfter(frame: number): Uint8Array | undefined {
    return this.#isRecorded(frame) ? this.#checkpoints.serialize(frame) : undefined;
  }

  /** The game's own number of the step that `frame` is, or would be were the match not paused; for frames that `row` answers for, and the next. */
  stepFrame(frame: number): number {
    return this.#stepFrames[frame & MASK] ?? 0;
  }

  #snapshotOf(frame: number): RunnerSnapshot {
    const simulation = this.#simulation;
    return { frame, stepFrame: this.#stepFrames[frame & MASK] ?? 0, bytes: simulation.serialize(), checksum: simulation.checksum() };
  }

  #isComplete(frame: number): boolean {
    return frame <= this.#limitFrame && frame <= this.#inputs.completeFrame();
  }

  /** True for confirmed frames that were simulated here, and whose figures are not overwritten. */
  #isRecorded(frame: number): boolean {
    const isHere = frame >= this.#firstFrame && frame > this.#frame - HISTORY_FRAMES;
    return isHere && frame <= this.#confirmedFrame && (frame < this.#liveFrame || frame > this.#repairFrame);
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
    const slot = frame & MASK;
    const row = this.#usedRows[slot];
    assert(row !== undefined, "a row in every slot");
    if (this.#keepsCheckpoints) this.#checkpoints.passing(frame - 1);
    const isComplete = this.#isComplete(frame);
    const isConfirmed = frame <= this.#confirmedFrame;
    if (!isConfirmed && !isComplete) this.#saves.saveBefore(frame);
    if (this.#hashed[(frame - 1) & MASK] === 0 && !this.#isSavedBefore(frame)) this.#hashLive(frame - 1);
    // What is confirmed runs again only to repair the state: with the same inputs, whatever was forgotten since of how they came about.
    if (!isConfirmed) {
      this.#fillRow(frame);
      this.#paused[slot] = this.#pauses.isPaused(frame) ? 1 : 0;
    }
    this.#events.begin(frame, isComplete);
    const isPaused = this.#paused[slot] !== 0;
    const stepFrame = this.#stepFrames[slot] ?? 0;
    if (isPaused) this.#final[slot] = 0;
    else this.#simulate(slot, stepFrame, row);
    this.#stepFrames[(frame + 1) & MASK] = isPaused ? stepFrame : stepFrame + 1;
    this.#liveFrame = frame + 1;
    // Confirmed frames that run again are hashed at once: what others ask about them is what is here now.
    this.#hashed[slot] = 0;
    if (isConfirmed) this.#hashLive(frame);
    if (frame === this.#repairFrame) this.#repairFrame = NULL_FRAME;
  }

  #simulate(slot: number, stepFrame: number, row: Uint8Array): void {
    const simulation = this.#simulation;
    const bots = this.#botBits[slot] ?? 0;
    for (let player = 0; player < this.#bots.length; player++) this.#bots[player] = (bots >>> player) & 1;
    simulation.step(stepFrame, row, this.#bots, this.#events.emit);
    this.#final[slot] = simulation.result() === undefined ? 0 : 1;
  }

  #isSavedBefore(frame: number): boolean {
    return this.#simulation.hashesSlots && this.#saves.slotBefore(frame) >= 0;
  }

  /** The live state is that after `frame`. */
  #hashLive(frame: number): void {
    const slot = frame & MASK;
    if (this.#parts.length > 0) this.#simulation.partChecksums(this.#parts, slot * this.#simulation.partCount);
    this.#checksums[slot] = this.#simulation.checksum();
    this.#hashed[slot] = 1;
  }

  /** The state after `frame` is the live one, or was saved. */
  #hashAfter(frame: number): void {
    if (frame + 1 === this.#liveFrame) return this.#hashLive(frame);
    const saved = this.#saves.slotBefore(frame + 1);
    assert(saved >= 0, "a save of each state that was left before it was hashed");
    const slot = frame & MASK;
    this.#checksums[slot] = this.#simulation.hashSlot(saved, this.#parts, slot * this.#simulation.partCount);
    this.#hashed[slot] = 1;
  }

  /** Notes what is known of the inputs of `frame`, and who is a bot. */
  #fillRow(frame: number): void {
    const inputs = this.#inputs;
    const row = this.#usedRows[frame & MASK];
    assert(row !== undefined, "a row in every slot");
    let bots = 0;
    for (let player = 0; player < inputs.playerCount; player++) {
      inputs.predict(player, frame, row, player * this.#inputBytes);
      if (inputs.isBot(player, frame)) bots |= 1 << player;
    }
    this.#botBits[frame & MASK] = bots;
  }
}
