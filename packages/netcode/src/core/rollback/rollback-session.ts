import { assert } from "../base/assert.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { AdvanceResult, DropCause, Session, SessionEvent, SessionPlayer, SessionStats, Transmit } from "../ports/session.ts";
import type { Simulation } from "../ports/simulation.ts";
import { DATAGRAM_BYTES_MAX, type Channel } from "../ports/transport.ts";
import { INPUT_BYTES_MAX, INPUT_DELAY_MAX, PREDICTION_WINDOW_MAX } from "../wire/limits.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { Departures, SUSPECT_MS } from "./departures.ts";
import { FrameRunner } from "./frame-runner.ts";
import { GameEventLog } from "./game-event-log.ts";
import { InputExchange } from "./input-exchange.ts";
import { InputTable } from "./input-table.ts";
import { RemotePeer } from "./remote-peer.ts";
import { SessionRoster } from "./session-roster.ts";
import { paceRatio } from "./time-sync.ts";
import { Timeline, type TimelineEntry } from "./timeline.ts";

export interface RollbackOptions {
  readonly localPeerId: PeerId;
  readonly players: readonly SessionPlayer[];
  /** The lobby host: of two halves of a split match, the one with it goes on. */
  readonly hostId: PeerId;
  /** 0–255, in every packet: packets of another match are refused. */
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  /** Frames between a local input and the frame that uses it, 0–15. Default 2. Need not be equal on all peers. */
  readonly inputDelayFrames?: number;
  /** Most frames simulated with predicted inputs, 0–16. Default 8; 0 is lockstep, where every peer needs an input delay of at least 1. */
  readonly predictionWindowFrames?: number;
  /** Predicted frames between two saves, 1–32. More saves less often and resimulates more. Default 1. */
  readonly saveEveryFrames?: number;
}

/** A datagram at least so often while no frame is simulated: at half, an idle match costs double; at double, a lost one is noticed late. */
const SEND_INTERVAL_MS = 50;
/** After the end, what a peer lacks is repeated unasked for so long. */
const LINGER_MS = 2000;
/** Time without any call counts as at most so much silence of the others: a page that was frozen must not drop everybody when it wakes. */
const UNOBSERVED_MS_MAX = 250;
/** Events that nobody fetches are kept up to here, then counted and lost. */
const EVENTS_MAX = 4096;

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * A match by rollback over a full mesh: simulates every frame at once with predicted inputs of the others, and again from the earliest
 * frame whose prediction was wrong. See docs/spec/rollback.md.
 */
export class RollbackSession implements Session {
  readonly #roster: SessionRoster;
  readonly #inputs: InputTable;
  readonly #runner: FrameRunner;
  readonly #exchange: InputExchange;
  readonly #departures: Departures;
  readonly #timeline = new Timeline();
  readonly #remotes: readonly RemotePeer[];
  readonly #matchEpoch: number;
  readonly #inputDelayFrames: number;
  readonly #frameMs: number;
  readonly #events: SessionEvent[] = [];
  #eventIndex = 0;
  readonly #refusals = new Map<string, number>();
  readonly #reader = new ByteReader();
  readonly #datagram = new Uint8Array(DATAGRAM_BYTES_MAX);
  readonly #writer = new ByteWriter(this.#datagram);
  /** Views of the datagram by size, made when first needed: most matches see some twenty sizes. */
  readonly #views: (Uint8Array | undefined)[] = [];
  readonly #clock = { nowMs: 0, observedMs: 0, delayedFrame: Number.NaN };
  readonly #transmit: Mutable<Transmit>;
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  #firstFrameMs = Number.NaN;
  #advancedMs = 0;
  #endedMs: number | undefined;
  #isDropped = false;
  #isSynchronized = false;
  #stalledFrames = 0;
  #datagramsSent = 0;
  #datagramBytesSent = 0;
  #datagramsReceived = 0;

  constructor(nowMs: number, options: RollbackOptions) {
    const { simulation, matchEpoch, inputDelayFrames = 2, predictionWindowFrames: window = 8, saveEveryFrames = 1 } = options;
    assert(options.players.length === simulation.playerCount, "one seat per player of the simulation");
    assert(simulation.inputBytes >= 1 && simulation.inputBytes <= INPUT_BYTES_MAX, `inputs of 1 to ${INPUT_BYTES_MAX} bytes`);
    assert(matchEpoch >>> 0 === matchEpoch && matchEpoch <= 0xff, "a match epoch of 0 to 255");
    assert(inputDelayFrames >>> 0 === inputDelayFrames && inputDelayFrames <= INPUT_DELAY_MAX, `an input delay of 0 to ${INPUT_DELAY_MAX}`);
    assert(window >>> 0 === window && window <= PREDICTION_WINDOW_MAX, `a prediction window of 0 to ${PREDICTION_WINDOW_MAX}`);
    // Else everybody waits for an input that is only sampled once theirs is there.
    assert(inputDelayFrames + window > 0, "an input delay of at least 1 in lockstep");
    assert(saveEveryFrames >>> 0 === saveEveryFrames && saveEveryFrames >= 1 && saveEveryFrames <= 32, "a save every 1 to 32 frames");
    this.#clock.nowMs = nowMs;
    this.#matchEpoch = matchEpoch;
    this.#inputDelayFrames = inputDelayFrames;
    this.#frameMs = 1000 / simulation.frameRateHz;
    const roster = new SessionRoster(options);
    const inputs = new InputTable(simulation.playerCount, simulation.inputBytes, roster.localPlayers);
    this.#roster = roster;
    this.#inputs = inputs;
    for (const [player, seat] of options.players.entries()) if (seat.peerId === undefined) inputs.setBotFrom(player, 0);
    const events = new GameEventLog((stage, frame, name, ordinal, payload) => {
      if (this.#events.length < EVENTS_MAX)
        this.#events.push({ type: "game", stage, id: `${frame}:${name}:${ordinal}`, frame, name, payload });
      else this.#refuse("game-event-overflow");
    });
    this.#runner = new FrameRunner({ simulation, inputs, events, predictionWindowFrames: window, saveEveryFrames });
    this.#exchange = new InputExchange({ inputs, runner: this.#runner, localPlayers: roster.localPlayers, matchEpoch });
    this.#departures = new Departures({ roster, inputs, matchEpoch });
    this.#remotes = roster.peerIds.flatMap((peerId, member) =>
      member === roster.localMember ? [] : [new RemotePeer(peerId, member, roster.playersOf[member] ?? [])],
    );
    this.#transmit = { to: options.localPeerId, channel: "unreliable", bytes: new Uint8Array(0) };
    // The frames before the first sampled input can take effect are played, and sent, with nothing pressed.
    const blank = new Uint8Array(INPUT_BYTES_MAX);
    for (const player of roster.localPlayers) for (let frame = 0; frame < inputDelayFrames; frame++) inputs.append(player, blank, 0);
    this.#synchronize();
  }

  /** What was agreed besides inputs, for a replay. */
  get timeline(): readonly TimelineEntry[] {
    return this.#timeline.entries;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#observe(nowMs);
    const member = this.#roster.memberOf(from);
    const remote = this.#remoteOf(member);
    if (remote === undefined) return this.#refuse("stranger");
    if (this.#isDropped) return;
    const reader = this.#reader;
    reader.reset(bytes);
    const kind = reader.u8();
    const matchEpoch = reader.u8();
    if (reader.failed) return this.#refuse("malformed");
    if (matchEpoch !== this.#matchEpoch) return this.#refuse("stale-epoch");
    const refusal = this.#handleMessage(kind, remote, bytes);
    if (refusal !== undefined) return this.#refuse(refusal);
    this.#departures.packetArrived(member, this.#clock.observedMs);
    if (!this.#departures.isFrozen(member)) this.#heard(remote);
    this.#settle();
  }

  handleTimeout(nowMs: number): void {
    this.#observe(nowMs);
    this.#watch();
    this.#settle();
    this.#sendOverdue();
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#observe(nowMs);
    const member = this.#roster.memberOf(peerId);
    if (member >= 0 && member !== this.#roster.localMember) this.#departures.handlePeerGone(member, cause, this.#clock.observedMs);
  }

  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult {
    const { localPlayers } = this.#roster;
    const { inputBytes } = this.#inputs;
    assert(localInputs.length === localPlayers.length * inputBytes, "one packed input per local player");
    this.#observe(nowMs);
    this.#watch();
    this.#settle();
    const runner = this.#runner;
    const resimulatedBefore = runner.resimulatedFrames;
    const result = this.#result;
    result.outcome = "over";
    if (!this.#isOver && runner.repair(Math.max(1, resimulationBudgetFrames)) && runner.canAdvance) {
      result.outcome = "advanced";
      for (let place = 0; place < localPlayers.length; place++)
        this.#inputs.append(localPlayers[place] ?? 0, localInputs, place * inputBytes);
      runner.advance();
      this.#advancedMs = nowMs;
      if (Number.isNaN(this.#firstFrameMs)) this.#firstFrameMs = nowMs;
      for (const remote of this.#remotes) remote.sendDue = true;
    } else if (!this.#isOver) {
      result.outcome = "stalled";
      this.#stalledFrames++;
    }
    this.#settle();
    this.#sendOverdue();
    result.paceRatio = this.#isOver ? 1 : this.#paceRatio(nowMs);
    result.resimulatedFrames = runner.resimulatedFrames - resimulatedBefore;
    return result;
  }

  pollTransmit(): Transmit | undefined {
    if (this.#isDropped) return undefined;
    const { observedMs } = this.#clock;
    for (const remote of this.#remotes) {
      const vote = this.#departures.pollVote(remote.member, observedMs);
      if (vote !== undefined) return this.#fillTransmit(remote, "reliable", vote);
      if (!remote.sendDue || this.#departures.isFrozen(remote.member)) continue;
      remote.sendDue = false;
      remote.sentMs = this.#clock.nowMs;
      this.#writer.reset();
      this.#exchange.write(this.#writer, remote, this.#clock, this.#endedMs !== undefined);
      this.#datagramsSent++;
      const { sizeBytes } = this.#writer;
      this.#datagramBytesSent += sizeBytes;
      return this.#fillTransmit(remote, "unreliable", (this.#views[sizeBytes] ??= this.#datagram.subarray(0, sizeBytes)));
    }
    return undefined;
  }

  pollEvent(): SessionEvent | undefined {
    const event = this.#events[this.#eventIndex];
    if (event !== undefined) this.#eventIndex++;
    if (this.#eventIndex === this.#events.length) {
      this.#events.length = 0;
      this.#eventIndex = 0;
    }
    return event;
  }

  pollTimeoutMs(): number {
    let deadlineMs = Number.POSITIVE_INFINITY;
    if (this.#isDropped) return deadlineMs;
    for (const remote of this.#remotes) {
      if (this.#owes(remote)) deadlineMs = Math.min(deadlineMs, remote.sentMs + SEND_INTERVAL_MS);
    }
    return deadlineMs;
  }

  get confirmedFrame(): number {
    return this.#runner.confirmedFrame;
  }

  stats(): SessionStats {
    return {
      frame: this.#runner.frame,
      confirmedFrame: this.confirmedFrame,
      rollbacks: this.#runner.rollbacks,
      resimulatedFrames: this.#runner.resimulatedFrames,
      stalledFrames: this.#stalledFrames,
      datagramsSent: this.#datagramsSent,
      datagramBytesSent: this.#datagramBytesSent,
      datagramsReceived: this.#datagramsReceived,
      refusals: Object.fromEntries(this.#refusals),
      peers: this.#remotes.map(({ endpoint, timeSync }) => ({
        id: endpoint.peerId,
        rttMs: endpoint.rtt.rttMs,
        jitterMs: endpoint.rtt.jitterMs,
        lossRatio: endpoint.outboundLossRatio,
        frameAdvantage: timeSync.frameAdvantage,
      })),
    };
  }

  pause(): void {}

  resume(): void {}

  admit(_peerId: PeerId, _playerIndexes: readonly number[]): boolean {
    return false;
  }

  checksum(frame: number): number | undefined {
    return this.#runner.checksum(frame);
  }

  /** The match is over for us: it ended, or went on without us. */
  get #isOver(): boolean {
    return this.#endedMs !== undefined || this.#isDropped;
  }

  #remoteOf(member: number): RemotePeer | undefined {
    for (const remote of this.#remotes) if (remote.member === member) return remote;
    return undefined;
  }

  #observe(nowMs: number): void {
    const clock = this.#clock;
    assert(nowMs >= clock.nowMs, "a clock that never goes back");
    clock.observedMs += Math.min(nowMs - clock.nowMs, UNOBSERVED_MS_MAX);
    clock.nowMs = nowMs;
    const sinceFrame = Math.min(1, (nowMs - this.#advancedMs) / this.#frameMs);
    clock.delayedFrame = Number.isNaN(this.#firstFrameMs) ? Number.NaN : this.#runner.frame - 1 + sinceFrame - this.#inputDelayFrames;
  }

  #handleMessage(kind: number, remote: RemotePeer, bytes: Uint8Array): string | undefined {
    switch (kind) {
      case ROLLBACK_KIND.input:
      case ROLLBACK_KIND.lastInput:
        if (this.#departures.isFrozen(remote.member)) return undefined;
        this.#datagramsReceived++;
        return this.#exchange.read(this.#reader, remote, this.#clock, kind === ROLLBACK_KIND.lastInput);
      case ROLLBACK_KIND.dropVote: {
        const refusal = this.#departures.handleVote(this.#reader, bytes, remote.member);
        this.#watch();
        return refusal;
      }
      default:
        return "unknown-kind";
    }
  }

  #dropped(frame: number): void {
    this.#isDropped = true;
    if (this.#endedMs === undefined) this.#events.push({ type: "dropped", frame });
  }

  #heard(remote: RemotePeer): void {
    const isFirst = !remote.endpoint.heard;
    remote.endpoint.packetArrived(this.#clock.observedMs);
    if (isFirst) this.#synchronize();
    if (!remote.isSuspect) return;
    remote.isSuspect = false;
    this.#events.push({ type: "peer-recovered", peerId: remote.endpoint.peerId });
  }

  #synchronize(): void {
    if (this.#isSynchronized) return;
    for (const { endpoint, member } of this.#remotes) if (!endpoint.heard && !this.#departures.isFrozen(member)) return;
    this.#isSynchronized = true;
    this.#events.push({ type: "synchronized", frame: this.#runner.frame });
  }

  /** Silence, votes and what follows from them. */
  #watch(): void {
    if (this.#isDropped || this.#remotes.length === 0) return;
    const { observedMs } = this.#clock;
    for (const remote of this.#remotes) {
      if (this.#isOver || remote.isSuspect || this.#departures.isFrozen(remote.member)) continue;
      if (remote.endpoint.silentMs(observedMs) < SUSPECT_MS) continue;
      remote.isSuspect = true;
      this.#events.push({ type: "peer-suspect", peerId: remote.endpoint.peerId });
    }
    const decided = this.#departures.update(this.#remotes, !this.#isOver, observedMs);
    if (decided !== 0) for (const remote of this.#remotes) if ((decided & (1 << remote.member)) !== 0) this.#seatToBot(remote);
    if (this.#departures.droppedFrame !== undefined) return this.#dropped(this.#departures.droppedFrame);
    if (this.#departures.takeWaiting() && !this.#isOver) this.#events.push({ type: "waiting-for-quorum" });
  }

  #seatToBot(remote: RemotePeer): void {
    const { member, players: playerIndexes, endpoint } = remote;
    const lastFrame = this.#departures.lastFrame(member);
    const frame = lastFrame + 1;
    for (const player of playerIndexes) {
      for (let filled = this.#runner.confirmedFrame + 1; filled <= lastFrame; filled++) this.#runner.inputArrived(player, filled);
      this.#inputs.setBotFrom(player, frame);
    }
    this.#runner.seatsChanged(frame);
    const entry = { type: "seat-to-bot", peerId: endpoint.peerId, playerIndexes, frame, cause: this.#departures.cause(member) } as const;
    this.#timeline.add(entry);
    if (!this.#isOver) this.#events.push(entry);
    this.#synchronize();
  }

  /** Confirms what can be, ends the match, and compares checksums. */
  #settle(): void {
    if (this.#isDropped) return;
    if (this.#endedMs === undefined && this.#runner.confirm()) {
      this.#endedMs = this.#clock.nowMs;
      this.#events.push({ type: "ended", frame: this.#runner.confirmedFrame, result: this.#runner.result() });
      for (const remote of this.#remotes) remote.sendDue = true;
    }
    for (const remote of this.#remotes) if (remote.checksumFrame !== NULL_FRAME) this.#compareChecksum(remote);
  }

  #compareChecksum(remote: RemotePeer): void {
    const { checksumFrame: frame, checksum: remoteChecksum } = remote;
    const isFrozen = this.#departures.isFrozen(remote.member);
    if (frame > this.#runner.confirmedFrame && !isFrozen) return;
    remote.checksumFrame = NULL_FRAME;
    // Whom we drop may have confirmed frames with inputs that died with it.
    if (isFrozen) return;
    const localChecksum = this.#runner.checksum(frame);
    if (localChecksum === undefined || localChecksum === remoteChecksum) return;
    this.#refuse("desync");
    if (remote.isDesynced) return;
    remote.isDesynced = true;
    this.#events.push({ type: "desync", peerId: remote.endpoint.peerId, frame, localChecksum, remoteChecksum });
  }

  /** True while `remote` is to hear from us at least every `SEND_INTERVAL_MS`. */
  #owes(remote: RemotePeer): boolean {
    if (this.#departures.isFrozen(remote.member)) return false;
    if (this.#endedMs === undefined || remote.replyDue) return true;
    return remote.endpoint.ackedFrame < this.#runner.confirmedFrame && this.#clock.nowMs < this.#endedMs + LINGER_MS;
  }

  #sendOverdue(): void {
    for (const remote of this.#remotes) {
      if (this.#clock.nowMs >= remote.sentMs + SEND_INTERVAL_MS && this.#owes(remote)) remote.sendDue = true;
    }
  }

  #paceRatio(nowMs: number): number {
    let advance = 0;
    let count = 0;
    for (const { member, isSuspect, timeSync } of this.#remotes) {
      if (isSuspect || this.#departures.isFrozen(member)) continue;
      advance += timeSync.frameAdvantage;
      count++;
    }
    return count === 0 ? 1 : paceRatio(advance / count, nowMs - this.#firstFrameMs);
  }

  #fillTransmit(remote: RemotePeer, channel: Channel, bytes: Uint8Array): Transmit {
    this.#transmit.to = remote.endpoint.peerId;
    this.#transmit.channel = channel;
    this.#transmit.bytes = bytes;
    return this.#transmit;
  }

  #refuse(reason: string): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }
}
