import { assert } from "../base/assert.ts";
import { checksumBytes } from "../base/checksum.ts";
import type { StateCodec, StateSlots } from "./game.ts";

export interface SnapshotStateOptions<State> {
  /** The state as bytes of its own, equal for equal states on all peers. */
  readonly save: (state: State) => Uint8Array;
  /**
   * Makes what `save` wrote the live state: `live` itself, overwritten, or a new one (then give back what `live` holds). It goes on exactly as the saved one.
   * Anybody may have sent the bytes: `undefined`, or an exception, and `live` as it was, for bytes that are no state.
   */
  readonly load: (bytes: Uint8Array, live: State) => State | undefined;
}

/**
 * A state that somebody else can write as bytes, such as a physics engine its world. The checksum is that of the bytes.
 *
 * ```ts
 * const game = defineGame({ state: snapshotState<Arena>({ save: saveArena, load: loadArena }), … });
 * ```
 */
export function snapshotState<State>(options: SnapshotStateOptions<State>): StateCodec<State> {
  return { open: (slotCount) => new SnapshotSlots(options, slotCount) };
}

class SnapshotSlots<State> implements StateSlots<State> {
  readonly #options: SnapshotStateOptions<State>;
  readonly #slots: (Uint8Array | undefined)[];

  constructor(options: SnapshotStateOptions<State>, slotCount: number) {
    this.#options = options;
    this.#slots = Array.from({ length: slotCount }, () => undefined);
  }

  save(slot: number, state: State): void {
    assert(slot < this.#slots.length, "a slot that was reserved");
    this.#slots[slot] = this.#options.save(state);
  }

  load(slot: number, live: State): State {
    const state = this.#options.load(this.#savedAt(slot), live);
    assert(state !== undefined, "a snapshot that loads");
    return state;
  }

  checksum(state: State, savedSlot?: number): number {
    return checksumBytes(savedSlot === undefined ? this.#options.save(state) : this.#savedAt(savedSlot));
  }

  slotChecksum(slot: number): number {
    return checksumBytes(this.#savedAt(slot));
  }

  serialize(state: State): Uint8Array {
    return this.#options.save(state);
  }

  deserialize(bytes: Uint8Array, live: State): State | undefined {
    try {
      return this.#options.load(bytes, live);
    } catch {
      // The reader is not ours, and the bytes may be anybody's.
      return undefined;
    }
  }

  inspect(slot: number): unknown {
    return { bytes: this.#savedAt(slot).slice() };
  }

  inspectLive(state: State): unknown {
    return { bytes: this.#options.save(state) };
  }

  #savedAt(slot: number): Uint8Array {
    const bytes = this.#slots[slot];
    assert(bytes !== undefined, "a slot that was saved before");
    return bytes;
  }
}
