import { assert } from "../base/assert.ts";
import { checksumBytes } from "../base/checksum.ts";
import { findPlainDifference, findPlainFault, type PlainFault } from "../base/plain.ts";
import { packPlain, unpackPlain } from "../wire/payload-codec.ts";
import type { StateCodec, StateFault, StateSlots } from "./game.ts";

/** First size of a slot; it doubles until the state fits. */
const SLOT_BYTES_MIN = 1024;

export interface PlainStateOptions {
  /**
   * Checks at every save that the state is plain data and comes back equal, and throws with the path of the first fault: for
   * development, since it costs many times the save. A sync test always checks.
   */
  readonly verify?: boolean;
}

/**
 * A state that is plain data: a tree of finite numbers (no −0), strings, booleans, null, dense arrays and plain objects, nothing reached
 * twice. Saved as MessagePack, which keeps the order of keys; the checksum is that of the bytes.
 */
export function plainState<State>(options: PlainStateOptions = {}): StateCodec<State> {
  const verify = options.verify ?? false;
  return { open: (slotCount) => new PlainSlots<State>(slotCount, verify) };
}

class PlainSlots<State> implements StateSlots<State> {
  readonly #buffers: Uint8Array[];
  readonly #sizesBytes: Uint32Array;
  readonly #verify: boolean;

  constructor(slotCount: number, verify: boolean) {
    this.#buffers = Array.from({ length: slotCount }, () => new Uint8Array(SLOT_BYTES_MIN));
    this.#sizesBytes = new Uint32Array(slotCount);
    this.#verify = verify;
  }

  save(slot: number, state: State): void {
    if (this.#verify) {
      const fault = this.findFault(state);
      if (fault !== undefined) assert(false, `a state of plain data; ${fault.path} is ${fault.problem}`);
    }
    const bytes = packPlain(state);
    let buffer = this.#buffers[slot];
    assert(buffer !== undefined, "a slot that was reserved");
    if (buffer.length < bytes.length) {
      let sizeBytes = buffer.length;
      while (sizeBytes < bytes.length) sizeBytes *= 2;
      buffer = new Uint8Array(sizeBytes);
      this.#buffers[slot] = buffer;
    }
    buffer.set(bytes);
    this.#sizesBytes[slot] = bytes.length;
  }

  load(slot: number): State {
    return this.#decode(slot) as State;
  }

  checksum(state: State, savedSlot?: number): number {
    if (savedSlot === undefined) return checksumBytes(packPlain(state));
    const buffer = this.#buffers[savedSlot];
    assert(buffer !== undefined, "a slot that was reserved");
    return checksumBytes(buffer, 0, this.#sizesBytes[savedSlot]);
  }

  findFault(state: State): StateFault | undefined {
    const fault = findPlainFault(state);
    if (fault !== undefined) return inState(fault);
    // Belt and braces: whatever the rules of plain data overlook.
    const bytes = new Uint8Array(packPlain(state));
    return inState(findPlainDifference(state, unpackPlain(bytes, bytes.length)));
  }

  findDifference(slot: number, otherSlot: number): StateFault | undefined {
    return inState(findPlainDifference(this.#decode(slot), this.#decode(otherSlot)));
  }

  #decode(slot: number): unknown {
    const buffer = this.#buffers[slot];
    const sizeBytes = this.#sizesBytes[slot] ?? 0;
    assert(buffer !== undefined && sizeBytes > 0, "a slot that was saved before");
    return unpackPlain(buffer, sizeBytes);
  }
}

function inState(fault: PlainFault | undefined): StateFault | undefined {
  return fault === undefined ? undefined : { path: `state${fault.path}`, problem: fault.problem };
}
