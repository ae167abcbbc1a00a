/** Bounds of what a peer may send as one payload. */
export interface PayloadLimits {
  readonly sizeBytes: number;
  /** Nesting of arrays and objects. */
  readonly depth: number;
  /** Values, keys included. An empty object costs its sender a byte and us about 60. */
  readonly elements: number;
  /** UTF-8 bytes of one string. */
  readonly stringBytes: number;
}

/**
 * Why payload bytes were refused.
 *
 * - `too-large`, `too-deep`, `too-many-elements`, `string-too-long`: over a limit.
 * - `truncated`, `trailing-bytes`: not exactly one value.
 * - `unsupported-type`: an extension, a record, binary data, a 64-bit integer or another type that plain data does not have.
 * - `bad-number`: NaN, an infinity or −0. `bad-key`: not a string, or `__proto__`. `bad-string`: starts with a byte order mark.
 * - `not-canonical`: the value has another encoding (a longer form, a repeated key, bad UTF-8).
 */
export type PayloadRefusal =
  | "too-large"
  | "too-deep"
  | "too-many-elements"
  | "string-too-long"
  | "truncated"
  | "trailing-bytes"
  | "unsupported-type"
  | "bad-number"
  | "bad-key"
  | "bad-string"
  | "not-canonical";

const PROTO_KEY = [0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Walks over MessagePack bytes once, without recursion and without building anything, and says why they must not be given to a decoder.
 * Linear in the bytes, whatever they claim: a string's length is believed only when so many bytes are there, and each element takes at least one.
 *
 *   00–7f, e0–ff  small integer      80–8f, de, df  map (key, value)…     90–9f, dc, dd  array
 *   a0–bf, d9–db  string             c0, c2, c3     null, false, true     cb             64-bit float
 *   cc–ce         unsigned integer   d0–d2          signed integer        all others     refused
 */
export class PayloadScanner {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: PayloadLimits;
  #offset = 0;
  #elementCount = 0;
  /** Values still to come in each open container, outermost first; a map counts keys and values. */
  readonly #pending: number[] = [];
  readonly #isMap: boolean[] = [];

  constructor(bytes: Uint8Array, limits: PayloadLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  /** Once per scanner. `undefined` when the bytes are one value within the limits. */
  scan(): PayloadRefusal | undefined {
    if (this.#bytes.length > this.#limits.sizeBytes) return "too-large";
    let refusal = this.#scanValue(false);
    while (refusal === undefined && this.#pending.length > 0) {
      const level = this.#pending.length - 1;
      const rest = this.#pending[level] ?? 0;
      if (rest === 0) {
        this.#pending.pop();
        this.#isMap.pop();
        continue;
      }
      this.#pending[level] = rest - 1;
      refusal = this.#scanValue(this.#isMap[level] === true && rest % 2 === 0);
    }
    return refusal ?? (this.#offset === this.#bytes.length ? undefined : "trailing-bytes");
  }

  #scanValue(isKey: boolean): PayloadRefusal | undefined {
    if (++this.#elementCount > this.#limits.elements) return "too-many-elements";
    const type = this.#bytes[this.#offset++];
    if (type === undefined) return "truncated";
    if (type >= 0xa0 && type <= 0xbf) return this.#scanString(type - 0xa0, isKey);
    if (type >= 0xd9 && type <= 0xdb) return this.#scanSized(1 << (type - 0xd9), (length) => this.#scanString(length, isKey));
    if (isKey) return "bad-key";
    if (type <= 0x7f || type >= 0xe0) return undefined;
    if (type <= 0x8f) return this.#open(type - 0x80, true);
    if (type <= 0x9f) return this.#open(type - 0x90, false);
    switch (type) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return undefined;
      case 0xcb:
        return this.#scanFloat();
      case 0xcc:
      case 0xd0:
        return this.#skip(1);
      case 0xcd:
      case 0xd1:
        return this.#skip(2);
      case 0xce:
      case 0xd2:
        return this.#skip(4);
      case 0xdc:
      case 0xdd:
        return this.#scanSized(type === 0xdc ? 2 : 4, (count) => this.#open(count, false));
      case 0xde:
      case 0xdf:
        return this.#scanSized(type === 0xde ? 2 : 4, (count) => this.#open(count, true));
      default:
        return "unsupported-type";
    }
  }

  /** Reads a length of 1, 2 or 4 bytes and goes on with it. */
  #scanSized(lengthBytes: number, goOn: (length: number) => PayloadRefusal | undefined): PayloadRefusal | undefined {
    const start = this.#offset;
    if (this.#skip(lengthBytes) !== undefined) return "truncated";
    if (lengthBytes === 1) return goOn(this.#view.getUint8(start));
    return goOn(lengthBytes === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start));
  }

  #scanString(length: number, isKey: boolean): PayloadRefusal | undefined {
    const start = this.#offset;
    if (length > this.#limits.stringBytes) return "string-too-long";
    if (this.#skip(length) !== undefined) return "truncated";
    if (BYTE_ORDER_MARK.every((byte, index) => index < length && this.#bytes[start + index] === byte)) return "bad-string";
    const isProto = length === PROTO_KEY.length && PROTO_KEY.every((byte, index) => this.#bytes[start + index] === byte);
    return isKey && isProto ? "bad-key" : undefined;
  }

  #scanFloat(): PayloadRefusal | undefined {
    const start = this.#offset;
    if (this.#skip(8) !== undefined) return "truncated";
    const value = this.#view.getFloat64(start);
    return Number.isFinite(value) && !Object.is(value, -0) ? undefined : "bad-number";
  }

  #open(count: number, isMap: boolean): PayloadRefusal | undefined {
    if (this.#pending.length >= this.#limits.depth) return "too-deep";
    this.#pending.push(isMap ? count * 2 : count);
    this.#isMap.push(isMap);
    return undefined;
  }

  #skip(count: number): PayloadRefusal | undefined {
    if (count > this.#bytes.length - this.#offset) return "truncated";
    this.#offset += count;
    return undefined;
  }
}
