import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME } from "../base/units.ts";
import { ACK_DELAY_UNKNOWN, CONFIRMED_DISTANCE_MAX, INPUT_ROWS_MAX, LAG_UNITS_MAX } from "./limits.ts";
import * as ROLLBACK_KIND from "./rollback-kind.ts";

/**
 * Everything of an input datagram but the inputs. One object is written over and over: no field is optional.
 * `newestFrame` holds the low 16 bits after reading; the session, which knows about where the peer is, finds the frame.
 */
export class InputHeader {
  /** The match is over at the sender: it repeats only what is still unacked. */
  isFinished = false;
  matchEpoch = 0;
  /** Frame of the newest input in this datagram; `NULL_FRAME` when the peer has none yet. */
  newestFrame: number = NULL_FRAME;
  /** `newestFrame` minus the last frame of the receiver's inputs that arrived without a gap. */
  ackDistance = 0;
  /** How long the sender held that acknowledgement, in ms; `ACK_DELAY_UNKNOWN` and above all read the same. */
  ackDelayMs: number = ACK_DELAY_UNKNOWN;
  /** Frames between the sampling of the newest input and its frame, 0 to `INPUT_DELAY_MAX`. */
  inputDelayFrames = 0;
  /** The sender's prediction window, 0 to 15: a longer one reads as 15. */
  windowFrames = 0;
  /** How far the sender sees itself ahead of the receiver's arrivals, in parts of a frame (see `TimeSync`). */
  lagUnits = 0;
  /** `newestFrame` minus the last frame that the sender has confirmed, never below 0. */
  confirmedDistance = 0;
  /** Inputs per player in this datagram: frames `newestFrame − rowCount + 1 … newestFrame`. */
  rowCount = 0;
  /** True when entries follow the header (see `writeStreamEntries`). */
  hasEntries = false;
  /** True when the four fields below are there. */
  hasReport = false;
  /** `newestFrame` minus the confirmed frame that `checksum` belongs to. */
  checksumDistance = 0;
  checksum = 0;
  /** Share of the receiver's datagrams that never arrived here, in 1/255. */
  lossUnits = 0;
  /** How late the receiver's inputs come here, in frames (see `Lateness`); any byte. */
  lateFrames = 0;
}

/** Longest header: kind, epoch, newest frame, three varints, two bytes, report. */
export const INPUT_HEADER_BYTES_MAX = 40;

/** What four bits hold beside the input delay. */
const WINDOW_TOLD_MAX = 15;

const REPORT_FLAG = 0x80;
const ENTRIES_FLAG = 0x40;

/**
 *   0        1        2                 4
 *   ┌────────┬────────┬─────────────────┬──────────────┬───────────┬───────┬─────┬──────────────┬───────────┬──────────────┬─ ─ ─ ─ ┬─ ─ ─ ─ ─┬─ ─ ─ ─┐
 *   │ 0x20/22│ epoch  │ newest frame    │ ack distance │ ack delay │ window│delay│ frame lag    │ confirmed │ rows │ E │ R │ report │ entries │ blocks
 *   │ u8     │ u8     │ u16, low bits   │ zigzag       │ u8, ms    │ 4 b   │ 4 b │ zigzag, 1/256│ distance  │ 6 b  │ 1 │ 1 │ if R   │ if E    │
 *   └────────┴────────┴─────────────────┴──────────────┴───────────┴───────┴─────┴──────────────┴───────────┴──────────────┴─ ─ ─ ─ ┴─ ─ ─ ─ ─┴─ ─ ─ ─┘
 *   kind 0x22: the match is over at the sender
 *   report: checksum distance (zigzag varint) │ checksum (u32) │ loss (u8, 1/255) │ late frames (u8)
 *   entries: see `writeStreamEntries`
 *   blocks, if rows > 0: one per player of the sender, by rising player index (see `writeInputBlock`)
 *
 * Eleven bytes in the common case. A datagram that is 32,768 frames old would be misread: nine minutes at 60 Hz.
 */
export function writeInputHeader(writer: ByteWriter, header: InputHeader): void {
  writer.u8(header.isFinished ? ROLLBACK_KIND.lastInput : ROLLBACK_KIND.input);
  writer.u8(header.matchEpoch);
  writer.u16(header.newestFrame & 0xffff);
  writer.varint(zigzag(header.ackDistance));
  writer.u8(Math.min(header.ackDelayMs, ACK_DELAY_UNKNOWN));
  writer.u8((Math.min(WINDOW_TOLD_MAX, header.windowFrames) << 4) | header.inputDelayFrames);
  writer.varint(zigzag(Math.max(-LAG_UNITS_MAX, Math.min(LAG_UNITS_MAX, header.lagUnits))));
  writer.varint(header.confirmedDistance);
  writer.u8(header.rowCount | (header.hasEntries ? ENTRIES_FLAG : 0) | (header.hasReport ? REPORT_FLAG : 0));
  if (!header.hasReport) return;
  writer.varint(zigzag(header.checksumDistance));
  writer.u32(header.checksum);
  writer.u8(header.lossUnits);
  writer.u8(header.lateFrames);
}

/** Reads what follows kind and epoch, which the session looks at first. False when malformed. */
export function readInputHeader(reader: ByteReader, header: InputHeader): boolean {
  header.newestFrame = reader.u16();
  header.ackDistance = unzigzag(reader.varint());
  header.ackDelayMs = reader.u8();
  const delays = reader.u8();
  header.inputDelayFrames = delays & 15;
  header.windowFrames = delays >> 4;
  header.lagUnits = unzigzag(reader.varint());
  header.confirmedDistance = reader.varint();
  const rows = reader.u8();
  header.rowCount = rows & INPUT_ROWS_MAX;
  header.hasEntries = (rows & ENTRIES_FLAG) !== 0;
  header.hasReport = (rows & REPORT_FLAG) !== 0;
  header.checksumDistance = header.hasReport ? unzigzag(reader.varint()) : 0;
  header.checksum = header.hasReport ? reader.u32() : 0;
  header.lossUnits = header.hasReport ? reader.u8() : 0;
  header.lateFrames = header.hasReport ? reader.u8() : 0;
  return !reader.failed && header.confirmedDistance <= CONFIRMED_DISTANCE_MAX && Math.abs(header.lagUnits) <= LAG_UNITS_MAX;
}

/** Signed to unsigned so that small distances of either sign are short: 0, −1, 1, −2 … become 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
