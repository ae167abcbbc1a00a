import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { sequenceDistance, sequenceOf } from "../base/sequence.ts";
import { NULL_FRAME } from "../base/units.ts";
import { SESSION_DATAGRAM_BYTES_MAX } from "../ports/transport.ts";
import { INPUT_BLOCK_BYTES_MAX, inputBlockBytesMax, readInputRows, writeInputBlock } from "../wire/input-block.ts";
import { INPUT_HEADER_BYTES_MAX, InputHeader, readInputHeader, writeInputHeader } from "../wire/input-datagram.ts";
import { CHECKSUM_INTERVAL_FRAMES, INPUT_ROWS_MAX, STREAM_ENTRY_BYTES_SUM } from "../wire/limits.ts";
import { readStreamEntries, writeStreamEntries, type CarriedEntry } from "../wire/stream-entry-codec.ts";
import type { EntryEffects } from "./entry-effects.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { InputEntries } from "./input-entries.ts";
import type { InputTable } from "./input-table.ts";
import { latenessSlice } from "./lateness.ts";
import type { LocalInputs } from "./local-inputs.ts";
import type { MatchPacing } from "./pacing.ts";
import type { RemotePeer } from "./remote-peer.ts";

/** Why an input datagram was refused. */
export type InputRefusal =
  | "malformed"
  | "wrong-player" // a block for a player that the sender does not hold
  | "far-frame" // further ahead than an honest peer can be
  | "gap" // begins after the frame that we wait for
  | "too-old" // its base row is overwritten: a datagram from seconds ago
  | "ack-ahead" // acknowledges what was never sent
  | "conflicting-input" // another input, or another entry, for a frame that we have: the first one stays
  | "entry-flood"; // more entries than a member may attach

/**
 * An honest peer is at most its window (16) and delay (15) past our newest input, which is our delay (15) past our frame. Less would refuse honest peers;
 * more would let a hostile one overwrite inputs that are still needed.
 */
const AHEAD_FRAMES_MAX = 64;

/** Times of one datagram's arrival or departure. */
export interface ExchangeClock {
  nowMs: number;
  observedMs: number;
}

export interface InputExchangeOptions {
  readonly inputs: InputTable;
  readonly entries: InputEntries;
  readonly effects: EntryEffects;
  readonly runner: FrameRunner;
  readonly pacing: MatchPacing;
  readonly local: LocalInputs;
  readonly localMember: number;
  readonly localPlayers: readonly number[];
  readonly matchEpoch: number;
  /** The first frame of the match that is played here: what earlier ones carried is not known. */
  readonly firstFrame: number;
  /** The oldest frame whose inputs are known: who joins may have begun with a state after the frame from which the others send. */
  readonly oldestFrame: number;
  /** The first frame in which we play ourselves: later, for who joins. */
  readonly joinFrame: number;
}

/** Turns inputs into datagrams for one peer, and datagrams of a peer into inputs. */
export class InputExchange {
  readonly #inputs: InputTable;
  readonly #entries: InputEntries;
  readonly #effects: EntryEffects;
  readonly #runner: FrameRunner;
  readonly #pacing: MatchPacing;
  readonly #local: LocalInputs;
  readonly #localMember: number;
  readonly #localPlayers: readonly number[];
  readonly #matchEpoch: number;
  readonly #firstFrame: number;
  readonly #oldestFrame: number;
  readonly #joinFrame: number;
  readonly #rowsMax: number;
  /** Beside entries. */
  readonly #fewRowsMax: number;
  readonly #incoming: CarriedEntry[] = [];
  #conflictFrame: number = NULL_FRAME;
  readonly #header: InputHeader = new InputHeader();
  /** One player's rows each, behind a base row. */
  readonly #columns: readonly Uint8Array[];

  constructor(options: InputExchangeOptions) {
    const { inputs, localPlayers } = options;
    this.#inputs = inputs;
    this.#entries = options.entries;
    this.#effects = options.effects;
    this.#runner = options.runner;
    this.#pacing = options.pacing;
    this.#local = options.local;
    this.#localMember = options.localMember;
    this.#localPlayers = localPlayers;
    this.#matchEpoch = options.matchEpoch;
    this.#firstFrame = options.firstFrame;
    this.#oldestFrame = options.oldestFrame;
    this.#joinFrame = options.joinFrame;
    this.#columns = Array.from({ length: inputs.playerCount }, () => new Uint8Array(INPUT_BLOCK_BYTES_MAX));
    const room = SESSION_DATAGRAM_BYTES_MAX - INPUT_HEADER_BYTES_MAX;
    this.#rowsMax = rowsWithin(room, localPlayers.length, inputs.inputBytes);
    this.#fewRowsMax = rowsWithin(room - 1 - STREAM_ENTRY_BYTES_SUM, localPlayers.length, inputs.inputBytes);
  }

  /** The frame of the conflict that the last `read` refused. */
  get conflictFrame(): number {
    return this.#conflictFrame;
  }

  /** Our newest input's frame. */
  get newestFrame(): number {
    return this.#inputs.lastFrame(this.#localPlayers[0] ?? 0);
  }

  /** Writes the datagram that `remote` needs now: every input that it has not acknowledged, oldest first as far as they fit. */
  write(writer: ByteWriter, remote: RemotePeer, clock: ExchangeClock, isFinished: boolean): void {
    const { endpoint } = remote;
    const header = this.#header;
    const inputs = this.#inputs;
    const acked = endpoint.ackedFrame;
    const hasEntries = this.#entries.hasSince(this.#localMember, acked + 1);
    const newest = Math.min(this.newestFrame, acked + (hasEntries ? this.#fewRowsMax : this.#rowsMax));
    const entries = hasEntries ? this.#entries.between(this.#localMember, acked + 1, newest) : NO_ENTRIES;
    header.isFinished = isFinished;
    header.matchEpoch = this.#matchEpoch;
    header.newestFrame = newest;
    header.rowCount = newest - acked;
    header.ackDistance = newest - this.#receivedFrame(remote);
    header.ackDelayMs = endpoint.ackHeldMs(clock.nowMs);
    header.inputDelayFrames = this.#local.delayFrames;
    header.windowFrames = this.#pacing.windowFrames;
    header.lagUnits = this.#pacing.lagUnits(remote);
    const confirmed = this.#runner.confirmedFrame;
    header.confirmedDistance = Math.max(0, newest - confirmed);
    header.hasEntries = entries.length > 0;
    const reported = confirmed - (confirmed % CHECKSUM_INTERVAL_FRAMES);
    const checksum = reported > remote.reportedFrame ? this.#runner.checksum(reported) : undefined;
    header.hasReport = confirmed >= 0 && checksum !== undefined;
    header.checksumDistance = newest - reported;
    header.checksum = checksum ?? 0;
    header.lossUnits = Math.round(endpoint.inboundLoss.ratio * 255);
    header.lateFrames = header.hasReport ? remote.lateness.told(latenessSlice(clock.nowMs)) : 0;
    if (header.hasReport) remote.reportedFrame = reported;
    remote.replyDue = false;
    writeInputHeader(writer, header);
    if (header.hasEntries) writeStreamEntries(writer, entries, newest);
    for (const player of header.rowCount > 0 ? this.#localPlayers : NO_PLAYERS) {
      const column = this.#column(player);
      inputs.copyColumn(player, acked, header.rowCount + 1, column);
      writeInputBlock(writer, player, column, header.rowCount, inputs.inputBytes);
    }
    if (newest >= 0) endpoint.frameSent(newest, clock.nowMs, clock.observedMs);
  }

  /** Takes in a datagram of `remote`, from after its kind and epoch: all of it, or nothing and the reason. */
  read(reader: ByteReader, remote: RemotePeer, clock: ExchangeClock, isFinished: boolean): InputRefusal | undefined {
    const header = this.#header;
    header.isFinished = isFinished;
    if (!readInputHeader(reader, header)) return "malformed";
    const received = this.#receivedFrame(remote);
    const newest = received + sequenceDistance(sequenceOf(header.newestFrame), sequenceOf(received));
    const first = newest - header.rowCount + 1;
    if (first < 0) return "malformed";
    // A new member has bot's inputs up to its first frame from the beginning, wherever we are. Until our own first frame nobody waits for us.
    if (newest > Math.max(Math.max(this.#runner.frame, this.#joinFrame) + AHEAD_FRAMES_MAX, received)) return "far-frame";
    if (header.rowCount > 0 && first > received + 1) return "gap";
    const ackedFrame = newest - header.ackDistance;
    if (ackedFrame < NULL_FRAME) return "malformed";
    if (ackedFrame > this.newestFrame) return "ack-ahead";
    if (!this.#readEntries(reader, newest)) return "malformed";
    const refusal = header.rowCount > 0 ? this.#readBlocks(reader, remote, first) : undefined;
    if (refusal !== undefined) return refusal;
    if (!reader.finished()) return "malformed";
    if (this.#entriesDiffer(remote, first, Math.min(received, newest))) return "conflicting-input";
    const isNews = header.rowCount > 0 && newest > received && this.#isReadable(first);
    if (isNews) {
      if (!this.#entries.take(remote.member, this.#incoming, received)) return "entry-flood";
      this.#append(remote, first, received + 1, newest, clock.nowMs);
      this.#effects.arrived(remote.member, received + 1);
    }
    remote.confirmedFrame = Math.max(remote.confirmedFrame, newest - header.confirmedDistance);
    this.#measure(remote, newest, ackedFrame, clock);
    if (isNews) this.#pacing.inputsArrived(remote, clock, received + 1, newest);
    return undefined;
  }

  /**
   * True when rows from `first` on can be read: they are told as differences to the row before, which who joined may never have had. Then the sender does not know yet with which state we
   * began: it repeats what we need behind a row that we have, as soon as it hears what we have.
   */
  #isReadable(first: number): boolean {
    return Math.max(0, first - 1) >= this.#oldestFrame;
  }

  /** Reads the entries, if there are any, to `#incoming`. False when malformed. */
  #readEntries(reader: ByteReader, newest: number): boolean {
    const { hasEntries, rowCount } = this.#header;
    if (this.#incoming.length > 0) this.#incoming.length = 0;
    return !hasEntries || (readStreamEntries(reader, this.#incoming, newest, rowCount) && this.#incoming.length > 0);
  }

  /** True when the entries of frames that we have, `first … last`, are not those that came before. */
  #entriesDiffer(remote: RemotePeer, first: number, last: number): boolean {
    const from = Math.max(first, this.#firstFrame, remote.firstFrame);
    const { member } = remote;
    if (from > last || (!this.#header.hasEntries && !this.#entries.hasSince(member, from))) return false;
    this.#conflictFrame = from;
    return !this.#entries.agrees(member, this.#incoming, from, last);
  }

  /** The last frame of the peer's inputs that arrived without a gap: its players' columns grow together. */
  #receivedFrame(remote: RemotePeer): number {
    return this.#inputs.lastFrame(remote.players[0] ?? 0);
  }

  #readBlocks(reader: ByteReader, remote: RemotePeer, first: number): InputRefusal | undefined {
    const inputs = this.#inputs;
    const { inputBytes } = inputs;
    for (const player of remote.players) {
      const column = this.#column(player);
      const { rowCount } = this.#header;
      if (reader.varint() !== player) return reader.failed ? "malformed" : "wrong-player";
      if (inputs.lastFrame(player) >= 0 && !inputs.holds(player, Math.max(0, first - 1))) return "too-old";
      inputs.copyColumn(player, first - 1, 1, column);
      if (!readInputRows(reader, column, rowCount, inputBytes)) return "malformed";
      const known = this.#isReadable(first) ? Math.min(inputs.lastFrame(player) - first + 1, rowCount) : 0;
      for (let row = 0; row < known; row++) {
        if (inputs.equals(player, first + row, column, (row + 1) * inputBytes)) continue;
        // What is from before our start came from who fed us: nobody is to blame for it but that one.
        this.#conflictFrame = first + row < this.#firstFrame ? NULL_FRAME : first + row;
        return "conflicting-input";
      }
    }
    return undefined;
  }

  #append(remote: RemotePeer, first: number, from: number, newest: number, nowMs: number): void {
    for (const player of remote.players) {
      const column = this.#column(player);
      for (let frame = from; frame <= newest; frame++) {
        this.#inputs.append(player, column, (frame - first + 1) * this.#inputs.inputBytes);
        this.#runner.inputArrived(player, frame);
      }
    }
    remote.endpoint.inputsArrived(nowMs);
  }

  #measure(remote: RemotePeer, newest: number, ackedFrame: number, clock: ExchangeClock): void {
    const { endpoint, timeSync } = remote;
    const header = this.#header;
    remote.replyDue = !header.isFinished || header.rowCount > 0;
    endpoint.frameAcked(ackedFrame, header.ackDelayMs, clock.nowMs, clock.observedMs);
    endpoint.inboundLoss.arrived(newest);
    if (newest < remote.newestFrame) return;
    timeSync.remoteLagArrived(header.lagUnits);
    remote.delayFrames = header.inputDelayFrames;
    remote.windowFrames = header.windowFrames;
    remote.newestFrame = newest;
    if (!header.hasReport) return;
    endpoint.outboundLossRatio = header.lossUnits / 255;
    remote.toldLateFrames = header.lateFrames;
    remote.reports.arrived(newest - header.checksumDistance, header.checksum);
  }

  #column(player: number): Uint8Array {
    return this.#columns[player] ?? NO_BYTES;
  }
}

const NO_PLAYERS: readonly number[] = [];
const NO_ENTRIES: readonly CarriedEntry[] = [];
const NO_BYTES = new Uint8Array(0);

/** Most rows of so many players that always fit `room` bytes. */
function rowsWithin(room: number, playerCount: number, inputBytes: number): number {
  let rows = INPUT_ROWS_MAX;
  while (rows > 1 && playerCount * inputBlockBytesMax(rows, inputBytes) > room) rows--;
  return rows;
}
