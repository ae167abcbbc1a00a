import { assert } from "../base/assert.ts";
import { findPlainDifference, type PlainFault } from "../base/plain-fault.ts";
import type { StateCodec, StateParts, StateSlots } from "./game.ts";
import { findStateFault } from "./state-fault.ts";

/**
 * For development: `codec`, with a check at every save that the state can be saved and comes back equal; the first fault is thrown with its
 * path. Costs many times the save. The content hash is that of `codec`.
 *
 * ```ts
 * defineGame({ state: import.meta.env.DEV ? verifiedState(plainState<State>()) : plainState<State>(), … });
 * ```
 */
export function verifiedState<State>(codec: StateCodec<State>): StateCodec<State> {
  return { ...codec, open: (slotCount) => new VerifiedSlots(codec, slotCount) };
}

class VerifiedSlots<State> implements StateSlots<State> {
  readonly parts?: StateParts<State>;
  readonly slotChecksum?: (slot: number) => number;
  readonly #codec: StateCodec<State>;
  readonly #slots: StateSlots<State>;

  constructor(codec: StateCodec<State>, slotCount: number) {
    this.#codec = codec;
    this.#slots = codec.open(slotCount);
    if (this.#slots.parts !== undefined) this.parts = this.#slots.parts;
    if (this.#slots.slotChecksum !== undefined) this.slotChecksum = (slot) => this.#slots.slotChecksum?.(slot) ?? 0;
  }

  save(slot: number, state: State): void {
    refuse(findStateFault(this.#codec, state));
    this.#slots.save(slot, state);
    // Belt and braces: whatever the rules of plain data overlook.
    if (this.#codec.isPlain === true) refuse(findPlainDifference(state, this.inspect(slot)));
  }

  load(slot: number, live: State): State {
    return this.#slots.load(slot, live);
  }

  checksum(state: State, savedSlot?: number): number {
    return this.#slots.checksum(state, savedSlot);
  }

  serialize(state: State): Uint8Array {
    return this.#slots.serialize(state);
  }

  deserialize(bytes: Uint8Array, live: State): State | undefined {
    return this.#slots.deserialize(bytes, live);
  }

  inspect(slot: number): unknown {
    return this.#slots.inspect?.(slot);
  }

  inspectLive(state: State): unknown {
    return this.#slots.inspectLive?.(state);
  }
}

function refuse(fault: PlainFault | undefined): void {
  if (fault !== undefined) assert(false, `a state that a save brings back; state${fault.path}: ${fault.problem}`);
}
