import { ByteReader } from "../core/base/bytes.ts";
import { NULL_FRAME } from "../core/base/units.ts";
import { InputHeader, readInputHeader } from "../core/wire/input-datagram.ts";
import * as ROLLBACK_KIND from "../core/wire/rollback-kind.ts";

const reader = new ByteReader();
const header = new InputHeader();

/** The last frame that the sender of an input datagram says it has confirmed; `undefined` of any other message. No simulated match has more frames than 15 bits hold. */
export function confirmedTold(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== ROLLBACK_KIND.input && bytes[0] !== ROLLBACK_KIND.lastInput) return undefined;
  reader.reset(bytes);
  reader.skip(2);
  if (!readInputHeader(reader, header)) return undefined;
  const newestFrame = header.newestFrame === 0xffff ? NULL_FRAME : header.newestFrame;
  return Math.max(NULL_FRAME, newestFrame - header.confirmedDistance);
}
