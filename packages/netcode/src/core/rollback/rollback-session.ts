import { assert } from "../base/assert.ts";
import { ByteReader } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { AdvanceResult, DropCause, Session, SessionEvent, SessionPlayer, SessionStats, Transmit } from "../ports/session.ts";
import type { Simulation } from "../ports/simulation.ts";
import { INPUT_BYTES_MAX, INPUT_DELAY_MAX, PREDICTION_WINDOW_MAX } from "../wire/limits.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { ChecksumWatch } from "./checksum-watch.ts";
import { Departures, SUSPECT_MS } from "./departures.ts";
import { EntryEffects } from "./entry-effects.ts";
import { FeedServer } from "./feed-server.ts";
import { FrameRunner } from "./frame-runner.ts";
import { GameEventLog } from "./game-event-log.ts";
import { InputExchange } from "./input-exchange.ts";
import { ALWAYS, type InputTable } from "./input-table.ts";
import { LocalInputs } from "./local-inputs.ts";
import { Outbox } from "./outbox.ts";
import { MatchPacing, frameRange, type FrameRange } from "./pacing.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import { RemotePeer, type RemotePeerOptions } from "./remote-peer.ts";
import { RemotePeers } from "./remote-peers.ts";
import { SessionEvents } from "./session-events.ts";
import { openHistory, timelineBefore, type SessionHistory } from "./session-history.ts";
import { SessionRoster } from "./session-roster.ts";
import type { SessionSnapshot, SessionStart, SettledSource } from "./settled-source.ts";
import type { TimelineEntry } from "./timeline.ts";

export interface RollbackOptions {
  readonly localPeerId: PeerId;
  readonly players: readonly SessionPlayer[];
  /** The lobby host: of two halves of a split match, the one with it goes on. */
  readonly hostId: PeerId;
  /** 0–255, in every packet: packets of another match are refused. */
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  /** Frames between a local input and the frame that uses it, 0–15, or a range in which it follows how late our inputs come to the others. Default 2. Need not be equal on all peers. */
  readonly inputDelayFrames?: number | FrameRange;
  /** Most frames simulated with predicted inputs, 0–16, or a range in which it follows what this machine can afford. Default 8; 0 is lockstep, where every peer needs an input delay of at least 1. */
  readonly predictionWindowFrames?: number | FrameRange;
  /** Predicted frames between two saves, 1–32. More saves less often and resimulates more. Left out: 1, until costs are told (see `costsMeasured`). */
  readonly saveEveryFrames?: number;
  /** Joins a match that runs, with a simulation whose live state is that before `start.frame`. `players` are those of the match's start. */
  readonly start?: SessionStart;
}

/** A datagram at least so often while no frame is simulated: at half, an idle match costs double; at double, a lost one is noticed late. */
const SEND_INTERVAL_MS = 50;
/** After the end, what a peer lacks is repeated unasked for so long. */
const LINGER_MS = 2000;
/** Time without any call counts as at most so much silence of the others: a page that was frozen must not drop everybody when it wakes. */
const UNOBSERVED_MS_MAX = 250;

/** Joiners into one slot in one match: the count has a byte on the wire. */
const GENERATIONS_MAX = 255;

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * A match by rollback over a full mesh: simulates every frame at once with predicted inputs of the others, and again from the earliest
 * frame whose prediction was wrong. See docs/spec/rollback.md.
 */
export class RollbackSession implements Session, SettledSource {
  readonly #roster: SessionRoster;
  readonly #inputs: InputTable;
  readonly #history: SessionHistory;
  readonly #runner: FrameRunner;
  readonly #effects: EntryEffects;
  readonly #local: LocalInputs;
  readonly #exchange: InputExchange;
  readonly #departures: Departures;
  readonly #remotes = new RemotePeers();
  /** Newcomers who are not counted yet: their slots, and the frames that carry their entries. */
  readonly #newcomers: { readonly slot: number; readonly carrierFrame: number }[] = [];
  readonly #matchEpoch: number;
  readonly #events = new SessionEvents();
  readonly #gameEvents: GameEventLog;
  readonly #refusals = new RefusalCounts();
  readonly #checksums: ChecksumWatch;
  readonly #pacing: MatchPacing;
  readonly #isFrozen = (member: number): boolean => this.#departures.isFrozen(member);
  readonly #reader = new ByteReader();
  readonly #outbox: Outbox;
  readonly #feed: FeedServer;
  readonly #clock = { nowMs: 0, observedMs: 0 };
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  #endedMs: number | undefined;
  #isDropped = false;
  #hasLeft = false;
  #isLimited: boolean;
  #isSynchronized = false;
  #stalledFrames = 0;
  #datagramsReceived = 0;

  constructor(nowMs: number, options: RollbackOptions) {
    assertOptions(options);
    const { simulation, matchEpoch, start, saveEveryFrames, localPeerId } = options;
    this.#clock.nowMs = nowMs;
    this.#matchEpoch = matchEpoch;
    const { frameRateHz, inputBytes, playerCount } = simulation;
    const inputDelay = delayRange(options.inputDelayFrames ?? 2);
    const window = windowRange(options.predictionWindowFrames ?? 8);
    this.#pacing = new MatchPacing({ frameRateHz, inputDelay, window, saveEveryFrames });
    const { inputDelayFrames: delayFrames, windowFrames: predictionWindowFrames } = this.#pacing;
    const roster = new SessionRoster(start === undefined ? options : { ...options, timeline: timelineBefore(start) });
    const history = openHistory(roster, simulation, start);
    const { inputs, entries, pauses, timeline } = history;
    const { localMember, localPlayers } = roster;
    const firstFrame = start?.frame ?? 0;
    this.#roster = roster;
    this.#history = history;
    this.#inputs = inputs;
    const gameEvents = new GameEventLog((stage, frame, name, ordinal, payload) => {
      const event = { type: "game", stage, id: `${frame}:${name}:${ordinal}`, frame, name, payload } as const;
      if (!this.#events.addFromGame(event)) this.#refuse("game-event-overflow");
    });
    this.#gameEvents = gameEvents;
    const runner = new FrameRunner({
      simulation,
      inputs,
      pauses,
      events: gameEvents,
      predictionWindowFrames,
      saveEveryFrames: saveEveryFrames ?? 1,
      start,
    });
    for (let frame = firstFrame - 1; frame >= history.oldestFrame; frame--) runner.backfill(frame);
    this.#runner = runner;
    const onSeated = (slot: number, frame: number, carrierFrame: number): void => this.#seated(slot, frame, carrierFrame);
    this.#effects = new EntryEffects({ localPeerId, roster, inputs, entries, pauses, timeline, runner, events: this.#events, onSeated });
    this.#local = new LocalInputs({ inputs, entries, slot: localMember, players: localPlayers, delayFrames, firstFrame });
    const [effects, local, pacing] = [this.#effects, this.#local, this.#pacing];
    this.#exchange = new InputExchange({
      inputs,
      entries,
      effects,
      runner,
      pacing,
      local,
      localMember,
      localPlayers,
      matchEpoch,
      firstFrame,
    });
    this.#departures = new Departures({ roster, inputs, matchEpoch, start: history.agreement, entries: effects });
    this.#isLimited = this.#departures.isJoining;
    for (let slot = 0; slot < roster.playersOf.length; slot++) {
      const peerId = roster.holder(slot);
      if (slot === localMember || peerId === undefined || (history.agreement.vacant & (1 << slot)) !== 0) continue;
      const ackedFrame = (start?.joinFrame ?? 0) - 1;
      this.#open({ slot, peerId, firstFrame: history.firstFrames[slot] ?? 0, ackedFrame, confirmedFrame: firstFrame - 1 });
    }
    this.#outbox = new Outbox(localPeerId);
    const members = { localMember, remotes: () => this.#remotes.list, isFrozen: this.#isFrozen };
    const [sessionEvents, refusals] = [this.#events, this.#refusals];
    this.#checksums = new ChecksumWatch({ localPeerId, matchEpoch, simulation, runner, members, events: sessionEvents, refusals });
    this.#feed = new FeedServer({ source: this, matchEpoch, playerCount, inputBytes, frameRateHz });
    this.#synchronize();
  }

  /** What was agreed besides inputs, for a replay. */
  get timeline(): readonly TimelineEntry[] {
    return this.#history.timeline.entries;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#observe(nowMs);
    if (this.#isDropped || this.#hasLeft) return;
    const reader = this.#reader;
    reader.reset(bytes);
    const kind = reader.u8();
    const matchEpoch = reader.u8();
    const remote = this.#remotes.of(this.#roster.memberOf(from));
    const isFollower = kind === ROLLBACK_KIND.follow || kind === ROLLBACK_KIND.feedAck || kind === ROLLBACK_KIND.seatRequest;
    if (remote === undefined && !isFollower) return this.#refuse("stranger");
    if (reader.failed) return this.#refuse("malformed");
    if (matchEpoch !== this.#matchEpoch) return this.#refuse("stale-epoch");
    const refusal =
      remote === undefined || isFollower ? this.#feed.handleMessage(nowMs, from, kind, reader) : this.#handleMessage(kind, remote, bytes);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (remote === undefined || isFollower) return this.#answerWishes();
    const { member } = remote;
    this.#departures.packetArrived(member, this.#clock.observedMs);
    if (!this.#departures.isFrozen(member)) this.#heard(remote);
    this.#settle();
  }

  handleTimeout(nowMs: number): void {
    this.#observe(nowMs);
    this.#watch();
    this.#settle();
    this.#feed.update(nowMs);
    this.#sendOverdue();
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#observe(nowMs);
    const member = this.#roster.memberOf(peerId);
    if (member >= 0 && member !== this.#roster.localMember) this.#departures.handlePeerGone(member, cause, this.#clock.observedMs);
  }

  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult {
    const { localMember, localPlayers } = this.#roster;
    assert(localInputs.length === localPlayers.length * this.#inputs.inputBytes, "one packed input per local player");
    this.#observe(nowMs);
    this.#watch();
    this.#settle();
    const runner = this.#runner;
    const resimulatedBefore = runner.resimulatedFrames;
    const result = this.#result;
    result.outcome = "over";
    const isRepaired = !this.#isOver && runner.repair(Math.max(1, resimulationBudgetFrames));
    if (isRepaired && runner.canAdvance) {
      result.outcome = "advanced";
      const firstTaken = this.#local.take(runner.frame, localInputs);
      if (localMember >= 0) this.#effects.arrived(localMember, firstTaken);
      runner.advance();
      this.#pacing.frameAdvanced(nowMs, runner.frame);
      for (const remote of this.#remotes.list) remote.sendDue = true;
    } else if (!this.#isOver) {
      result.outcome = "stalled";
      this.#stalledFrames++;
      if (isRepaired) this.#pacing.frameStalled(nowMs);
    }
    this.#settle();
    this.#feed.update(nowMs);
    this.#sendOverdue();
    result.paceRatio = this.#isOver ? 1 : this.#pace(nowMs);
    result.resimulatedFrames = runner.resimulatedFrames - resimulatedBefore;
    return result;
  }

  pollTransmit(): Transmit | undefined {
    if (this.#isDropped) return undefined;
    const { observedMs } = this.#clock;
    for (const remote of this.#remotes.list) {
      const vote = this.#departures.pollVote(remote.member, observedMs);
      if (vote !== undefined) return this.#outbox.transmit(remote.endpoint.peerId, "reliable", vote);
      if (!remote.sendDue || this.#hasLeft || this.#departures.isFrozen(remote.member)) continue;
      remote.sendDue = false;
      remote.sentMs = this.#clock.nowMs;
      this.#outbox.writer.reset();
      this.#exchange.write(this.#outbox.writer, remote, this.#clock, this.#endedMs !== undefined);
      return this.#outbox.datagram(remote.endpoint.peerId);
    }
    const message = this.#checksums.pollMessage();
    return message === undefined ? this.#feed.pollTransmit() : this.#outbox.transmit(message.to, "reliable", message.bytes);
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.poll();
  }

  pollTimeoutMs(): number {
    let deadlineMs = Number.POSITIVE_INFINITY;
    if (this.#isDropped || this.#hasLeft) return deadlineMs;
    for (const remote of this.#remotes.list) {
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
      inputDelayFrames: this.#local.delayFrames,
      predictionWindowFrames: this.#pacing.windowFrames,
      datagramsSent: this.#outbox.datagramsSent,
      datagramBytesSent: this.#outbox.datagramBytesSent,
      datagramsReceived: this.#datagramsReceived,
      refusals: this.#refusals.toRecord(),
      peers: this.#remotes.list.map(({ endpoint, timeSync }) => ({
        id: endpoint.peerId,
        rttMs: endpoint.rtt.rttMs,
        jitterMs: endpoint.rtt.jitterMs,
        lossRatio: endpoint.outboundLossRatio,
        frameAdvantage: timeSync.frameAdvantage,
      })),
    };
  }

  pause(): void {
    this.#wish("pause");
  }

  resume(): void {
    this.#wish("resume");
  }

  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    const { localMember } = this.#roster;
    const slot = this.#roster.slotOf(playerIndexes);
    const generation = this.#roster.generation(slot) + 1;
    if (this.#isOver || localMember < 0 || slot < 0 || generation > GENERATIONS_MAX || this.#departures.isJoining) return false;
    const frame = this.#local.newestFrame + 1;
    if (this.#effects.seatRefusal(localMember, slot, peerId, frame) !== undefined) return false;
    // What is under way is not in the history yet.
    const unconfirmed = this.#history.entries.between(localMember, this.confirmedFrame + 1, frame).map(({ entry }) => entry);
    for (const entry of [...unconfirmed, ...this.#local.waiting]) {
      if (entry.type === "seat" && (entry.slot === slot || entry.peerId === peerId)) return false;
    }
    this.#local.attach({ type: "seat", slot, peerId, generation });
    return true;
  }

  /** Says goodbye: our seats go to their bots at once, after our last input. Drain `pollTransmit` once more; the session is over for us. */
  leave(nowMs: number): void {
    this.#observe(nowMs);
    if (this.#isDropped || this.#hasLeft) return;
    this.#hasLeft = true;
    this.#departures.leave();
    this.#feed.close();
    this.#gameEvents.cancelAfter(this.confirmedFrame);
  }

  /** Frames from a sampled input to the frame that uses it, from now on (see `RollbackOptions`). A fall waits for samples that are alike. */
  setInputDelay(frames: number | FrameRange): void {
    this.#pacing.limit(delayRange(frames), this.#pacing.window);
    this.#applyPacing();
  }

  /** Most frames simulated with predicted inputs, from now on (see `RollbackOptions`). */
  setPredictionWindow(frames: number | FrameRange): void {
    this.#pacing.limit(this.#pacing.inputDelay, windowRange(frames));
    this.#applyPacing();
  }

  costsMeasured(stepMs: number, saveMs: number): void {
    this.#pacing.costsMeasured(stepMs, saveMs);
  }

  get settledFrame(): number {
    return Math.min(this.confirmedFrame, this.#remotes.confirmedFrame());
  }

  get oldestFrame(): number {
    return this.#runner.oldestRow;
  }

  copyRow(frame: number, into: Uint8Array): void {
    const row = this.#runner.row(frame);
    assert(row !== undefined && frame <= this.confirmedFrame, "a confirmed frame whose inputs are still here");
    into.set(row);
  }

  entriesFrom(frame: number): readonly TimelineEntry[] {
    return this.#history.timeline.settledFrom(frame, this.settledFrame);
  }

  takeSnapshot(): SessionSnapshot | undefined {
    const snapshot = this.#runner.takeSnapshot();
    if (snapshot === undefined) return undefined;
    const before = snapshot.frame - 1;
    const baseRow = this.#runner.row(before)?.slice() ?? new Uint8Array(this.#inputs.playerCount * this.#inputs.inputBytes);
    return { ...snapshot, timeline: this.#history.timeline.settledFrom(0, before), baseRow };
  }

  checksum(frame: number): number | undefined {
    return this.#runner.checksum(frame);
  }

  /** The match is over for us: it ended, or went on without us. */
  get #isOver(): boolean {
    return this.#endedMs !== undefined || this.#isDropped || this.#hasLeft;
  }

  #observe(nowMs: number): void {
    const clock = this.#clock;
    assert(nowMs >= clock.nowMs, "a clock that never goes back");
    clock.observedMs += Math.min(nowMs - clock.nowMs, UNOBSERVED_MS_MAX);
    clock.nowMs = nowMs;
  }

  /** The clock rate for now; delay, window and distance of saves follow what was measured. */
  #pace(nowMs: number): number {
    const ratio = this.#pacing.update(nowMs, this.#remotes.list, this.#isFrozen);
    this.#applyPacing();
    return ratio;
  }

  #applyPacing(): void {
    const { inputDelayFrames, windowFrames, saveEveryFrames } = this.#pacing;
    this.#local.setDelay(inputDelayFrames);
    // Two peers that begin lockstep at once would wait for each other if their delays had not risen yet.
    this.#runner.setWindow(this.#local.delayFrames === 0 ? Math.max(1, windowFrames) : windowFrames);
    this.#runner.setSaveSpacing(saveEveryFrames);
  }

  #handleMessage(kind: number, remote: RemotePeer, bytes: Uint8Array): string | undefined {
    switch (kind) {
      case ROLLBACK_KIND.input:
      case ROLLBACK_KIND.lastInput:
        if (this.#departures.isFrozen(remote.member)) return undefined;
        this.#datagramsReceived++;
        return this.#readInputs(remote, kind === ROLLBACK_KIND.lastInput);
      case ROLLBACK_KIND.dropVote: {
        const refusal = this.#departures.handleVote(this.#reader, bytes, remote.member);
        this.#watch();
        return refusal;
      }
      case ROLLBACK_KIND.checksumLog:
      case ROLLBACK_KIND.stateRequest:
      case ROLLBACK_KIND.stateReply:
        return this.#checksums.handleMessage(this.#clock.nowMs, kind, this.#reader, remote);
      default:
        return "unknown-kind";
    }
  }

  #readInputs(remote: RemotePeer, isFinished: boolean): string | undefined {
    const refusal = this.#exchange.read(this.#reader, remote, this.#clock, isFinished);
    const { conflictFrame: frame } = this.#exchange;
    if (refusal !== "conflicting-input" || remote.isConflicting || frame < remote.firstFrame) return refusal;
    remote.isConflicting = true;
    this.#events.add({ type: "conflicting-input", peerId: remote.endpoint.peerId, frame });
    return refusal;
  }

  #dropped(frame: number): void {
    this.#isDropped = true;
    this.#gameEvents.cancelAfter(this.confirmedFrame);
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
    for (const { endpoint, member } of this.#remotes.list) if (!endpoint.heard && !this.#departures.isFrozen(member)) return;
    this.#isSynchronized = true;
    this.#events.add({ type: "synchronized", frame: this.#runner.frame });
  }

  /** Silence, votes and what follows from them. */
  #watch(): void {
    if (this.#isDropped || this.#remotes.list.length === 0) return;
    const { observedMs } = this.#clock;
    for (const remote of this.#remotes.list) {
      if (this.#isOver || remote.isSuspect || this.#departures.isFrozen(remote.member)) continue;
      if (remote.endpoint.silentMs(observedMs) < SUSPECT_MS) continue;
      remote.isSuspect = true;
      this.#events.add({ type: "peer-suspect", peerId: remote.endpoint.peerId });
    }
    const decided = this.#departures.update(this.#remotes.list, !this.#isOver, observedMs);
    if (decided !== 0) for (const remote of this.#remotes.list) if ((decided & (1 << remote.member)) !== 0) this.#seatToBot(remote);
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
    this.#effects.withdraw(member, lastFrame);
    this.#runner.rulesChanged(frame);
    remote.isGone = true;
    const entry = { type: "seat-to-bot", peerId: endpoint.peerId, playerIndexes, frame, cause: this.#departures.cause(member) } as const;
    this.#history.timeline.add(entry, member, frame);
    if (!this.#isOver) this.#events.add(entry);
    this.#synchronize();
  }

  /** Confirms what can be, ends the match, and compares checksums. */
  #settle(): void {
    if (this.#isDropped) return;
    if (this.#isLimited) this.#limit();
    while (this.#runner.confirmNext()) this.#effects.confirmed(this.confirmedFrame);
    for (let newcomer = this.#newcomers[0]; newcomer !== undefined && newcomer.carrierFrame <= this.settledFrame;) {
      this.#departures.accept(newcomer.slot);
      this.#newcomers.shift();
      [newcomer] = this.#newcomers;
    }
    if (this.#endedMs === undefined && this.#runner.endFrame !== undefined) {
      this.#endedMs = this.#clock.nowMs;
      this.#events.add({ type: "ended", frame: this.#runner.confirmedFrame, result: this.#runner.result() });
      for (const remote of this.#remotes.list) remote.sendDue = true;
    }
    this.#checksums.update(this.#clock.nowMs);
  }

  /** While the others may decide without us, only what is settled is certain. */
  #limit(): void {
    this.#isLimited = this.#departures.isJoining;
    this.#runner.setLimit(this.#isLimited ? this.#remotes.confirmedFrame() : ALWAYS);
  }

  /** Somebody joins into `slot`, from `frame` on. */
  #seated(slot: number, frame: number, carrierFrame: number): void {
    const peerId = this.#roster.holder(slot);
    if (peerId === undefined || slot === this.#roster.localMember) return;
    // It follows the match up to the frame that carries its entry, at least.
    this.#open({ slot, peerId, firstFrame: frame, ackedFrame: carrierFrame, confirmedFrame: carrierFrame });
    this.#departures.announce(slot, this.#roster.generation(slot));
    this.#newcomers.push({ slot, carrierFrame });
  }

  #open({ slot: member, ...options }: Omit<RemotePeerOptions, "member" | "players" | "observedMs"> & { readonly slot: number }): void {
    const players = this.#roster.playersOf[member] ?? [];
    this.#runner.keepCheckpoints();
    this.#remotes.add(new RemotePeer({ ...options, member, players, observedMs: this.#clock.observedMs }));
  }

  /** Tells of followers that ask for seats: if we are the one who may admit them, and they hear all members. */
  #answerWishes(): void {
    for (let wish = this.#feed.takeSeatRequest(); wish !== undefined; wish = this.#feed.takeSeatRequest()) {
      const { peerId, heardPlayers } = wish;
      const playerIndexes = this.#inputs.playersIn(wish.players);
      const slot = this.#roster.slotOf(playerIndexes);
      const isAdmissible =
        slot >= 0 && this.#effects.seatRefusal(this.#roster.localMember, slot, peerId, this.#local.newestFrame + 1) === undefined;
      const isHeardByAll = this.#remotes.list.every(
        ({ isGone, players }) => isGone || players.every((player) => (heardPlayers & (1 << player)) !== 0),
      );
      if (!this.#isOver && isAdmissible && isHeardByAll) this.#events.add({ type: "seat-request", peerId, playerIndexes });
    }
  }

  /** Asks for a pause or its end, unless that is what is asked for already. */
  #wish(type: "pause" | "resume"): void {
    const { pauses } = this.#history;
    const last = this.#local.waiting.findLast((entry) => entry.type === "pause" || entry.type === "resume");
    const isPaused = last === undefined ? pauses.isPaused(ALWAYS) : last.type === "pause";
    if (this.#isOver || isPaused === (type === "pause")) return;
    if (this.#roster.localMember >= 0) return this.#local.attach({ type });
    // A match of bots only has no inputs that could carry it.
    pauses.add(this.#runner.frame, -1, type === "pause");
  }

  /** True while `remote` is to hear from us at least every `SEND_INTERVAL_MS`. */
  #owes(remote: RemotePeer): boolean {
    if (this.#departures.isFrozen(remote.member)) return false;
    if (this.#endedMs === undefined || remote.replyDue) return true;
    return remote.endpoint.ackedFrame < this.#runner.confirmedFrame && this.#clock.nowMs < this.#endedMs + LINGER_MS;
  }

  #sendOverdue(): void {
    for (const remote of this.#remotes.list) {
      if (this.#clock.nowMs >= remote.sentMs + SEND_INTERVAL_MS && this.#owes(remote)) remote.sendDue = true;
    }
  }

  #refuse(reason: string): void {
    this.#refusals.add(reason);
  }
}

function assertOptions(options: RollbackOptions): void {
  const { simulation, matchEpoch, saveEveryFrames = 1 } = options;
  assert(options.players.length === simulation.playerCount, "one seat per player of the simulation");
  assert(simulation.inputBytes >= 1 && simulation.inputBytes <= INPUT_BYTES_MAX, `inputs of 1 to ${INPUT_BYTES_MAX} bytes`);
  assert(matchEpoch >>> 0 === matchEpoch && matchEpoch <= 0xff, "a match epoch of 0 to 255");
  assert(saveEveryFrames >>> 0 === saveEveryFrames && saveEveryFrames >= 1 && saveEveryFrames <= 32, "a save every 1 to 32 frames");
}

function delayRange(frames: number | FrameRange): FrameRange {
  return frameRange(frames, INPUT_DELAY_MAX, "an input delay");
}

function windowRange(frames: number | FrameRange): FrameRange {
  return frameRange(frames, PREDICTION_WINDOW_MAX, "a prediction window");
}
