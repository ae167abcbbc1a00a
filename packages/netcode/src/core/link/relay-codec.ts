/**
 * What members send so that they can forward for each other. Numbers are little-endian; HASH is `checksumText` of a peer id.
 *
 *   relay        unreliable, control   08 | HASH of the target 4 | packet
 *   relayed      unreliable, control   09 | HASH of the source 4 | packet
 *   neighbours   unreliable            0a | n × (HASH 4 | delay 1 (2 ms) | loss 1 (1/255))
 */
import { MEMBERS_MAX } from "../base/units.ts";
import { RELAY_HEADER_BYTES } from "../ports/transport.ts";
import * as KIND from "./link-kind.ts";

/** What a member measures of the connection to a neighbour of its own. */
export interface NeighbourFigures {
  /** Of the neighbour's peer id. */
  readonly hash: number;
  /** One way, and its spread. */
  readonly delayMs: number;
  /** What is lost towards the neighbour, 0–1. */
  readonly lossRatio: number;
}

const ENTRY_BYTES = 6;
const DELAY_UNIT_MS = 2;

/** True for what only neighbours tell each other: it is never forwarded. */
export function isBetweenNeighbours(kind: number): boolean {
  return kind === KIND.relay || kind === KIND.relayed || kind === KIND.neighbours;
}

/** Writes header and `packet` to the start of `target`, and returns how many bytes that are. */
export function writeRelayed(target: Uint8Array, kind: number, hash: number, packet: Uint8Array): number {
  target[0] = kind;
  target[1] = hash;
  target[2] = hash >>> 8;
  target[3] = hash >>> 16;
  target[4] = hash >>> 24;
  target.set(packet, RELAY_HEADER_BYTES);
  return RELAY_HEADER_BYTES + packet.length;
}

/** The hash in the header of `bytes`; `undefined` when there is nothing behind it. */
export function readRelayHash(bytes: Uint8Array): number | undefined {
  const [, first = 0, second = 0, third = 0, fourth = 0] = bytes;
  return bytes.length > RELAY_HEADER_BYTES ? (first | (second << 8) | (third << 16) | (fourth << 24)) >>> 0 : undefined;
}

export function encodeNeighbours(neighbours: readonly NeighbourFigures[]): Uint8Array {
  const bytes = new Uint8Array(1 + neighbours.length * ENTRY_BYTES);
  bytes[0] = KIND.neighbours;
  const view = new DataView(bytes.buffer);
  for (const [index, { hash, delayMs, lossRatio }] of neighbours.entries()) {
    const offset = 1 + index * ENTRY_BYTES;
    view.setUint32(offset, hash, true);
    bytes[offset + 4] = Math.min(0xff, Math.ceil(delayMs / DELAY_UNIT_MS));
    bytes[offset + 5] = Math.ceil(lossRatio * 0xff);
  }
  return bytes;
}

/** By hash. `undefined` for bytes that are none: a broken entry, or more of them than members can be. */
export function parseNeighbours(bytes: Uint8Array): ReadonlyMap<number, NeighbourFigures> | undefined {
  const count = (bytes.length - 1) / ENTRY_BYTES;
  if (bytes[0] !== KIND.neighbours || !Number.isInteger(count) || count > MEMBERS_MAX) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const neighbours = new Map<number, NeighbourFigures>();
  for (let offset = 1; offset < bytes.length; offset += ENTRY_BYTES) {
    const hash = view.getUint32(offset, true);
    neighbours.set(hash, { hash, delayMs: view.getUint8(offset + 4) * DELAY_UNIT_MS, lossRatio: view.getUint8(offset + 5) / 0xff });
  }
  return neighbours;
}
