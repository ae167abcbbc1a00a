import { assert } from "../base/assert.ts";
import { checksumWords } from "../base/checksum.ts";
import { layoutOf, viewsOver, type ArrayLayout, type ArraySchema, type ArraysOf } from "../base/schema.ts";
import type { StateCodec, StateSlots } from "./game.ts";

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

class TypedArraySlots<Schema extends ArraySchema> implements StateSlots<ArraysOf<Schema>> {
  readonly #layout: ArrayLayout;
  readonly #slots: readonly Uint8Array[];
  /** The live state, and its memory seen as bytes and words: found once, as long as the game keeps one state object. */
  #state: ArraysOf<Schema> | undefined;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);

  constructor(layout: ArrayLayout, slotCount: number) {
    this.#layout = layout;
    this.#slots = Array.from({ length: slotCount }, () => new Uint8Array(layout.sizeBytes));
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
    const copy = new ArrayBuffer(this.#layout.sizeBytes);
    new Uint8Array(copy).set(this.#slotAt(slot));
    return viewsOver<Schema>(this.#layout, copy);
  }

  #slotAt(slot: number): Uint8Array {
    const bytes = this.#slots[slot];
    assert(bytes !== undefined, "a slot that was reserved");
    return bytes;
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
