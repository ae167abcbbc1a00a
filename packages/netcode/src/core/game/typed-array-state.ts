import { assert } from "../base/assert.ts";
import { checksumWords } from "../base/checksum.ts";
import { layoutOf, viewsOver, type ArrayLayout, type ArraySchema, type ArraysOf } from "../base/schema.ts";
import { STATE_PARTS_MAX } from "../ports/simulation.ts";
import type { StateCodec, StateParts, StateSlots } from "./game.ts";

/** One is left for the random generator. */
const PARTS_MAX = STATE_PARTS_MAX - 1;

/** A state that lies in one piece of memory, by schema. */
export interface TypedArrayState<Schema extends ArraySchema> extends StateCodec<ArraysOf<Schema>> {
  readonly schema: Schema;
  readonly layout: ArrayLayout;
  /** A new state, all zeros: what `init` fills and returns. */
  create(): ArraysOf<Schema>;
}

/**
 * A state of typed arrays over one buffer: saved and loaded by one memory copy, hashed word by word, without allocation.
 *
 * ```ts
 * const memory = typedArrayState({ x: i32(8), y: i32(8), tiles: u8(169) });
 * const game = defineGame({ state: memory, init: () => memory.create(), … });
 * ```
 */
export function typedArrayState<Schema extends ArraySchema>(schema: Schema): TypedArrayState<Schema> {
  const layout = layoutOf(schema);
  return {
    schema,
    layout,
    create: () => viewsOver<Schema>(layout, new ArrayBuffer(layout.sizeBytes)),
    open: (slotCount) => new TypedArraySlots<Schema>(layout, slotCount),
  };
}

class TypedArraySlots<Schema extends ArraySchema> implements StateSlots<ArraysOf<Schema>>, StateParts<ArraysOf<Schema>> {
  readonly parts: StateParts<ArraysOf<Schema>> = this;
  readonly partCount: number;
  readonly #layout: ArrayLayout;
  readonly #partNames: readonly string[];
  /** The word after each part. */
  readonly #partEnds: Uint32Array;
  readonly #slots: readonly Uint8Array[];
  /** The same memory as words. */
  readonly #slotWords: readonly Uint32Array[];
  /** The live state, and its memory seen as bytes and words: found once, as long as the game keeps one state object. */
  #state: ArraysOf<Schema> | undefined;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);

  constructor(layout: ArrayLayout, slotCount: number) {
    this.#layout = layout;
    this.#slots = Array.from({ length: slotCount }, () => new Uint8Array(layout.sizeBytes));
    this.#slotWords = this.#slots.map(({ buffer }) => new Uint32Array(buffer));
    const parts = partsOf(layout);
    this.partCount = parts.length;
    this.#partNames = parts.map(({ name }) => name);
    this.#partEnds = Uint32Array.from(parts, ({ endWord }) => endWord);
  }

  save(slot: number, state: ArraysOf<Schema>): void {
    this.#attach(state);
    this.#slotAt(slot).set(this.#bytes);
  }

  load(slot: number, live: ArraysOf<Schema>): ArraysOf<Schema> {
    this.#attach(live);
    this.#bytes.set(this.#slotAt(slot));
    return live;
  }

  checksum(state: ArraysOf<Schema>): number {
    this.#attach(state);
    return checksumWords(this.#words);
  }

  slotChecksum(slot: number): number {
    return checksumWords(this.#slotWordsAt(slot));
  }

  partName(part: number): string {
    return this.#partNames[part] ?? "";
  }

  partChecksums(state: ArraysOf<Schema>, into: Uint32Array, offset: number): void {
    this.#attach(state);
    this.#hashParts(this.#words, into, offset);
  }

  slotPartChecksums(slot: number, into: Uint32Array, offset: number): void {
    this.#hashParts(this.#slotWordsAt(slot), into, offset);
  }

  serialize(state: ArraysOf<Schema>): Uint8Array {
    this.#attach(state);
    return this.#bytes.slice();
  }

  deserialize(bytes: Uint8Array, live: ArraysOf<Schema>): ArraysOf<Schema> | undefined {
    if (bytes.length !== this.#layout.sizeBytes) return undefined;
    this.#attach(live);
    this.#bytes.set(bytes);
    return live;
  }

  inspect(slot: number): ArraysOf<Schema> {
    return this.#viewsOfCopy(this.#slotAt(slot));
  }

  inspectLive(state: ArraysOf<Schema>): ArraysOf<Schema> {
    this.#attach(state);
    return this.#viewsOfCopy(this.#bytes);
  }

  #hashParts(words: Uint32Array, into: Uint32Array, offset: number): void {
    const ends = this.#partEnds;
    let start = 0;
    for (let part = 0; part < ends.length; part++) {
      const end = ends[part] ?? start;
      // A word is its own hash.
      into[offset + part] = end - start === 1 ? (words[start] ?? 0) : checksumWords(words, 0, end, start);
      start = end;
    }
  }

  #viewsOfCopy(bytes: Uint8Array): ArraysOf<Schema> {
    const copy = new ArrayBuffer(this.#layout.sizeBytes);
    new Uint8Array(copy).set(bytes);
    return viewsOver<Schema>(this.#layout, copy);
  }

  #slotAt(slot: number): Uint8Array {
    const bytes = this.#slots[slot];
    assert(bytes !== undefined, "a slot that was reserved");
    return bytes;
  }

  #slotWordsAt(slot: number): Uint32Array {
    const words = this.#slotWords[slot];
    assert(words !== undefined, "a slot that was reserved");
    return words;
  }

  #attach(state: ArraysOf<Schema>): void {
    if (state === this.#state) return;
    const first = this.#layout.fields[0];
    const buffer = first === undefined ? undefined : state[first.name]?.buffer;
    const isOurs = this.#layout.fields.every(({ name, offsetBytes, sizeBytes }) => {
      const view = state[name];
      return view?.buffer === buffer && view?.byteOffset === offsetBytes && view?.byteLength === sizeBytes;
    });
    assert(isOurs && buffer instanceof ArrayBuffer && buffer.byteLength === this.#layout.sizeBytes, "a state that create() made");
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#state = state;
  }
}

interface FieldPart {
  readonly name: string;
  readonly endWord: number;
}

/**
 * One part per field, or several neighbours in one: those that share a word, since hashes are of words, and all but the first
 * `PARTS_MAX` starts of words by equal shares.
 */
function partsOf({ fields, sizeBytes }: ArrayLayout): readonly FieldPart[] {
  const starts = fields.flatMap(({ offsetBytes }, index) => (offsetBytes % 4 === 0 ? [index] : []));
  const count = Math.min(starts.length, PARTS_MAX);
  const firsts = Array.from({ length: count + 1 }, (_, part) => starts[Math.floor((part * starts.length) / count)] ?? fields.length);
  return firsts.slice(0, count).map((first, part) => {
    const next = firsts[part + 1] ?? fields.length;
    const [name = "", last = name] = [fields[first]?.name, fields[next - 1]?.name];
    return { name: name === last ? name : `${name} … ${last}`, endWord: (fields[next]?.offsetBytes ?? sizeBytes) / 4 };
  });
}
