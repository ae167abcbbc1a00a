import { assert } from "../base/assert.ts";
import { checksumBytes } from "../base/checksum.ts";
import { decodePayload, packPlain, unpackPlain, PAYLOAD_LIMITS } from "../wire/payload-codec.ts";
import { SNAPSHOT_BYTES_MAX, STATE_PARTS_MAX } from "../ports/simulation.ts";
import type { StateCodec, StateParts, StateSlots } from "./game.ts";
import { PlainParts } from "./plain-parts.ts";

/** First size of a slot; it doubles until the state fits. */
const SLOT_BYTES_MIN = 1024;

/** A state may be larger than a message. */
const STATE_LIMITS = { ...PAYLOAD_LIMITS, sizeBytes: SNAPSHOT_BYTES_MAX, elements: SNAPSHOT_BYTES_MAX };

/**
 * A state that is plain data: a tree of finite numbers (no −0), strings, booleans, null, dense arrays and plain objects, nothing reached
 * twice. Saved as MessagePack, which keeps the order of keys; the checksum is that of the bytes. What is not plain data comes back as something
 * else: `verifiedState` and `syncTest` find it.
 */
export function plainState<State>(): StateCodec<State> {
  return { isPlain: true, open: (slotCount) => new PlainSlots<State>(slotCount) };
}

class PlainSlots<State> implements StateSlots<State>, StateParts<State> {
  readonly parts: StateParts<State> = this;
  /** One is left for the random generator. */
  readonly partCount: number = STATE_PARTS_MAX - 1;
  readonly #plainParts = new PlainParts(this.partCount);
  readonly #buffers: Uint8Array[];
  readonly #sizesBytes: Uint32Array;

  constructor(slotCount: number) {
    this.#buffers = Array.from({ length: slotCount }, () => new Uint8Array(SLOT_BYTES_MIN));
    this.#sizesBytes = new Uint32Array(slotCount);
  }

  save(slot: number, state: State): void {
    const bytes = packPlain(state);
    let buffer = this.#bufferOf(slot);
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
    return this.inspect(slot) as State;
  }

  checksum(state: State, savedSlot?: number): number {
    return savedSlot === undefined ? checksumBytes(packPlain(state)) : this.slotChecksum(savedSlot);
  }

  slotChecksum(slot: number): number {
    return checksumBytes(this.#bufferOf(slot), 0, this.#sizesBytes[slot]);
  }

  partName(part: number, state: State): string {
    return this.#plainParts.nameOf(part, state);
  }

  partChecksums(state: State, into: Uint32Array, offset: number, savedSlot?: number): void {
    if (savedSlot !== undefined) return this.slotPartChecksums(savedSlot, into, offset);
    const bytes = packPlain(state);
    this.#plainParts.checksums(bytes, bytes.length, into, offset);
  }

  slotPartChecksums(slot: number, into: Uint32Array, offset: number): void {
    this.#plainParts.checksums(this.#bufferOf(slot), this.#sizesBytes[slot] ?? 0, into, offset);
  }

  serialize(state: State): Uint8Array {
    return packPlain(state).slice();
  }

  deserialize(bytes: Uint8Array): State | undefined {
    const result = decodePayload(bytes, STATE_LIMITS);
    return result.ok ? (result.value as State) : undefined;
  }

  inspect(slot: number): unknown {
    const buffer = this.#bufferOf(slot);
    const sizeBytes = this.#sizesBytes[slot] ?? 0;
    assert(sizeBytes > 0, "a slot that was saved before");
    return unpackPlain(buffer, sizeBytes);
  }

  inspectLive(state: State): unknown {
    const bytes = this.serialize(state);
    return unpackPlain(bytes, bytes.length);
  }

  #bufferOf(slot: number): Uint8Array {
    const buffer = this.#buffers[slot];
    assert(buffer !== undefined, "a slot that was reserved");
    return buffer;
  }
}
