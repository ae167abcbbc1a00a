import { assert } from "../base/assert.ts";
import { ByteReader } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { AdvanceResult, DropCause, Session, SessionEvent, SessionStats, Transmit } from "../ports/session.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { Admission } from "./admission.ts";
import { ChecksumWatch } from "./checksum-watch.ts";
import type { Departures } from "./departures.ts";
import type { EntryEffects } from "./entry-effects.ts";
import { FeedServer } from "./feed-server.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { GameEventLog } from "./game-event-log.ts";
import type { InputExchange } from "./input-exchange.ts";
import { ALWAYS } from "./input-table.ts";
import type { LocalInputs } from "./local-inputs.ts";
import { openParts } from "./match-parts.ts";
import { MatchSender } from "./match-sender.ts";
import { Outbox } from "./outbox.ts";
import type { FrameRange } from "./frame-range.ts";
import type { MatchPacing } from "./pacing.ts";
import { Presence } from "./presence.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import { RemotePeer, type RemotePeerOptions } from "./remote-peer.ts";
import { RemotePeers } from "./remote-peers.ts";
import { assertOptions, delayRange, windowRange, type RollbackOptions } from "./rollback-options.ts";
import { SessionEvents } from "./session-events.ts";
import type { SessionHistory } from "./session-history.ts";
import { collectStats } from "./session-stats.ts";
import { SessionClock, SessionStatus } from "./session-status.ts";
import type { SessionRoster } from "./session-roster.ts";
import type { SessionSnapshot, SettledSource } from "./settled-source.ts";
import type { TimelineEntry } from "./timeline.ts";

export type { RollbackOptions } from "./rollback-options.ts";

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * A match by rollback over a full mesh: simulates every frame at once with predicted inputs of the others, and again from the earliest
 * frame whose prediction was wrong. See docs/spec/rollback.md.
 */
export class RollbackSession implements Session, SettledSource {
  readonly #roster: SessionRoster;
  readonly #history: SessionHistory;
  readonly #runner: FrameRunner;
  readonly #effects: EntryEffects;
  readonly #local: LocalInputs;
  readonly #exchange: InputExchange;
  readonly #departures: Departures;
  readonly #remotes = new RemotePeers();
  readonly #presence: Presence;
  readonly #admission: Admission;
  readonly #matchEpoch: number;
  readonly #events = new SessionEvents();
  readonly #gameEvents: GameEventLog;
  readonly #refusals = new RefusalCounts();
  readonly #checksums: ChecksumWatch;
  readonly #pacing: MatchPacing;
  readonly #isFrozen = (member: number): boolean => this.#departures.isFrozen(member);
  readonly #reader = new ByteReader();
  readonly #outbox: Outbox;
  readonly #sender: MatchSender;
  readonly #feed: FeedServer;
  readonly #clock: SessionClock;
  readonly #status = new SessionStatus();
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  #isLimited: boolean;
  #stalledFrames = 0;
  #datagramsReceived = 0;

  constructor(nowMs: number, options: RollbackOptions) {
    assertOptions(options);
    const { simulation, matchEpoch, start, localPeerId } = options;
    const { frameRateHz, inputBytes, playerCount } = simulation;
    this.#clock = new SessionClock(nowMs);
    this.#matchEpoch = matchEpoch;
    const [events, refusals, remotes, clock, status] = [this.#events, this.#refusals, this.#remotes, this.#clock, this.#status];
    const onSeated = (slot: number, frame: number, carrierFrame: number): void => this.#seated(slot, frame, carrierFrame);
    const { roster, history, pacing, gameEvents, runner, effects, local, exchange, departures } = openParts(options, {
      events,
      refusals,
      onSeated,
    });
    this.#roster = roster;
    this.#history = history;
    this.#pacing = pacing;
    this.#gameEvents = gameEvents;
    this.#runner = runner;
    this.#effects = effects;
    this.#local = local;
    this.#exchange = exchange;
    this.#departures = departures;
    this.#isLimited = departures.isJoining;
    for (let slot = 0; slot < roster.playersOf.length; slot++) {
      const peerId = roster.holder(slot);
      if (slot === roster.localMember || peerId === undefined || (history.agreement.vacant & (1 << slot)) !== 0) continue;
      const [ackedFrame, confirmedFrame] = [(start?.joinFrame ?? 0) - 1, (start?.frame ?? 0) - 1];
      this.#open({ slot, peerId, firstFrame: history.firstFrames[slot] ?? 0, ackedFrame, confirmedFrame });
    }
    this.#outbox = new Outbox(localPeerId);
    const members = { localMember: roster.localMember, remotes: () => remotes.list, isFrozen: this.#isFrozen };
    this.#checksums = new ChecksumWatch({ localPeerId, matchEpoch, simulation, runner, members, events, refusals }, options.loadDesync);
    this.#feed = new FeedServer({ source: this, matchEpoch, playerCount, inputBytes, frameRateHz });
    const [checksums, feed] = [this.#checksums, this.#feed];
    this.#presence = new Presence({ remotes, departures, events });
    this.#admission = new Admission({ roster, entries: history.entries, effects, local, runner, departures, remotes });
    this.#sender = new MatchSender({ clock, status, remotes, departures, exchange, runner, checksums, feed, outbox: this.#outbox });
    this.#presence.synchronize(runner.frame);
  }

  /** What was agreed besides inputs, for a replay. */
  get timeline(): readonly TimelineEntry[] {
    return this.#history.timeline.entries;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#clock.observe(nowMs);
    if (this.#status.isOut) return;
    const reader = this.#reader;
    reader.reset(bytes);
    const kind = reader.u8();
    const matchEpoch = reader.u8();
    const sender = this.#roster.memberOf(from);
    const remote = this.#remotes.of(sender);
    const isFollower = kind === ROLLBACK_KIND.follow || kind === ROLLBACK_KIND.feedAck || kind === ROLLBACK_KIND.seatRequest;
    if (remote === undefined && !isFollower) {
      // Who was dropped before we joined may not know it yet; and while we join, we are the last to know who else does.
      return this.#isLimited || (sender >= 0 && sender !== this.#roster.localMember) ? undefined : this.#refuse("stranger");
    }
    if (reader.failed) return this.#refuse("malformed");
    if (matchEpoch !== this.#matchEpoch) return this.#refuse("stale-epoch");
    if (remote?.packets.take(nowMs) === false) return this.#refuse("flood");
    const refusal =
      remote === undefined || isFollower ? this.#feed.handleMessage(nowMs, from, kind, reader) : this.#handleMessage(kind, remote, bytes);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (remote === undefined || isFollower) return this.#answerWishes();
    this.#departures.packetArrived(remote.member, this.#clock.observedMs);
    if (!this.#departures.isFrozen(remote.member)) this.#presence.heard(remote, this.#clock.observedMs, this.#runner.frame);
    this.#settle();
  }

  handleTimeout(nowMs: number): void {
    this.#clock.observe(nowMs);
    this.#watch();
    this.#settle();
    this.#feed.update(nowMs);
    this.#sender.sendOverdue();
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#clock.observe(nowMs);
    const member = this.#roster.memberOf(peerId);
    if (member >= 0 && member !== this.#roster.localMember) this.#departures.handlePeerGone(member, cause, this.#clock.observedMs);
  }

  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult {
    const { localMember, localPlayers } = this.#roster;
    assert(localInputs.length === localPlayers.length * this.#history.inputs.inputBytes, "one packed input per local player");
    this.#clock.observe(nowMs);
    this.#watch();
    this.#settle();
    const runner = this.#runner;
    const resimulatedBefore = runner.resimulatedFrames;
    const result = this.#result;
    result.outcome = "over";
    const isRepaired = !this.#status.isOver && runner.repair(Math.max(1, resimulationBudgetFrames));
    if (isRepaired && runner.canAdvance) {
      result.outcome = "advanced";
      const firstTaken = this.#local.take(runner.frame, localInputs);
      if (localMember >= 0) this.#effects.arrived(localMember, firstTaken);
      runner.advance();
      this.#pacing.frameAdvanced(nowMs, runner.frame);
      this.#sender.sendAll();
    } else if (!this.#status.isOver) {
      result.outcome = "stalled";
      this.#stalledFrames++;
      if (isRepaired) this.#pacing.frameStalled(nowMs);
    }
    this.#settle();
    this.#feed.update(nowMs);
    this.#sender.sendOverdue();
    if (this.#status.isOver) result.paceRatio = 1;
    else this.#pace(nowMs, result);
    result.resimulatedFrames = runner.resimulatedFrames - resimulatedBefore;
    return result;
  }

  pollTransmit(): Transmit | undefined {
    return this.#sender.poll();
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.poll();
  }

  pollTimeoutMs(): number {
    return this.#sender.pollTimeoutMs();
  }

  get frame(): number {
    return this.#runner.frame;
  }

  get confirmedFrame(): number {
    return this.#runner.confirmedFrame;
  }

  stats(): SessionStats {
    const [runner, local, pacing, outbox, remotes] = [this.#runner, this.#local, this.#pacing, this.#outbox, this.#remotes];
    const [stalledFrames, datagramsReceived] = [this.#stalledFrames, this.#datagramsReceived];
    return collectStats({ runner, local, pacing, outbox, remotes, refusals: this.#refusals, stalledFrames, datagramsReceived });
  }

  pause(): void {
    if (!this.#status.isOver) this.#effects.wish("pause", this.#local);
  }

  resume(): void {
    if (!this.#status.isOver) this.#effects.wish("resume", this.#local);
  }

  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    return !this.#status.isOver && this.#admission.admit(peerId, playerIndexes);
  }

  /** Says goodbye: our seats go to their bots at once, after our last input. Drain `pollTransmit` once more; the session is over for us. */
  leave(nowMs: number): void {
    this.#clock.observe(nowMs);
    if (this.#status.isOut) return;
    this.#status.hasLeft = true;
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
    return this.#status.isEndSettled ? this.confirmedFrame : Math.min(this.confirmedFrame, this.#remotes.confirmedFrame());
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
    const baseRow = this.#runner.row(before)?.slice() ?? new Uint8Array(this.#history.inputs.playerCount * this.#history.inputs.inputBytes);
    return { ...snapshot, timeline: this.#history.timeline.settledFrom(0, before), baseRow };
  }

  checksum(frame: number): number | undefined {
    return this.#runner.checksum(frame);
  }

  /** Clock rate, delay, window and distance of saves follow what was measured. */
  #pace(nowMs: number, result: Mutable<AdvanceResult>): void {
    this.#pacing.update(nowMs, this.#remotes.list, this.#isFrozen);
    result.paceRatio = this.#pacing.paceRatio;
    this.#applyPacing();
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
    this.#status.isDropped = true;
    this.#gameEvents.cancelAfter(this.confirmedFrame);
    if (this.#status.endedMs === undefined) this.#events.add({ type: "dropped", frame });
  }

  /** Silence, votes and what follows from them. */
  #watch(): void {
    if (this.#status.isOut || this.#remotes.list.length === 0) return;
    if (!this.#status.isOver) this.#presence.watch(this.#clock);
    const decided = this.#departures.update(this.#remotes.list, !this.#status.isOver, this.#clock);
    if (decided !== 0) for (const remote of this.#remotes.list) if ((decided & (1 << remote.member)) !== 0) this.#seatToBot(remote);
    if (this.#departures.droppedFrame !== undefined) return this.#dropped(this.#departures.droppedFrame);
    if (this.#departures.takeWaiting() && !this.#status.isOver) this.#events.add({ type: "waiting-for-quorum" });
  }

  #seatToBot(remote: RemotePeer): void {
    const { member, endpoint } = remote;
    remote.isGone = true;
    const entry = this.#effects.seatToBot(member, endpoint.peerId, this.#departures.lastFrame(member), this.#departures.cause(member));
    if (!this.#status.isOver) this.#events.add(entry);
    this.#presence.synchronize(this.#runner.frame);
  }

  /** Confirms what can be, ends the match, and compares checksums. */
  #settle(): void {
    if (this.#status.isOut) return;
    if (this.#isLimited) this.#limit();
    while (this.#runner.confirmNext()) this.#effects.confirmed(this.confirmedFrame);
    if (this.#admission.isPending) this.#admission.acceptKnown();
    if (this.#status.endedMs === undefined && this.#runner.endFrame !== undefined) {
      this.#status.endedMs = this.#clock.nowMs;
      this.#events.add({ type: "ended", frame: this.#runner.confirmedFrame, result: this.#runner.result() });
      this.#sender.sendAll();
    }
    if (this.#status.endedMs !== undefined)
      this.#status.isEndSettled ||= this.#departures.mayGoOnWithout(this.#remotes.lacking(this.confirmedFrame));
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
    this.#admission.announce(slot, carrierFrame);
  }

  #open({ slot: member, ...options }: Omit<RemotePeerOptions, "member" | "players" | "observedMs"> & { readonly slot: number }): void {
    const players = this.#roster.playersOf[member] ?? [];
    this.#runner.keepCheckpoints();
    this.#remotes.add(new RemotePeer({ ...options, member, players, observedMs: this.#clock.observedMs }));
  }

  /** Tells of followers that ask for seats, if we are the one who may admit them. */
  #answerWishes(): void {
    for (let wish = this.#feed.takeSeatRequest(); wish !== undefined; wish = this.#feed.takeSeatRequest()) {
      const playerIndexes = this.#history.inputs.playersIn(wish.players);
      if (this.#status.isOver || !this.#admission.isAdmissible(wish, playerIndexes)) continue;
      this.#events.add({ type: "seat-request", peerId: wish.peerId, playerIndexes });
    }
  }

  #refuse(reason: string): void {
    this.#refusals.add(reason);
  }
}
