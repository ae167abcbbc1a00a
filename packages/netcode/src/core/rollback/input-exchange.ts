import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { sequenceDistance, sequenceOf } from "../base/sequence.ts";
import { NULL_FRAME } from "../base/units.ts";
import { DATAGRAM_BYTES_MAX } from "../ports/transport.ts";
import { INPUT_BLOCK_BYTES_MAX, inputBlockBytesMax, readInputRows, writeInputBlock } from "../wire/input-block.ts";
import { INPUT_HEADER_BYTES_MAX, InputHeader, readInputHeader, writeInputHeader } from "../wire/input-datagram.ts";
import { CHECKSUM_INTERVAL_FRAMES, INPUT_ROWS_MAX } from "../wire/limits.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { InputTable } from "./input-table.ts";
import type { RemotePeer } from "./remote-peer.ts";

/** Why an input datagram was refused. */
export type InputRefusal =
  | "malformed"
  | "wrong-player" // a block for a player that the sender does not hold
  | "far-frame" // further ahead than an honest peer can be
  | "gap" // begins after the frame that we wait for
  | "too-old" // its base row is overwritten: a datagram from seconds ago
  | "ack-ahead" // acknowledges what was never sent
  | "conflicting-input"; // another input for a frame that we have: the first one stays

/**
 * An honest peer is at most its window (16) and delay (15) past our newest input, which is our delay (15) past our frame. Less would refuse honest peers;
 * more would let a hostile one overwrite inputs that are still needed.
 */
const AHEAD_FRAMES_MAX = 64;

/** Times of one datagram's arrival or departure. */
export interface ExchangeClock {
  nowMs: number;
  observedMs: number;
  /** Our frame with its fraction, minus our input delay; NaN before the first frame. */
  delayedFrame: number;
}

export interface InputExchangeOptions {
  readonly inputs: InputTable;
  readonly runner: FrameRunner;
  readonly localPlayers: readonly number[];
  readonly matchEpoch: number;
}

/** Turns inputs into datagrams for one peer, and datagrams of a peer into inputs. */
export class InputExchange {
  readonly #inputs: InputTable;
  readonly #runner: FrameRunner;
  readonly #localPlayers: readonly number[];
  readonly #matchEpoch: number;
  readonly #rowsMax: number;
  readonly #header: InputHeader = new InputHeader();
  /** One player's rows each, behind a base row. */
  readonly #columns: readonly Uint8Array[];

  constructor(options: InputExchangeOptions) {
    const { inputs, localPlayers } = options;
    this.#inputs = inputs;
    this.#runner = options.runner;
    this.#localPlayers = localPlayers;
    this.#matchEpoch = options.matchEpoch;
    this.#columns = Array.from({ length: inputs.playerCount }, () => new Uint8Array(INPUT_BLOCK_BYTES_MAX));
    let rowsMax = INPUT_ROWS_MAX;
    const room = DATAGRAM_BYTES_MAX - INPUT_HEADER_BYTES_MAX;
    while (localPlayers.length * inputBlockBytesMax(rowsMax, inputs.inputBytes) > room) rowsMax--;
    this.#rowsMax = rowsMax;
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
    const newest = Math.min(this.newestFrame, acked + this.#rowsMax);
    header.isFinished = isFinished;
    header.matchEpoch = this.#matchEpoch;
    header.newestFrame = newest;
    header.rowCount = newest - acked;
    header.ackDistance = newest - this.#receivedFrame(remote);
    header.ackDelayMs = endpoint.ackHeldMs(clock.nowMs);
    header.lagUnits = remote.timeSync.lagUnits;
    const confirmed = this.#runner.confirmedFrame;
    const reported = confirmed - (confirmed % CHECKSUM_INTERVAL_FRAMES);
    header.hasReport = confirmed >= 0 && reported > remote.reportedFrame;
    header.checksumDistance = newest - reported;
    header.checksum = header.hasReport ? (this.#runner.checksum(reported) ?? 0) : 0;
    header.lossUnits = Math.round(endpoint.inboundLoss.ratio * 255);
    if (header.hasReport) remote.reportedFrame = reported;
    remote.replyDue = false;
    writeInputHeader(writer, header);
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
    if (newest > this.#runner.frame + AHEAD_FRAMES_MAX) return "far-frame";
    if (header.rowCount > 0 && first > received + 1) return "gap";
    const ackedFrame = newest - header.ackDistance;
    if (ackedFrame < NULL_FRAME) return "malformed";
    if (ackedFrame > this.newestFrame) return "ack-ahead";
    const refusal = header.rowCount > 0 ? this.#readBlocks(reader, remote, first) : undefined;
    if (refusal !== undefined) return refusal;
    if (!reader.finished()) return "malformed";
    if (header.rowCount > 0 && newest > received) this.#append(remote, first, received + 1, newest, clock.nowMs);
    this.#measure(remote, newest, ackedFrame, clock);
    return undefined;
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
      const known = Math.min(inputs.lastFrame(player) - first + 1, rowCount);
      for (let row = 0; row < known; row++) {
        if (!inputs.equals(player, first + row, column, (row + 1) * inputBytes)) return "conflicting-input";
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
    if (newest > remote.newestFrame && !Number.isNaN(clock.delayedFrame)) timeSync.sampled(clock.delayedFrame - newest);
    remote.newestFrame = newest;
    if (!header.hasReport) return;
    endpoint.outboundLossRatio = header.lossUnits / 255;
    remote.checksumFrame = newest - header.checksumDistance;
    remote.checksum = header.checksum;
  }

  #column(player: number): Uint8Array {
    return this.#columns[player] ?? NO_BYTES;
  }
}

const NO_PLAYERS: readonly number[] = [];
const NO_BYTES = new Uint8Array(0);
