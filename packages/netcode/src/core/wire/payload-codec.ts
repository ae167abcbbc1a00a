/**
 * Plain data ⇄ MessagePack bytes. The only file that knows `msgpackr`.
 *
 * One value has one encoding: shortest integers, other numbers as 64-bit floats, keys in the object's own order, no extension types. A decoder
 * accepts exactly what the encoder writes, which rules out records, repeated keys, NaN, −0, bad UTF-8 and all else that a careful reader of
 * MessagePack has to think about.
 */
import { Packr, RESET_BUFFER_MODE } from "msgpackr/pack";
import { assert } from "../base/assert.ts";
import { findPlainFault } from "../base/plain-fault.ts";
import { PLAIN_DEPTH_MAX } from "../base/plain.ts";
import { PayloadScanner, type PayloadLimits, type PayloadRefusal } from "./payload-scanner.ts";

/** Four reliable messages; a game that sends more at once wants a transfer, not a payload. */
export const PAYLOAD_LIMITS: PayloadLimits = { sizeBytes: 65_536, depth: PLAIN_DEPTH_MAX, elements: 16_384, stringBytes: 16_384 };

export type PayloadResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: PayloadRefusal };

/**
 * `useRecords: false`: records are learned on the fly, which breaks when a packet is lost and calls `new Function`, which a content
 * security policy may forbid. `structuredClone: false`: no reference ids. `variableMapSize`: shortest form of maps.
 * `useToJSON: false`: a key of that name is data.
 */
const packr = new Packr({ useRecords: false, mapsAsObjects: true, structuredClone: false, variableMapSize: true, useToJSON: false });

/** Encodes plain data into bytes of its own. Anything that is not plain data is the caller's bug. */
export function encodePayload(value: unknown): Uint8Array {
  const fault = findPlainFault(value);
  if (fault !== undefined) assert(false, `a payload of plain data; ${fault.path === "" ? "it" : fault.path} is ${fault.problem}`);
  return new Uint8Array(packPlain(value));
}

/** Decodes what `encodePayload` wrote, from bytes that anybody may have sent. Never throws; the value is plain data. */
export function decodePayload(bytes: Uint8Array, limits: PayloadLimits = PAYLOAD_LIMITS): PayloadResult {
  const refusal = new PayloadScanner(bytes, limits).scan();
  if (refusal !== undefined) return { ok: false, reason: refusal };
  // A copy: the decoder hangs a property on the array that it is given.
  const value = unpackPlain(new Uint8Array(bytes), bytes.length);
  return equalBytes(packPlain(value), bytes) ? { ok: true, value } : { ok: false, reason: "not-canonical" };
}

/**
 * Encodes without a check, into a buffer that the next call of any codec overwrites: copy it at once. For states,
 * which are encoded every frame. What is not plain data comes out as something else.
 */
export function packPlain(value: unknown): Uint8Array {
  return packr.pack(value, RESET_BUFFER_MODE);
}

/** Decodes the first `sizeBytes` bytes of an array that `packPlain` filled. Never for bytes from outside. */
export function unpackPlain(bytes: Uint8Array, sizeBytes: number): unknown {
  return packr.unpack(bytes, sizeBytes);
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
