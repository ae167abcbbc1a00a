import { NULL_FRAME } from "../src/core/base/units.ts";
import { i16, i32, u8 } from "../src/core/base/schema.ts";
import { defineGame } from "../src/core/game/define-game.ts";
import { GameSimulation } from "../src/core/game/game-simulation.ts";
import type { MatchSetup } from "../src/core/game/game.ts";
import { integer } from "../src/core/game/input-schema.ts";
import { typedArrayState } from "../src/core/game/typed-array-state.ts";
import type { EmitEvent, Simulation } from "../src/core/ports/simulation.ts";

const memory = typedArrayState({ x: i32(8), y: i32(8), heat: u8(32), tiles: i16(40), score: i32(8), round: i32() });

/** A game whose every field depends on what it was before: a bit that flips anywhere stays wrong, and spreads. */
export const keepingGame = defineGame({
  id: "keeping",
  version: 1,
  frameRateHz: 60,
  players: [2, 8],
  input: { key: integer(0, 255) },
  state: memory,
  init: ({ random }) => {
    const state = memory.create();
    for (let tile = 0; tile < 40; tile++) state.tiles[tile] = random.integer(1000);
    return state;
  },
  step: (state, inputs, { frame, random }) => {
    const { x, y, heat, tiles, score, round } = state;
    for (let player = 0; player < inputs.length; player++) {
      const key = inputs[player]?.key ?? 0;
      x[player] = (x[player] ?? 0) + key - 100;
      y[player] = (y[player] ?? 0) + (key & 7) + random.integer(3);
      const tile = ((x[player] ?? 0) & 0xff) % 40;
      tiles[tile] = (tiles[tile] ?? 0) + (key & 15);
      score[player] = (score[player] ?? 0) + ((tiles[tile] ?? 0) & 1);
    }
    heat[frame & 31] = (heat[frame & 31] ?? 0) + 1;
    if (frame % 60 === 0) round[0] = (round[0] ?? 0) + 1;
  },
});

/** The match that is played of it. */
export function keepingSetup(playerCount: number): MatchSetup {
  const players = Array.from({ length: playerCount }, (_, colour) => ({ profile: { name: "P", colour, choices: null }, bot: false }));
  return { seed: 7, players, settings: null };
}

export const FLIP_FIELDS = memory.layout.fields;

/** What was flipped. */
export interface Flip {
  /** The state before this frame. */
  readonly frame: number;
  readonly field: string;
}

/** `keepingGame`, in which one bit of a save can be made to flip. */
export class FlipSimulation implements Simulation {
  readonly frameRateHz: number;
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly partCount: number;
  readonly #inner: GameSimulation<ReturnType<typeof memory.create>, typeof keepingGame.input>;
  readonly #slotFrames: number[] = [];
  #frame = 0;
  #armed:
    | { readonly bit: number; readonly field: number; readonly confirmedFrame: () => number; readonly done: (flip: Flip) => void }
    | undefined;

  constructor(playerCount: number) {
    this.#inner = new GameSimulation(keepingGame, keepingSetup(playerCount));
    this.frameRateHz = this.#inner.frameRateHz;
    this.playerCount = this.#inner.playerCount;
    this.inputBytes = this.#inner.inputBytes;
    this.partCount = this.#inner.partCount;
  }

  /** Flips bit `bit` (modulo its size) of a field in the next save of a confirmed state that a rollback goes back to. */
  arm(field: number, bit: number, confirmedFrame: () => number, done: (flip: Flip) => void): void {
    this.#armed = { field, bit, confirmedFrame, done };
  }

  disarm(): void {
    this.#armed = undefined;
  }

  step(frame: number, inputs: Uint8Array, bots: Uint8Array, emit: EmitEvent): void {
    this.#inner.step(frame, inputs, bots, emit);
    this.#frame = frame + 1;
  }

  reserveSlots(slotCount: number): void {
    this.#inner.reserveSlots(slotCount);
  }

  save(slot: number): void {
    this.#slotFrames[slot] = this.#frame;
    this.#inner.save(slot);
  }

  load(slot: number): void {
    this.#inner.load(slot);
    this.#frame = this.#slotFrames[slot] ?? NULL_FRAME;
    const armed = this.#armed;
    if (armed === undefined || this.#frame > armed.confirmedFrame() + 1 || slot > 17) return;
    this.#armed = undefined;
    const field = FLIP_FIELDS[armed.field];
    if (field === undefined) return;
    const view = Object.entries(this.#inner.state).find(([name]) => name === field.name)?.[1];
    if (view === undefined) return;
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const bit = armed.bit % (view.byteLength * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    this.#inner.save(slot);
    armed.done({ frame: this.#frame, field: field.name });
  }

  checksum(): number {
    return this.#inner.checksum();
  }

  serialize(): Uint8Array {
    return this.#inner.serialize();
  }

  deserialize(bytes: Uint8Array): boolean {
    return this.#inner.deserialize(bytes);
  }

  partName(part: number): string {
    return this.#inner.partName(part);
  }

  partChecksums(into: Uint32Array, offset: number): void {
    this.#inner.partChecksums(into, offset);
  }

  readonly hashesSlots = true;

  hashSlot(slot: number, into: Uint32Array, offset: number): number {
    return this.#inner.hashSlot(slot, into, offset);
  }

  inspectLive(): unknown {
    return this.#inner.inspectLive();
  }

  result(): unknown {
    return undefined;
  }
}
