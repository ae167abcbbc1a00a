import { assert } from "../base/assert.ts";
import { ByteReader } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { AdvanceResult, DropCause, Session, SessionEvent, SessionPlayer, SessionStats, Transmit } from "../ports/session.ts";
import type { Simulation } from "../ports/simulation.ts";
import { INPUT_BYTES_MAX, INPUT_DELAY_MAX, PREDICTION_WINDOW_MAX } from "../wire/limits.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { ChecksumWatch } from "./checksum-watch.ts";
import { Departures, SUSPECT_MS } from "./departures.ts";
import { FrameRunner } from "./frame-runner.ts";
import { GameEventLog } from "./game-event-log.ts";
import { InputExchange } from "./input-exchange.ts";
import { InputTable } from "./input-table.ts";
import { Outbox } from "./outbox.ts";
import { MatchPacing } from "./pacing.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import { RemotePeer } from "./remote-peer.ts";
import { SessionEvents } from "./session-events.ts";
import { SessionRoster } from "./session-roster.ts";
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
  readonly #events = new SessionEvents();
  readonly #refusals = new RefusalCounts();
  readonly #checksums: ChecksumWatch;
  readonly #pacing = new MatchPacing();
  readonly #isFrozen = (member: number): boolean => this.#departures.isFrozen(member);
  readonly #reader = new ByteReader();
  readonly #outbox: Outbox;
  readonly #clock = { nowMs: 0, observedMs: 0, delayedFrame: Number.NaN };
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  #firstFrameMs = Number.NaN;
  #advancedMs = 0;
  #endedMs: number | undefined;
  #isDropped = false;
  #isSynchronized = false;
  #stalledFrames = 0;
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
      const event = { type: "game", stage, id: `${frame}:${name}:${ordinal}`, frame, name, payload } as const;
      if (!this.#events.addFromGame(event)) this.#refuse("game-event-overflow");
    });
    this.#runner = new FrameRunner({ simulation, inputs, events, predictionWindowFrames: window, saveEveryFrames });
    this.#exchange = new InputExchange({ inputs, runner: this.#runner, localPlayers: roster.localPlayers, matchEpoch });
    this.#departures = new Departures({ roster, inputs, matchEpoch });
    this.#remotes = roster.peerIds.flatMap((peerId, member) =>
      member === roster.localMember ? [] : [new RemotePeer(peerId, member, roster.playersOf[member] ?? [])],
    );
    this.#outbox = new Outbox(options.localPeerId);
    this.#checksums = new ChecksumWatch({ runner: this.#runner, events: this.#events, refusals: this.#refusals });
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
    result.paceRatio = this.#isOver ? 1 : this.#pacing.ratio(this.#remotes, this.#isFrozen, nowMs - this.#firstFrameMs);
    result.resimulatedFrames = runner.resimulatedFrames - resimulatedBefore;
    return result;
  }

  pollTransmit(): Transmit | undefined {
    if (this.#isDropped) return undefined;
    const { observedMs } = this.#clock;
    for (const remote of this.#remotes) {
      const vote = this.#departures.pollVote(remote.member, observedMs);
      if (vote !== undefined) return this.#outbox.transmit(remote.endpoint.peerId, "reliable", vote);
      if (!remote.sendDue || this.#departures.isFrozen(remote.member)) continue;
      remote.sendDue = false;
      remote.sentMs = this.#clock.nowMs;
      this.#outbox.writer.reset();
      this.#exchange.write(this.#outbox.writer, remote, this.#clock, this.#endedMs !== undefined);
      return this.#outbox.datagram(remote.endpoint.peerId);
    }
    return undefined;
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.poll();
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
      datagramsSent: this.#outbox.datagramsSent,
      datagramBytesSent: this.#outbox.datagramBytesSent,
      datagramsReceived: this.#datagramsReceived,
      refusals: this.#refusals.toRecord(),
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
    if (this.#endedMs === undefined) this.#events.add({ type: "dropped", frame });
  }

  #heard(remote: RemotePeer): void {
    const isFirst = !remote.endpoint.heard;
    remote.endpoint.packetArrived(this.#clock.observedMs);
    if (isFirst) this.#synchronize();
    if (!remote.isSuspect) return;
    remote.isSuspect = false;
    this.#events.add({ type: "peer-recovered", peerId: remote.endpoint.peerId });
  }

  #synchronize(): void {
    if (this.#isSynchronized) return;
    for (const { endpoint, member } of this.#remotes) if (!endpoint.heard && !this.#departures.isFrozen(member)) return;
    this.#isSynchronized = true;
    this.#events.add({ type: "synchronized", frame: this.#runner.frame });
  }

  /** Silence, votes and what follows from them. */
  #watch(): void {
    if (this.#isDropped || this.#remotes.length === 0) return;
    const { observedMs } = this.#clock;
    for (const remote of this.#remotes) {
      if (this.#isOver || remote.isSuspect || this.#departures.isFrozen(remote.member)) continue;
      if (remote.endpoint.silentMs(observedMs) < SUSPECT_MS) continue;
      remote.isSuspect = true;
      this.#events.add({ type: "peer-suspect", peerId: remote.endpoint.peerId });
    }
    const decided = this.#departures.update(this.#remotes, !this.#isOver, observedMs);
    if (decided !== 0) for (const remote of this.#remotes) if ((decided & (1 << remote.member)) !== 0) this.#seatToBot(remote);
    if (this.#departures.droppedFrame !== undefined) return this.#dropped(this.#departures.droppedFrame);
    if (this.#departures.takeWaiting() && !this.#isOver) this.#events.add({ type: "waiting-for-quorum" });
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
    if (!this.#isOver) this.#events.add(entry);
    this.#synchronize();
  }

  /** Confirms what can be, ends the match, and compares checksums. */
  #settle(): void {
    if (this.#isDropped) return;
    if (this.#endedMs === undefined && this.#runner.confirm()) {
      this.#endedMs = this.#clock.nowMs;
      this.#events.add({ type: "ended", frame: this.#runner.confirmedFrame, result: this.#runner.result() });
      for (const remote of this.#remotes) remote.sendDue = true;
    }
    for (const remote of this.#remotes) this.#checksums.compare(remote, this.#departures.isFrozen(remote.member));
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

  #refuse(reason: string): void {
    this.#refusals.add(reason);
  }
}
