import { BitModel, RangeDecoder, RangeEncoder } from "./range-coder.ts";

/** Inputs of all players in consecutive frames. */
export interface InputRows {
  readonly playerCount: number;
  readonly inputBytes: number;
  readonly frameCount: number;
  /** `frameCount` rows of `playerCount × inputBytes`. */
  readonly rows: Uint8Array;
}

/** Bits of the bit count of a run. */
const WIDTH_BITS = 5;
/** Below its leading one, a length has so many bits with a model of their own; further ones are as good as random. */
const MODELLED_BITS = 3;
/** A code may be read so many bytes past its end, where it ends in zeros. */
const EXCESS_BYTES_MAX = 4;

/** What is learned about the inputs of a match: the same for all players, who play the same game. */
class InputModels {
  /** Bits of the width of a run's length, by the width of the run before. */
  readonly widths = new BitModel((WIDTH_BITS + 1) << (2 * WIDTH_BITS));
  readonly lengths = new BitModel(32 << (MODELLED_BITS + 1));
  /** Bits of an input byte's change, by its place, whether it was 0, and whether a byte before it changed. */
  readonly changes: BitModel;

  constructor(inputBytes: number) {
    this.changes = new BitModel(inputBytes * 4 * 256);
  }
}

/**
 * People hold keys: each player's inputs, one player after the other, as runs of frames with the same input.
 *
 *   run: its length, then how the input changes after it: each byte minus its value in the run before, modulo 256
 *
 * A length is its number of bits, then the bits below the leading one. The first run of a player is preceded by an input of zeros: its change comes first. The last run ends with
 * the last frame, whatever its length says. All bits go through the range coder.
 */
export function encodeInputs({ playerCount, inputBytes, frameCount, rows }: InputRows): Uint8Array {
  const encoder = new RangeEncoder();
  const models = new InputModels(inputBytes);
  for (let player = 0; player < playerCount; player++) {
    const offsetOf = (frame: number): number => (frame * playerCount + player) * inputBytes;
    let width = 0;
    let before = -1;
    for (let frame = 0; frame < frameCount;) {
      let isPlain = true;
      for (let index = 0; index < inputBytes; index++) {
        const old = before < 0 ? 0 : (rows[offsetOf(before) + index] ?? 0);
        const change = ((rows[offsetOf(frame) + index] ?? 0) - old) & 0xff;
        encodeTree(encoder, models.changes, changeContext(index, old, isPlain), change);
        isPlain = isPlain && change === 0;
      }
      let end = frame + 1;
      while (end < frameCount && equals(rows, offsetOf(frame), offsetOf(end), inputBytes)) end++;
      width = encodeLength(encoder, models, width, end - frame);
      before = frame;
      frame = end;
    }
  }
  return encoder.finish();
}

/** Reads what `encodeInputs` wrote from `bytes[offset …)` into `into.rows`. False when the code is too short for that many frames. */
export function decodeInputs(bytes: Uint8Array, offset: number, { playerCount, inputBytes, frameCount, rows }: InputRows): boolean {
  const decoder = new RangeDecoder(bytes, offset);
  const models = new InputModels(inputBytes);
  const input = new Uint8Array(inputBytes);
  for (let player = 0; player < playerCount; player++) {
    input.fill(0);
    let width = 0;
    for (let frame = 0; frame < frameCount;) {
      let isPlain = true;
      for (let index = 0; index < inputBytes; index++) {
        const old = input[index] ?? 0;
        const change = decodeTree(decoder, models.changes, changeContext(index, old, isPlain));
        input[index] = old + change;
        isPlain = isPlain && change === 0;
      }
      width = decodeWidth(decoder, models, width);
      const length = decodeLength(decoder, models, width);
      if (decoder.excessBytes > EXCESS_BYTES_MAX) return false;
      for (const end = Math.min(frameCount, frame + length); frame < end; frame++) {
        rows.set(input, (frame * playerCount + player) * inputBytes);
      }
    }
  }
  return true;
}

function changeContext(index: number, old: number, isPlain: boolean): number {
  return (index * 4 + (old === 0 ? 0 : 1) + (isPlain ? 0 : 2)) * 256;
}

/** Returns the width. */
function encodeLength(encoder: RangeEncoder, models: InputModels, widthBefore: number, length: number): number {
  const width = 32 - Math.clz32(length);
  for (let place = WIDTH_BITS - 1, node = 1; place >= 0; place--) {
    const bit = (width >>> place) & 1;
    encoder.bit(models.widths, (widthBefore << WIDTH_BITS) + node, bit);
    node = node * 2 + bit;
  }
  const modelled = Math.min(MODELLED_BITS, width - 1);
  for (let place = width - 2, node = 1; place >= width - 1 - modelled; place--) {
    const bit = (length >>> place) & 1;
    encoder.bit(models.lengths, (width << (MODELLED_BITS + 1)) + node, bit);
    node = node * 2 + bit;
  }
  encoder.evenBits(length, width - 1 - modelled);
  return width;
}

function decodeWidth(decoder: RangeDecoder, models: InputModels, widthBefore: number): number {
  let node = 1;
  for (let place = 0; place < WIDTH_BITS; place++) node = node * 2 + decoder.bit(models.widths, (widthBefore << WIDTH_BITS) + node);
  // A run has a frame at least.
  return Math.max(1, node - (1 << WIDTH_BITS));
}

function decodeLength(decoder: RangeDecoder, models: InputModels, width: number): number {
  const modelled = Math.min(MODELLED_BITS, width - 1);
  let node = 1;
  for (let place = 0; place < modelled; place++) node = node * 2 + decoder.bit(models.lengths, (width << (MODELLED_BITS + 1)) + node);
  const rest = width - 1 - modelled;
  // At most 31 bits: the shift does not reach the sign.
  return (node << rest) + decoder.evenBits(rest);
}

function encodeTree(encoder: RangeEncoder, model: BitModel, context: number, value: number): void {
  for (let place = 7, node = 1; place >= 0; place--) {
    const bit = (value >>> place) & 1;
    encoder.bit(model, context + node, bit);
    node = node * 2 + bit;
  }
}

function decodeTree(decoder: RangeDecoder, model: BitModel, context: number): number {
  let node = 1;
  for (let place = 0; place < 8; place++) node = node * 2 + decoder.bit(model, context + node);
  return node & 0xff;
}

function equals(rows: Uint8Array, left: number, right: number, count: number): boolean {
  for (let index = 0; index < count; index++) if (rows[left + index] !== rows[right + index]) return false;
  return true;
}
