import { assert, unreachable } from "../core/base/assert.ts";
import { NULL_FRAME, type PeerId } from "../core/base/units.ts";
import type { AdvanceResult, MatchRole, SessionEvent, Transmit } from "../core/ports/session.ts";
import { DATAGRAM_BYTES_MAX, RELIABLE_BYTES_MAX, type SendOutcome } from "../core/ports/transport.ts";
import * as ROLLBACK_KIND from "../core/wire/rollback-kind.ts";
import { confirmedTold } from "./confirmed-told.ts";
import { isEqual, PeerHistory } from "./peer-history.ts";
import { EventLedger } from "./event-ledger.ts";
import { zeroCounts, type MatchCounts } from "./match-counts.ts";
import { PauseLedger } from "./pause-ledger.ts";
import type { SimPeer } from "./sim-peer.ts";

/** What is checked of every match, all the time. Each is explained in docs/spec/simulator.md. */
export const CHECKER_NAMES = [
  "exception",
  "time",
  "window",
  "convergence",
  "inputs",
  "events",
  "seats",
  "end",
  "desync",
  "datagrams",
  "queues",
  "refusals",
  "liveness",
] as const;
export type CheckerName = (typeof CHECKER_NAMES)[number];

/** One broken promise. */
export interface MatchFailure {
  readonly checker: CheckerName;
  /** Peer index; −1 when it concerns all. */
  readonly peer: number;
  readonly frame: number;
  /** Virtual time. */
  readonly atMs: number;
  readonly message: string;
}

/** The seats of one peer as another saw them go. */
export interface SeatChange {
  readonly frame: number;
  readonly players: readonly number[];
  /** All that must be equal on every survivor. */
  readonly text: string;
}

/** What is known of one peer. */
export interface PeerRecord {
  frame: number;
  confirmedFrame: number;
  /** Since it came into the match, or came back. */
  history: PeerHistory;
  /** Until the others went on without it, once for each time. */
  readonly pastHistories: PeerHistory[];
  /** It follows the match: all that it simulates is certain. */
  isFollowing: boolean;
  /** It knows the match by a snapshot, and not from its start. */
  isReturned: boolean;
  /** The first frame of the seats that it got during the match. */
  seatFrame: number | undefined;
  /** What it confirmed of each step of the game. */
  readonly rowsByStep: Uint8Array[];
  /** By the peer whose seats are bots' now. */
  readonly seats: Map<PeerId, SeatChange>;
  /** By the peer from which a datagram came: the last frame that it said it had confirmed. */
  readonly told: Map<PeerId, number>;
  /** When the seats of somebody went to bots from whom nothing ever came. */
  unheardDropMs: number;
  /** Frames from which seats went to bots, by the peer that had them. */
  readonly dropFrames: Map<PeerId, number[]>;
  ended: { readonly atMs: number; readonly frame: number; readonly text: string } | undefined;
  /** The first confirmed frame after which its game had a result; unknown of who came back. */
  resultFrame: number | undefined;
  /** The others went on without it. */
  wasDropped: boolean;
  readonly pauses: PauseLedger;
  readonly events: EventLedger;
  /** The game's own number of the last confirmed frame that was stepped. */
  confirmedStepFrame: number;
  /** Lowest confirmed step that was simulated again since the last look. */
  repeatedStepFrame: number;
  /** Datagrams to each peer since the last call of `advanceFrame` or `handleTimeout`. */
  readonly datagramsTo: Map<PeerId, number>;
  /** Who got a second datagram in a frame. */
  repeatedTo: PeerId | undefined;
  transmits: number;
}

const EVENT_COUNTS = { predicted: "eventsPredicted", confirmed: "eventsConfirmed", cancelled: "eventsCancelled" } as const;

/** Of a frame in which the game stood still. */
const NO_ROW = new Uint8Array(0);
const NO_EVENTS: readonly string[] = [];

/** Most frames that a follower simulates in one call. */
const FOLLOWED_FRAMES_MAX = 4;

/** A match notes a few dozen lines; one that flaps is cut off here. */
const LOG_LINES_MAX = 2_000;

/** Most messages that one call of a session may want sent, for each other peer. */
const TRANSMITS_PER_PEER_MAX = 4;

/**
 * Watches a match while it runs and notes every broken promise. All that it knows comes from outside of the sessions: calls, messages, events, and
 * what the recorded games were stepped with. `checkOutcome` does the rest, once the match is over.
 */
export class MatchCheckers {
  readonly failures: MatchFailure[] = [];
  /** What happened when, in words; for people who replay a seed. */
  readonly log: string[] = [];
  readonly counts: MatchCounts = zeroCounts();
  readonly #nowMs: () => number;
  readonly #windowFrames: number;
  readonly #records: readonly PeerRecord[];

  constructor(options: { readonly nowMs: () => number; readonly peerCount: number; readonly windowFrames: number }) {
    this.#nowMs = options.nowMs;
    this.#windowFrames = options.windowFrames;
    this.#records = Array.from({ length: options.peerCount }, () => ({
      frame: 0,
      confirmedFrame: NULL_FRAME,
      history: new PeerHistory(),
      pastHistories: [],
      isFollowing: false,
      isReturned: false,
      seatFrame: undefined,
      rowsByStep: [],
      seats: new Map(),
      told: new Map(),
      unheardDropMs: Number.NEGATIVE_INFINITY,
      dropFrames: new Map(),
      ended: undefined,
      resultFrame: undefined,
      wasDropped: false,
      pauses: new PauseLedger(),
      events: new EventLedger(),
      confirmedStepFrame: NULL_FRAME,
      repeatedStepFrame: Infinity,
      datagramsTo: new Map(),
      repeatedTo: undefined,
      transmits: 0,
    }));
  }

  fail(checker: CheckerName, peer: number, frame: number, message: string): void {
    this.failures.push({ checker, peer, frame, atMs: this.#nowMs(), message });
  }

  /** Adds a line to the log. */
  note(text: string): void {
    if (this.log.length < LOG_LINES_MAX) this.log.push(`${Math.round(this.#nowMs())} ms: ${text}`);
  }

  record(peerIndex: number): PeerRecord {
    const record = this.#records[peerIndex];
    assert(record !== undefined, "a peer of this match");
    return record;
  }

  /** The game of `peer` is about to be stepped. */
  handleStep(peerIndex: number, stepFrame: number): void {
    const record = this.record(peerIndex);
    if (!record.isReturned && stepFrame <= record.confirmedStepFrame)
      record.repeatedStepFrame = Math.min(record.repeatedStepFrame, stepFrame);
  }

  /** `advanceFrame` returned, and its outputs were taken. */
  handleAdvance(peer: SimPeer, result: AdvanceResult): void {
    const record = this.record(peer.index);
    const { frame, confirmedFrame } = peer.session;
    // At its end a match goes back to the confirmed last frame.
    if (record.ended === undefined && frame < record.frame) this.fail("time", peer.index, frame, `frame went back from ${record.frame}`);
    if (confirmedFrame < record.confirmedFrame) {
      this.fail("time", peer.index, frame, `confirmed frame ${confirmedFrame} went back from ${record.confirmedFrame}`);
    }
    if (!(result.paceRatio > 0.5 && result.paceRatio < 2)) this.fail("time", peer.index, frame, `pace ratio ${result.paceRatio}`);
    const ahead = frame - 1 - confirmedFrame;
    // A joiner may run ahead of what it may call confirmed until everybody counts it.
    if (ahead > this.#windowFrames && !record.isReturned) {
      this.fail("window", peer.index, frame - 1, `${ahead} frames past confirmed frame ${confirmedFrame}, of ${this.#windowFrames}`);
    }
    this.#checkRepeated(peer, record);
    const first = record.isFollowing
      ? Math.max(record.confirmedFrame, confirmedFrame - FOLLOWED_FRAMES_MAX) + 1
      : record.confirmedFrame + 1;
    for (let settled = first; settled <= confirmedFrame; settled++) this.#settle(peer, record, settled);
    record.frame = frame;
    record.confirmedFrame = confirmedFrame;
    this.#checkEnd(peer, record);
    this.counts.rollbackFramesMax = Math.max(this.counts.rollbackFramesMax, result.resimulatedFrames);
    this.counts.framesAheadMax = Math.max(this.counts.framesAheadMax, ahead);
  }

  /** The outputs of a call are about to be taken. */
  handleDrain(peer: SimPeer, cause: "frame" | "packet" | "timeout"): void {
    const record = this.record(peer.index);
    record.transmits = 0;
    // The frame in which a match ends may be told at once, besides that frame's own datagram.
    if (record.repeatedTo !== undefined && record.ended === undefined) {
      this.fail("datagrams", peer.index, record.frame, `more than one datagram to ${record.repeatedTo} in one frame`);
    }
    record.repeatedTo = undefined;
    if (cause !== "packet") record.datagramsTo.clear();
  }

  handleTransmit(peer: SimPeer, transmit: Transmit, outcome: SendOutcome): void {
    const record = this.record(peer.index);
    const isDatagram = transmit.channel === "unreliable";
    const bytesMax = isDatagram ? DATAGRAM_BYTES_MAX : RELIABLE_BYTES_MAX;
    if (transmit.bytes.length > bytesMax)
      this.fail("queues", peer.index, record.frame, `${transmit.bytes.length} bytes on ${transmit.channel}`);
    if (++record.transmits > TRANSMITS_PER_PEER_MAX * this.#records.length) {
      this.fail("queues", peer.index, record.frame, `${record.transmits} messages from one call`);
    }
    if (!isDatagram) {
      this.note(`${peer.id}: ${transmit.bytes.length} bytes on ${transmit.channel} to ${transmit.to}`);
      if (outcome === "full") this.fail("queues", peer.index, record.frame, `the ${transmit.channel} channel to ${transmit.to} is full`);
      return;
    }
    // What followers get and say comes on top.
    if (transmit.bytes[0] !== ROLLBACK_KIND.input && transmit.bytes[0] !== ROLLBACK_KIND.lastInput) return;
    const count = (record.datagramsTo.get(transmit.to) ?? 0) + 1;
    record.datagramsTo.set(transmit.to, count);
    if (count > 1) record.repeatedTo = transmit.to;
  }

  /** Virtual time. */
  get nowMs(): number {
    return this.#nowMs();
  }

  /** A message arrived, before the session of `peer` sees it. */
  handlePacket(peer: SimPeer, from: PeerId, bytes: Uint8Array): void {
    const frame = confirmedTold(bytes);
    if (frame === undefined) return;
    const { told } = this.record(peer.index);
    told.set(from, Math.max(told.get(from) ?? NULL_FRAME, frame));
  }

  handleEvent(peer: SimPeer, event: SessionEvent): void {
    const record = this.record(peer.index);
    const { counts } = this;
    if (event.type !== "game") this.note(`${peer.id}: ${JSON.stringify(event)}`);
    switch (event.type) {
      case "synchronized":
        counts.synchronized++;
        return;
      case "peer-suspect":
        counts.suspects++;
        return;
      case "peer-recovered":
        counts.recoveries++;
        return;
      case "waiting-for-quorum":
        counts.waits++;
        return;
      case "seat-to-bot": {
        counts.seatsToBots++;
        if (record.seats.has(event.peerId)) this.fail("seats", peer.index, event.frame, `${event.peerId} went twice`);
        const text = `frame ${event.frame}, players ${event.playerIndexes.join(" ")}, ${event.cause}`;
        if (!record.told.has(event.peerId)) record.unheardDropMs = this.#nowMs();
        record.seats.set(event.peerId, { frame: event.frame, players: event.playerIndexes, text });
        record.dropFrames.set(event.peerId, [...(record.dropFrames.get(event.peerId) ?? []), event.frame]);
        return;
      }
      case "paused":
      case "resumed":
        counts.pauses++;
        if (!record.pauses.add(event.frame, event.type === "paused") && !record.isReturned)
          this.fail("time", peer.index, event.frame, `${event.type} twice, or late`);
        return;
      case "seat-to-player":
        counts.seatsToPlayers++;
        if (event.peerId === peer.id) record.seatFrame = event.frame;
        record.seats.delete(event.peerId);
        return;
      case "seat-request":
      case "desync-evidence":
        return;
      case "repaired":
      case "desync-persists":
        this.fail("desync", peer.index, event.frame, event.type);
        return;
      case "role":
        this.#handleRole(record, event.role);
        return;
      case "conflicting-input":
        this.fail("inputs", peer.index, event.frame, `${event.peerId} is said to have sent two different inputs`);
        return;
      case "dropped":
        counts.drops++;
        record.wasDropped = true;
        return;
      case "desync":
        this.fail("desync", peer.index, event.frame, `${event.localChecksum} here, ${event.remoteChecksum} at ${event.peerId}`);
        return;
      case "game":
        counts[EVENT_COUNTS[event.stage]]++;
        for (const message of record.events.add(event)) this.fail("events", peer.index, event.frame, message);
        return;
      case "ended":
        counts.ends++;
        if (record.ended !== undefined) this.fail("end", peer.index, event.frame, "ended twice");
        record.ended = { atMs: this.#nowMs(), frame: event.frame, text: `frame ${event.frame}: ${JSON.stringify(event.result)}` };
        return;
      default:
        return unreachable(event);
    }
  }

  /** The match of who was there all the time ends with the first confirmed frame after which the game has a result, and with no other. */
  #checkEnd(peer: SimPeer, record: PeerRecord): void {
    if (record.isReturned || (record.ended?.frame === record.resultFrame && (record.resultFrame ?? Infinity) >= record.confirmedFrame))
      return;
    const { ended, resultFrame, confirmedFrame } = record;
    const end = ended === undefined ? "goes on" : `ended with frame ${ended.frame}`;
    this.fail(
      "end",
      peer.index,
      confirmedFrame,
      `${end}, confirmed ${confirmedFrame}; the game has a result after frame ${resultFrame ?? "none"}`,
    );
  }

  /** What was simulated again after it had been confirmed, was simulated with the same inputs. */
  #checkRepeated(peer: SimPeer, record: PeerRecord): void {
    for (let stepFrame = record.repeatedStepFrame; stepFrame <= record.confirmedStepFrame; stepFrame++) {
      const row = peer.simulation.row(stepFrame);
      const confirmed = record.rowsByStep[stepFrame] ?? row;
      if (isEqual(row, confirmed)) continue;
      this.fail("inputs", peer.index, stepFrame, `confirmed with [${confirmed.join(" ")}], then simulated with [${row.join(" ")}]`);
    }
    record.repeatedStepFrame = Infinity;
  }

  #handleRole(record: PeerRecord, role: MatchRole): void {
    record.isFollowing = role !== "player";
    if (!record.isFollowing) {
      this.counts.returns++;
      return;
    }
    record.pastHistories.push(record.history);
    record.history = new PeerHistory();
    record.isReturned = true;
    record.frame = 0;
    record.confirmedFrame = NULL_FRAME;
    record.seats.clear();
    record.events.clear();
  }

  #settle(peer: SimPeer, record: PeerRecord, frame: number): void {
    const checksum = peer.session.checksum(frame);
    if (checksum === undefined && !record.isReturned) this.fail("convergence", peer.index, frame, "a confirmed frame without a checksum");
    if (record.isReturned) {
      // Which step of the game this is, only who was there all the time can tell.
      if (checksum !== undefined) record.history.add(frame, { checksum, row: NO_ROW, eventIds: undefined });
      record.events.forget(frame);
      return;
    }
    const { stepFrame, isStepped } = record.pauses.stepOf(frame);
    if (!isStepped) {
      record.history.add(frame, { checksum: checksum ?? 0, row: NO_ROW, eventIds: NO_EVENTS });
      return;
    }
    const row = peer.simulation.row(stepFrame);
    const eventIds = peer.simulation.eventNames(stepFrame).map((name) => `${frame}:${name}`);
    record.confirmedStepFrame = stepFrame;
    if (peer.simulation.isFinal(stepFrame)) record.resultFrame ??= frame;
    record.rowsByStep[stepFrame] = row.slice();
    this.#checkOwnInputs(peer, frame, row);
    for (const message of record.events.settle(frame, eventIds)) this.fail("events", peer.index, frame, message);
    record.history.add(frame, { checksum: checksum ?? 0, row: row.slice(), eventIds });
  }

  /** What a peer confirms of its own seats is what its players did, unless a bot has them by now. */
  #checkOwnInputs(peer: SimPeer, frame: number, row: Uint8Array): void {
    const { inputBytes, playerCount } = peer.simulation;
    if (peer.inputDelayFrames === undefined) return;
    const taken = peer.inputsTaken[frame - peer.inputDelayFrames];
    for (let seat = 0; seat < peer.localPlayers.length; seat++) {
      const player = peer.localPlayers[seat] ?? 0;
      if (row[playerCount * inputBytes + player] === 1) continue;
      for (let index = 0; index < inputBytes; index++) {
        const expected = taken?.[seat * inputBytes + index] ?? 0;
        const actual = row[player * inputBytes + index];
        if (actual !== expected)
          this.fail("inputs", peer.index, frame, `own player ${player}: byte ${index} is ${actual}, was given as ${expected}`);
      }
    }
  }
}
