import { checksumWords } from "../core/base/checksum.ts";
import { Random } from "../core/base/random.ts";
import type { EmitEvent, Simulation } from "../core/ports/simulation.ts";

const MIX_WORDS = 8;
/** Words after the mix: steps so far, and 1 + the winner once the match is over. */
const STEPS = MIX_WORDS;
const WINNER = MIX_WORDS + 1;

export interface ScrambleOptions {
  readonly seed: number;
  readonly playerCount: number;
  /** From this step on each step may be the last; `undefined`: the match never ends. */
  readonly endAfterFrames: number | undefined;
}

/**
 * A game made to show mistakes: one wrong bit of one input, one wrong bot, one step too many or in another order changes every
 * word of the state for ever. Its events and its end depend on the state too, so predictions of them go wrong.
 */
export class ScrambleSimulation implements Simulation {
  readonly frameRateHz = 60;
  readonly inputBytes = 2;
  readonly playerCount: number;
  readonly #words = new Uint32Array(MIX_WORDS + 2);
  readonly #endAfterFrames: number;
  #slots: readonly Uint32Array[] = [];

  constructor(options: ScrambleOptions) {
    const random = new Random(options.seed, "scramble");
    this.playerCount = options.playerCount;
    this.#endAfterFrames = options.endAfterFrames ?? Infinity;
    for (let index = 0; index < MIX_WORDS; index++) this.#words[index] = random.uint32();
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    const words = this.#words;
    if (words[WINNER] !== 0) return;
    let carry = frame;
    for (let player = 0; player < this.playerCount; player++) {
      const input = (inputs[2 * player] ?? 0) | ((inputs[2 * player + 1] ?? 0) << 8);
      // A bot plays what the state says, so that its moves differ as soon as the state does.
      carry = mix(carry, bots[player] === 1 ? (words[player] ?? 0) : input + 1);
    }
    for (let index = 0; index < MIX_WORDS; index++) {
      carry = mix(carry, words[index] ?? 0);
      words[index] = carry;
    }
    words[STEPS] = (words[STEPS] ?? 0) + 1;
    if (carry % 19 === 0) emit("spark", carry);
    if (carry % 61 === 0) {
      emit("boom", carry & 7);
      emit("spark", frame);
    }
    if ((words[STEPS] ?? 0) >= this.#endAfterFrames && carry % 8 === 0) words[WINNER] = 1 + ((carry >>> 8) % this.playerCount);
  }

  reserveSlots(slotCount: number): void {
    this.#slots = Array.from({ length: slotCount }, () => new Uint32Array(this.#words.length));
  }

  save(slot: number): void {
    this.#slots[slot]?.set(this.#words);
  }

  load(slot: number): void {
    const saved = this.#slots[slot];
    if (saved !== undefined) this.#words.set(saved);
  }

  checksum(): number {
    return checksumWords(this.#words);
  }

  serialize(): Uint8Array {
    return new Uint8Array(this.#words.slice().buffer);
  }

  deserialize(bytes: Uint8Array): boolean {
    if (bytes.length !== this.#words.byteLength) return false;
    this.#words.set(new Uint32Array(bytes.slice().buffer));
    return true;
  }

  get partCount(): number {
    return this.#words.length;
  }

  partName(part: number): string {
    return `words[${part}]`;
  }

  partChecksums(into: Uint32Array, offset: number): void {
    into.set(this.#words, offset);
  }

  readonly hashesSlots = true;

  hashSlot(slot: number, into: Uint32Array, offset: number): number {
    const words = this.#slots[slot] ?? this.#words;
    into.set(words, offset);
    return checksumWords(words);
  }

  inspectLive(): unknown {
    return { words: this.#words.slice() };
  }

  result(): unknown {
    const winner = this.#words[WINNER] ?? 0;
    return winner === 0 ? undefined : { winner: winner - 1 };
  }
}

/** The finaliser of MurmurHash3 (Appleby) over a sum: every bit of both changes every bit of the result with probability near one half. */
function mix(carry: number, word: number): number {
  let value = (Math.imul(carry, 0x9e3779b1) + word) | 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
