import { checksumBytes } from "../base/checksum.ts";

/**
 * Plain data in a fixed number of parts, by its shape alone: the parts are shared out equally among the entries of the outermost array or object, and
 * those of an entry among its own, as long as there are several. So a state with a few keys is divided two or three levels deep, and neighbours
 * share a part where there are too many. Peers whose states have the same shape divide them alike.
 *
 *   { discs: [{ x, y }, { x, y }], ball: { x, y } } in 8 parts:  discs 0–3 (discs[0] 0–1: x 0, y 1; discs[1] 2–3), ball 4–7 (x 4–5, y 6–7)
 */
export class PlainParts {
  readonly #count: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #sizeBytes = 0;
  #offset = 0;
  #into: Uint32Array = new Uint32Array(0);
  #intoOffset = 0;
  /** The bytes from here on belong to `#part`. */
  #start = 0;
  #part = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Hashes each part of what `packPlain` wrote, in one pass over the bytes. */
  checksums(bytes: Uint8Array, sizeBytes: number, into: Uint32Array, offset: number): void {
    this.#bytes = bytes;
    this.#sizeBytes = sizeBytes;
    this.#offset = 0;
    this.#into = into;
    this.#intoOffset = offset;
    this.#start = 0;
    this.#part = 0;
    for (let part = 0; part < this.#count; part++) into[offset + part] = 0;
    this.#walk(0, this.#count);
    this.#offset = sizeBytes;
    this.#enter(-1);
  }

  /** Path of what is in `part` of `value`. */
  nameOf(part: number, value: unknown): string {
    return nameIn(value, part, 0, this.#count, "");
  }

  /** A value whose parts are `low … low + width − 1`, two at least. What comes next in the bytes belongs to `low` already. */
  #walk(low: number, width: number): void {
    const type = this.#bytes[this.#offset] ?? 0;
    const isMap = isMapType(type);
    if (!isMap && !isListType(type)) return this.#skipValue();
    const items = this.#readHeader();
    const count = isMap ? items >>> 1 : items;
    let first = low;
    for (let index = 1; index <= count; index++) {
      const next = low + (((index * width) / count) | 0);
      if (first !== this.#part) this.#enter(first);
      if (isMap) this.#skipValue();
      if (next - first > 1) this.#walk(first, next - first);
      else this.#skipValue();
      first = next;
    }
  }

  /** What follows belongs to `part`; what came before is hashed. */
  #enter(part: number): void {
    const place = this.#intoOffset + this.#part;
    this.#into[place] = checksumBytes(this.#bytes, this.#into[place], this.#offset, this.#start);
    this.#start = this.#offset;
    this.#part = part;
  }

  /** Most of what plain data is made of takes a byte, or says its length in it: these are gone over at once. */
  #skipValue(): void {
    const bytes = this.#bytes;
    let offset = this.#offset;
    for (let left = 1; left > 0; left--) {
      const type = bytes[offset] ?? 0;
      if (type <= 0x7f || type >= 0xe0) offset++;
      else if (type <= 0x8f) {
        left += (type - 0x80) * 2;
        offset++;
      } else if (type <= 0x9f) {
        left += type - 0x90;
        offset++;
      } else if (type <= 0xbf) offset += type - 0x9f;
      else if (type === 0xcb) offset += 9;
      else {
        this.#offset = offset;
        left += this.#readHeader();
        offset = this.#offset;
      }
    }
    this.#offset = Math.min(offset, this.#sizeBytes);
  }

  /** Goes over a value, or the header of a container; returns how many values follow in it. What plain data does not have ends the walk. */
  #readHeader(): number {
    const bytes = this.#bytes;
    const type = bytes[this.#offset++] ?? 0;
    if (type <= 0x7f || type >= 0xe0) return 0;
    if (type <= 0x8f) return (type - 0x80) * 2;
    if (type <= 0x9f) return type - 0x90;
    if (type <= 0xbf) return this.#skip(type - 0xa0);
    const lengthBytes = LENGTH_BYTES[type - 0xc0] ?? 0;
    if (lengthBytes === 0) return this.#skip(CONTENT_BYTES[type - 0xc0] ?? E);
    let length = 0;
    for (let index = 0; index < lengthBytes; index++) length = length * 0x100 + (bytes[this.#offset++] ?? 0);
    if (isMapType(type)) return length * 2;
    return isListType(type) ? length : this.#skip(length);
  }

  #skip(count: number): number {
    this.#offset = Math.min(this.#offset + count, this.#sizeBytes);
    return 0;
  }
}

/** Of c0 to df: bytes of a length that follows the type; 0 for a type of fixed size. */
const LENGTH_BYTES = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4);
/** Of those: bytes after the type. Endless: it is not plain data, and ends the walk. */
const E = Infinity;
const CONTENT_BYTES: readonly number[] = [0, E, 0, 0, E, E, E, E, E, E, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, E, E, E, E, E];

function isMapType(type: number): boolean {
  return (type >= 0x80 && type <= 0x8f) || type === 0xde || type === 0xdf;
}

function isListType(type: number): boolean {
  return (type >= 0x90 && type <= 0x9f) || type === 0xdc || type === 0xdd;
}

function nameIn(value: unknown, part: number, low: number, width: number, path: string): string {
  if (width === 1 || typeof value !== "object" || value === null) return path;
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const count = entries.length;
  // The entries that begin in this part or before it, and end after it.
  const firsts = entries.map((_, index) => low + Math.floor((index * width) / count));
  const last = firsts.findLastIndex((first) => first <= part);
  const first = firsts.findIndex((candidate) => candidate === firsts[last]);
  const [key, inner] = entries[first] ?? [];
  const [lastKey] = entries[last] ?? [];
  if (key === undefined || lastKey === undefined) return path;
  if (first !== last) return `${path}${keyPath(key, isList)} … ${keyPath(lastKey, isList)}`;
  const start = firsts[first] ?? low;
  return nameIn(inner, part, start, Math.max(1, (firsts[first + 1] ?? low + width) - start), path + keyPath(key, isList));
}

function keyPath(key: string, isIndex: boolean): string {
  return isIndex ? `[${key}]` : `.${key}`;
}
