import { assert } from "../base/assert.ts";
import { checksumBytes, checksumWords } from "../base/checksum.ts";
import { SNAPSHOT_BYTES_MAX } from "../ports/simulation.ts";
import type { StateCodec, StateParts, StateSlots } from "./game.ts";

/** Size of a page of WebAssembly memory (WebAssembly Core Specification 2.0, 4.2.8). */
const PAGE_BYTES = 65_536;
/** A global is kept in eight bytes: the largest it can have. */
const GLOBAL_BYTES = 8;

/** Memory is hashed in pieces of this size, so that peers can tell each other where theirs differ; 32 of them are a state of 256 KiB. */
const BLOCK_BYTES = 8_192;
const BLOCKS = 32;

/** A `WebAssembly.Memory`, or `{ buffer }` around any memory that keeps its size. */
export interface GameMemory {
  readonly buffer: ArrayBuffer;
  grow?(pages: number): number;
}

/** A mutable `WebAssembly.Global` of a number type. Its type never changes. */
export interface GameGlobal {
  value: number | bigint;
}

export interface MemoryStateOptions<State> {
  /** Where the state lies. Asked at every use, since a memory that grows gets another buffer. */
  readonly memory: (state: State) => GameMemory;
  /** First byte that is state; a multiple of 4. Default 0. Start behind the stack and the constants of a compiled program. */
  readonly startBytes?: number;
  /**
   * First byte behind the state, read from the state itself. Default: the end of the memory, which must then keep its size. Nothing behind it may
   * be read before it was written.
   */
  readonly endBytes?: (state: State) => number;
  /** Globals that change and that the program exports: the same ones in the same order, best in the same array. Default: none. */
  readonly globals?: (state: State) => readonly GameGlobal[];
}

/**
 * A state in memory of its own, such as that of a WebAssembly program: saved and loaded by one copy of the part in use, in place, and hashed as it lies. The
 * state object is what reaches the memory; it is never replaced. One program instance per state: make it in `init`. A match whose
 * state is larger than 256 KiB (`SNAPSHOT_BYTES_MAX`) can be played, but not be joined late.
 *
 * ```ts
 * const game = defineGame({
 *   state: memoryState<Program>({ memory: ({ memory }) => memory, startBytes: 1024, endBytes: ({ heapEnd }) => heapEnd() }),
 *   init: () => instantiate(module), …
 * });
 * ```
 */
export function memoryState<State>(options: MemoryStateOptions<State>): StateCodec<State> {
  const { startBytes = 0 } = options;
  assert(Number.isInteger(startBytes) && startBytes >= 0 && startBytes % 4 === 0, "startBytes a multiple of 4");
  return { open: (slotCount) => new MemorySlots(options, slotCount) };
}

class MemorySlots<State> implements StateSlots<State>, StateParts<State> {
  readonly parts: StateParts<State> = this;
  /** The globals, then blocks of memory; the last one is all the rest. */
  readonly partCount: number = 1 + BLOCKS;
  readonly #options: MemoryStateOptions<State>;
  readonly #startBytes: number;
  /** Room of each slot, and views of what it holds. They are made anew only where the size of the state changed. */
  readonly #rooms: ArrayBuffer[];
  readonly #saved: SavedMemory[];
  readonly #savedGlobals: DataView<ArrayBuffer>[];
  #globals: readonly GameGlobal[] = [];
  #liveGlobals = new DataView(new ArrayBuffer(0));
  #liveGlobalBytes = new Uint8Array(0);
  /** The live state as bytes, as words, and the up to three bytes behind the last word: found again only when the buffer or the end changed. */
  #buffer: ArrayBuffer | undefined;
  #endBytes = 0;
  /** Furthest end that was seen: what a mispredicted frame may have written. */
  #endBytesMax = 0;
  #bytes = new Uint8Array(0);
  /** The whole memory. */
  #all = new Uint8Array(0);
  #words = new Uint32Array(0);
  #tail = new Uint8Array(0);

  constructor(options: MemoryStateOptions<State>, slotCount: number) {
    this.#options = options;
    this.#startBytes = options.startBytes ?? 0;
    this.#rooms = Array.from({ length: slotCount }, () => new ArrayBuffer(0));
    this.#saved = Array.from({ length: slotCount }, () => savedIn(new ArrayBuffer(0), 0));
    this.#savedGlobals = Array.from({ length: slotCount }, () => new DataView(new ArrayBuffer(0)));
  }

  save(slot: number, state: State): void {
    this.#attach(state);
    this.#slotOf(slot).bytes.set(this.#bytes);
    const globals = this.#savedGlobals[slot];
    if (globals !== undefined && this.#globals.length > 0) this.#savedGlobals[slot] = this.#copyGlobals(globals);
  }

  load(slot: number, live: State): State {
    const saved = this.#saved[slot];
    const globals = this.#savedGlobals[slot];
    assert(saved !== undefined && globals !== undefined && saved.bytes.length > 0, "a slot that was saved before");
    this.#attach(live);
    this.#overwrite(live, saved.bytes, globals);
    return live;
  }

  checksum(state: State): number {
    this.#attach(state);
    return checksumWords(this.#words, this.#looseChecksum());
  }

  slotChecksum(slot: number): number {
    return checksumWords(this.#savedAt(slot).words, this.#savedLooseChecksum(slot));
  }

  partName(part: number): string {
    if (part === 0) return "globals";
    const last = part === BLOCKS ? "" : String(part * BLOCK_BYTES - 1);
    return `memory[${(part - 1) * BLOCK_BYTES}…${last}]`;
  }

  partChecksums(state: State, into: Uint32Array, offset: number): void {
    this.#attach(state);
    into[offset] = this.#looseChecksum();
    hashBlocks(this.#words, into, offset + 1);
  }

  slotPartChecksums(slot: number, into: Uint32Array, offset: number): void {
    into[offset] = this.#savedLooseChecksum(slot);
    hashBlocks(this.#savedAt(slot).words, into, offset + 1);
  }

  /** The globals, eight bytes each, then the memory. */
  serialize(state: State): Uint8Array {
    this.#attach(state);
    const globals = this.#globalBytes();
    const bytes = new Uint8Array(globals.length + this.#bytes.length);
    bytes.set(globals);
    bytes.set(this.#bytes, globals.length);
    return bytes;
  }

  deserialize(bytes: Uint8Array, live: State): State | undefined {
    const before = this.serialize(live);
    const sizeBefore = this.#bytes.length;
    const headBytes = this.#globals.length * GLOBAL_BYTES;
    const sizeBytes = bytes.length - headBytes;
    const { endBytes } = this.#options;
    if (sizeBytes <= 0 || (endBytes === undefined && sizeBytes !== sizeBefore)) return undefined;
    if (bytes.length > SNAPSHOT_BYTES_MAX || !this.#makeRoom(live, sizeBytes)) return undefined;
    this.#overwrite(live, bytes.subarray(headBytes), viewOf(bytes, headBytes));
    // A state tells its own end: bytes that tell another one were not written by `serialize`.
    if (endBytes === undefined || endBytes(live) === this.#startBytes + sizeBytes) return live;
    this.#overwrite(live, before.subarray(headBytes), viewOf(before, headBytes));
    return undefined;
  }

  inspect(slot: number): unknown {
    const globals = this.#savedGlobals[slot];
    return {
      memory: this.#saved[slot]?.bytes.slice(),
      globals: globals === undefined ? undefined : new BigInt64Array(globals.buffer.slice(0)),
    };
  }

  inspectLive(state: State): unknown {
    this.#attach(state);
    return { memory: this.#bytes.slice(), globals: new BigInt64Array(this.#globalBytes().slice().buffer) };
  }

  /** Room for the live state in a slot. */
  #slotOf(slot: number): SavedMemory {
    const saved = this.#saved[slot];
    let room = this.#rooms[slot];
    assert(saved !== undefined && room !== undefined, "a slot that was reserved");
    const sizeBytes = this.#bytes.length;
    if (saved.bytes.length === sizeBytes) return saved;
    if (room.byteLength < sizeBytes) {
      // A state that grows grows again: half as much to spare.
      room = new ArrayBuffer(sizeBytes + (sizeBytes >>> 1));
      this.#rooms[slot] = room;
    }
    const view = savedIn(room, sizeBytes);
    this.#saved[slot] = view;
    return view;
  }

  #savedAt(slot: number): SavedMemory {
    const saved = this.#saved[slot];
    assert(saved !== undefined && saved.bytes.length > 0, "a slot that was saved before");
    return saved;
  }

  #attach(state: State): void {
    const { memory, endBytes, globals } = this.#options;
    if (globals !== undefined) this.#globals = globals(state);
    const { buffer } = memory(state);
    const end = endBytes === undefined ? buffer.byteLength : endBytes(state);
    if (buffer === this.#buffer && end === this.#endBytes) return;
    assert(
      endBytes !== undefined || this.#buffer === undefined || end === this.#endBytes,
      "a memory that keeps its size; or say with endBytes how much of it is state",
    );
    const sizeBytes = end - this.#startBytes;
    assert(Number.isInteger(end) && sizeBytes > 0 && end <= buffer.byteLength, `an end of the state within its memory, got ${end}`);
    this.#view(buffer, end);
  }

  #view(buffer: ArrayBuffer, endBytes: number): void {
    const sizeBytes = endBytes - this.#startBytes;
    this.#buffer = buffer;
    this.#endBytes = endBytes;
    this.#endBytesMax = Math.max(this.#endBytesMax, endBytes);
    this.#bytes = new Uint8Array(buffer, this.#startBytes, sizeBytes);
    this.#words = new Uint32Array(buffer, this.#startBytes, sizeBytes >>> 2);
    this.#tail = this.#bytes.subarray(this.#words.byteLength);
  }

  /** Of the globals, and of bytes that make no whole word. */
  #looseChecksum(): number {
    return checksumBytes(this.#tail, this.#globals.length === 0 ? 0 : checksumBytes(this.#globalBytes()));
  }

  #savedLooseChecksum(slot: number): number {
    const globals = this.#savedGlobals[slot];
    const seed = globals === undefined || this.#globals.length === 0 ? 0 : checksumBytes(new Uint8Array(globals.buffer));
    return checksumBytes(this.#savedAt(slot).tail, seed);
  }

  /** False when the memory cannot have so much. */
  #makeRoom(live: State, sizeBytes: number): boolean {
    const memory = this.#options.memory(live);
    const lackingBytes = this.#startBytes + sizeBytes - memory.buffer.byteLength;
    if (lackingBytes <= 0) return true;
    if (memory.grow === undefined) return false;
    try {
      memory.grow(Math.ceil(lackingBytes / PAGE_BYTES));
      return true;
    } catch {
      // A `RangeError`: its maximum. The bytes came from outside, so that this is no bug of ours.
      return false;
    }
  }

  /** Memory never shrinks, so that what was saved always finds room. */
  #overwrite(live: State, bytes: Uint8Array, globals: DataView): void {
    const { buffer } = this.#options.memory(live);
    const end = this.#startBytes + bytes.length;
    if (this.#all.buffer !== buffer) this.#all = new Uint8Array(buffer);
    this.#all.set(bytes, this.#startBytes);
    // A program takes memory that it never used to be zeros, as fresh pages are.
    if (end < this.#endBytesMax) this.#all.fill(0, end, this.#endBytesMax);
    for (let index = 0; index < this.#globals.length; index++) {
      const global = this.#globals[index];
      if (global === undefined) continue;
      const offset = index * GLOBAL_BYTES;
      global.value = typeof global.value === "bigint" ? globals.getBigInt64(offset, true) : globals.getFloat64(offset, true);
    }
    if (buffer !== this.#buffer || end !== this.#endBytes) this.#view(buffer, end);
  }

  /** The live globals as they are saved. Valid until the next call. */
  #globalBytes(): Uint8Array<ArrayBuffer> {
    this.#liveGlobals = this.#copyGlobals(this.#liveGlobals);
    const { buffer } = this.#liveGlobals;
    if (this.#liveGlobalBytes.buffer !== buffer) this.#liveGlobalBytes = new Uint8Array(buffer);
    return this.#liveGlobalBytes;
  }

  /** Writes the live globals into `into`, or into a new view where it has not their size. */
  #copyGlobals(into: DataView<ArrayBuffer>): DataView<ArrayBuffer> {
    const sizeBytes = this.#globals.length * GLOBAL_BYTES;
    const view = into.byteLength === sizeBytes ? into : new DataView(new ArrayBuffer(sizeBytes));
    for (let index = 0; index < this.#globals.length; index++) {
      const value = this.#globals[index]?.value ?? 0;
      if (typeof value === "bigint") view.setBigInt64(index * GLOBAL_BYTES, value, true);
      else view.setFloat64(index * GLOBAL_BYTES, value, true);
    }
    return view;
  }
}

/** What a slot holds: as bytes, as words, and the up to three bytes behind the last word. */
interface SavedMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly tail: Uint8Array;
}

function savedIn(room: ArrayBuffer, sizeBytes: number): SavedMemory {
  const bytes = new Uint8Array(room, 0, sizeBytes);
  const words = new Uint32Array(room, 0, sizeBytes >>> 2);
  return { bytes, words, tail: bytes.subarray(words.byteLength) };
}

function hashBlocks(words: Uint32Array, into: Uint32Array, offset: number): void {
  for (let block = 0, start = 0; block < BLOCKS; block++) {
    const end = block === BLOCKS - 1 ? words.length : Math.min(start + BLOCK_BYTES / 4, words.length);
    into[offset + block] = end === start ? 0 : checksumWords(words, 0, end, start);
    start = end;
  }
}

function viewOf(bytes: Uint8Array, sizeBytes: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, sizeBytes);
}
