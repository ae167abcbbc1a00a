import type { EmitEvent, Simulation } from "../src/core/ports/simulation.ts";

export interface TestSimulationOptions {
  readonly playerCount: number;
  readonly inputBytes?: number;
  /** The match is over once this frame was simulated. */
  readonly endFrame?: number;
  /** Bit of state that flips when this frame is simulated: a desync made to order. */
  readonly corruptFrame?: number;
  /** Default true. */
  readonly hashesSlots?: boolean;
}

/** A game of sums: every input, its frame, its player and who is a bot end up in the state, so that any difference shows in the checksum. */
export class TestSimulation implements Simulation {
  readonly frameRateHz = 60;
  readonly playerCount: number;
  readonly inputBytes: number;
  /** How often each frame was simulated. */
  readonly steps = new Map<number, number>();
  /** The inputs that each frame was simulated with last. */
  readonly inputs = new Map<number, readonly number[]>();
  saves = 0;
  /** Checksums that were asked for: of the live state, and of slots. */
  liveHashes = 0;
  slotHashes = 0;
  readonly hashesSlots: boolean;
  readonly #options: TestSimulationOptions;
  #state = 1;
  #frames = 0;
  #slots: { state: number; frames: number }[] = [];

  constructor(options: TestSimulationOptions) {
    this.#options = options;
    this.playerCount = options.playerCount;
    this.inputBytes = options.inputBytes ?? 1;
    this.hashesSlots = options.hashesSlots ?? true;
  }

  /** Frames simulated in all. */
  get stepCount(): number {
    return [...this.steps.values()].reduce((sum, count) => sum + count, 0);
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    if (frame !== this.#frames) throw new Error(`frame ${frame} simulated on the state of frame ${this.#frames}`);
    this.steps.set(frame, (this.steps.get(frame) ?? 0) + 1);
    this.inputs.set(frame, [...inputs]);
    for (const byte of inputs) this.#state = Math.imul(this.#state ^ byte, 0x01000193);
    for (const bot of bots) this.#state = Math.imul(this.#state ^ (bot + 7), 0x01000193);
    if (frame === this.#options.corruptFrame) this.#state ^= 1;
    this.#frames++;
    // A sound while a button is held, and two of one name in a frame.
    for (const byte of inputs) if ((byte & 1) !== 0) emit("press", byte);
    if (frame % 10 === 0) emit("beat", frame);
  }

  reserveSlots(slotCount: number): void {
    this.#slots = Array.from({ length: slotCount }, () => ({ state: 0, frames: 0 }));
  }

  save(slot: number): void {
    this.saves++;
    const saved = this.#slots[slot];
    if (saved === undefined) throw new Error(`no slot ${slot}`);
    saved.state = this.#state;
    saved.frames = this.#frames;
  }

  load(slot: number): void {
    const saved = this.#slots[slot];
    if (saved === undefined) throw new Error(`no slot ${slot}`);
    this.#state = saved.state;
    this.#frames = saved.frames;
  }

  checksum(): number {
    this.liveHashes++;
    return checksumOf(this.#state, this.#frames);
  }

  serialize(): Uint8Array {
    return new Uint8Array(Int32Array.of(this.#state, this.#frames).buffer);
  }

  deserialize(bytes: Uint8Array): boolean {
    if (bytes.length !== 8) return false;
    const [state = 0, frames = 0] = new Int32Array(bytes.slice().buffer);
    this.#state = state;
    this.#frames = frames;
    return true;
  }

  readonly partCount = 2;

  partName(part: number): string {
    return part === 0 ? "state" : "frames";
  }

  partChecksums(into: Uint32Array, offset: number): void {
    into[offset] = this.#state;
    into[offset + 1] = this.#frames;
  }

  hashSlot(slot: number, into: Uint32Array, offset: number): number {
    const { state, frames } = this.#slots[slot] ?? { state: 0, frames: 0 };
    into[offset] = state;
    into[offset + 1] = frames;
    this.slotHashes++;
    return checksumOf(state, frames);
  }

  inspectLive(): unknown {
    return { state: this.#state, frames: this.#frames };
  }

  result(): unknown {
    const { endFrame } = this.#options;
    return endFrame !== undefined && this.#frames > endFrame ? { state: this.#state, frames: this.#frames } : undefined;
  }
}

function checksumOf(state: number, frames: number): number {
  return (state ^ Math.imul(frames, 0x9e3779b1)) >>> 0;
}
