import { assert } from "../base/assert.ts";
import { ByteReader } from "../base/bytes.ts";
import { MEMBERS_MAX, NULL_FRAME, type PeerId } from "../base/units.ts";
import type { AdvanceResult, DropCause, MatchRole, Session, SessionEvent, SessionStats, Transmit } from "../ports/session.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { CurrentSource } from "./current-source.ts";
import { FollowEvents } from "./follow-events.ts";
import type { CreateFollowing, Following } from "./following.ts";
import { LossPauses } from "./loss-pauses.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import { RollbackSession, type RollbackOptions } from "./rollback-session.ts";
import { SessionEvents } from "./session-events.ts";
import type { SessionStart, SettledSource } from "./settled-source.ts";
import type { SeatToPlayerEntry, TimelineEntry } from "./timeline.ts";

export interface MatchOptions extends Omit<RollbackOptions, "start"> {
  /** What follows a match (`createFollowing`), once it is there: most matches never need it, so that it may be loaded when one does. Asked again and again until it is. */
  readonly loadFollowing: () => CreateFollowing | undefined;
  /** `player`: plays from frame 0. `return`: the match runs; follows it, and asks for `playerIndexes`. `watch`: follows it, and asks for nothing. Default `player`. */
  readonly role?: "player" | "return" | "watch";
  /** The seats to play: our own before, or bots'. Left out: those that `players` gives us. */
  readonly playerIndexes?: readonly number[];
  /** When the others went on without us: follow, and ask for our seats again. Default true. */
  readonly rejoin?: boolean;
  /** Whom to follow, best first. Left out: the players. */
  readonly feeders?: readonly PeerId[];
  /** Whether a follower gets the bots' seats that it asks for, where the answer is ours. Left out: whoever had them before frame 0 does; others are left to a `seat-request` event. */
  readonly mayTakeSeats?: (peerId: PeerId, playerIndexes: readonly number[]) => boolean;
}

/** What is due is looked at so often while no frame is asked for. */
const UPDATE_INTERVAL_MS = 50;
/** Frames of one call while a session that joined is not level with the others yet. */
const JOIN_FRAMES = 4;

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * A match for somebody who plays it, with everything that may come between: who was dropped follows the match as it settles, and is a player again as soon as a member has
 * given its seats back. Who comes late does the same from the start.
 */
export class MatchSession implements Session {
  /** What a recorder takes: stays the same while we play and follow in turn. */
  readonly source: SettledSource = new CurrentSource(() => this.#session ?? this.#following?.source);
  readonly #options: MatchOptions;
  readonly #events = new SessionEvents();
  readonly #refusals = new RefusalCounts();
  readonly #told = new FollowEvents(this.#events, this.#refusals);
  readonly #losses = new LossPauses();
  readonly #reader = new ByteReader();
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  /** Last words of a player that was dropped, goodbyes of a follower that is none any more. */
  readonly #farewells: Transmit[] = [];
  /** Whom to follow, best first. */
  readonly #feeders: PeerId[];
  /** The seats that we play, or ask for. */
  #playerIndexes: readonly number[];
  #role: MatchRole = "player";
  /** While we play. */
  #session: RollbackSession | undefined;
  /** While we follow, once it is loaded. */
  #following: Following | undefined;
  /** A session that joined runs several frames a call until it is where the others are: at this frame at that time, and further since. */
  #levelFrame = 0;
  #levelMs = Number.NaN;
  #nowMs: number;
  /** When what follows looked last what is due. */
  #updatedMs: number;
  #hasLeft = false;
  #stalledFrames = 0;

  constructor(nowMs: number, options: MatchOptions) {
    const { role = "player", players, localPeerId } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#updatedMs = nowMs;
    this.#playerIndexes = options.playerIndexes ?? players.flatMap(({ peerId }, player) => (peerId === localPeerId ? [player] : []));
    this.#feeders = [...new Set(options.feeders ?? players.flatMap(({ peerId }) => peerId ?? []))];
    if (role === "player") this.#session = new RollbackSession(nowMs, options);
    else this.#role = role === "watch" ? "watcher" : "returning";
    assert(role !== "return" || this.#playerIndexes.length > 0, "seats to ask for");
  }

  get role(): MatchRole {
    return this.#role;
  }

  /** The players that are ours now: none while we follow. */
  get localPlayers(): readonly number[] {
    return this.#session === undefined ? NO_PLAYERS : this.#playerIndexes;
  }

  /** The session that plays; `undefined` while we follow. */
  get playing(): RollbackSession | undefined {
    return this.#session;
  }

  get frame(): number {
    return this.#session === undefined ? this.confirmedFrame + 1 : this.#session.frame;
  }

  get confirmedFrame(): number {
    return this.#session?.confirmedFrame ?? (this.#following?.frame ?? 0) - 1;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#nowMs = nowMs;
    if (this.#session !== undefined) {
      // What a feeder sent before it heard that we play again.
      const isLate = bytes[0] === ROLLBACK_KIND.feed || bytes[0] === ROLLBACK_KIND.snapshot;
      return isLate ? undefined : this.#session.handlePacket(nowMs, from, bytes);
    }
    const reader = this.#reader;
    reader.reset(bytes);
    const kind = reader.u8();
    const matchEpoch = reader.u8();
    const isOurs = matchEpoch === this.#options.matchEpoch;
    const refusal = reader.failed ? "malformed" : isOurs ? this.#following?.handleMessage(nowMs, from, kind, reader) : "stale-epoch";
    if (refusal !== undefined) this.#refusals.add(refusal);
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#session?.handleTimeout(nowMs);
    this.#updatedMs = nowMs;
    this.#followed()?.update(nowMs);
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#nowMs = nowMs;
    this.#session?.handlePeerGone(nowMs, peerId, cause);
  }

  /** `localInputs`: of the seats that we play or ask for; ignored while we follow. */
  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult {
    this.#nowMs = nowMs;
    const session = this.#session;
    if (session === undefined) return this.#advanceFollowing();
    let result = session.advanceFrame(nowMs, localInputs, resimulationBudgetFrames);
    for (let extra = 1; extra < JOIN_FRAMES && result.outcome === "advanced" && this.#isBehind(session); extra++)
      result = session.advanceFrame(nowMs, localInputs, resimulationBudgetFrames);
    return result.outcome === "over" ? this.#advanceOver(result) : result;
  }

  pollTransmit(): Transmit | undefined {
    return this.#farewells.shift() ?? this.#session?.pollTransmit() ?? this.#following?.pollTransmit();
  }

  pollEvent(): SessionEvent | undefined {
    for (;;) {
      const event = this.#events.poll() ?? this.#pollPlaying() ?? this.#events.poll();
      if (event?.type !== "seat-request" || !this.#mayTakeSeats(event.peerId, event.playerIndexes)) return event;
      this.admit(event.peerId, event.playerIndexes);
    }
  }

  pollTimeoutMs(): number {
    return this.#session === undefined ? this.#updatedMs + UPDATE_INTERVAL_MS : this.#session.pollTimeoutMs();
  }

  costsMeasured(stepMs: number, saveMs: number): void {
    this.#session?.costsMeasured(stepMs, saveMs);
  }

  pause(): void {
    this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  leave(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#session?.leave(nowMs);
    this.#farewells.push(...(this.#following?.leave() ?? []));
    this.#following = undefined;
    this.#hasLeft = true;
  }

  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    return this.#session?.admit(peerId, playerIndexes) ?? false;
  }

  /** One more peer that may be followed, now or later: somebody who came during the match. */
  addFeeder(peerId: PeerId): void {
    if (this.#feeders.includes(peerId) || this.#feeders.length >= MEMBERS_MAX) return;
    this.#feeders.push(peerId);
    this.#following?.addFeeder(peerId);
  }

  /** Asks for these seats of bots, in place of any asked for before. Does nothing while we play. */
  requestSeats(playerIndexes: readonly number[]): void {
    assert(playerIndexes.length > 0, "seats to ask for");
    if (this.#session !== undefined) return;
    this.#playerIndexes = playerIndexes;
    this.#following?.claim(playerIndexes);
    this.#become("returning");
  }

  checksum(frame: number): number | undefined {
    return this.source.checksum(frame);
  }

  stats(): SessionStats {
    if (this.#session !== undefined) return this.#session.stats();
    const { frame, confirmedFrame } = this;
    return {
      frame,
      confirmedFrame,
      rollbacks: 0,
      resimulatedFrames: 0,
      stalledFrames: this.#stalledFrames,
      inputDelayFrames: 0,
      predictionWindowFrames: 0,
      datagramsSent: 0,
      datagramBytesSent: 0,
      datagramsReceived: 0,
      refusals: this.#refusals.toRecord(),
      peers: [],
    };
  }

  /** The session is over: the match is too, unless it is only that the others went on without us. */
  #advanceOver(result: AdvanceResult): AdvanceResult {
    for (let event = this.#pollPlaying(); event !== undefined; event = this.#pollPlaying()) this.#events.add(event);
    return this.#session === undefined ? this.#advanceFollowing() : result;
  }

  /** The next event of who plays that was not told while we followed. */
  #pollPlaying(): SessionEvent | undefined {
    for (;;) {
      const event = this.#session?.pollEvent();
      if (event?.type === "seat-to-player") this.addFeeder(event.peerId);
      if (event?.type === "dropped" && this.#options.rejoin !== false) {
        this.#told.catchUp((this.#session?.confirmedFrame ?? NULL_FRAME) + 1, []);
        this.#keepLastWords();
        this.#session = undefined;
        this.#become("returning");
        return undefined;
      }
      if (event?.type === "seat-to-bot" && event.cause === "lost") this.#losses.note(this.#nowMs, event.peerId);
      const isEntry =
        event?.type === "seat-to-bot" || event?.type === "seat-to-player" || event?.type === "paused" || event?.type === "resumed";
      if (event === undefined || !isEntry || this.#told.isNew(event)) return event;
    }
  }

  /** That we count no more, to all others: what is left to send of a session that was dropped. */
  #keepLastWords(): void {
    for (let transmit = this.#session?.pollTransmit(); transmit !== undefined; transmit = this.#session?.pollTransmit())
      this.#farewells.push({ ...transmit, bytes: transmit.bytes.slice() });
  }

  #mayTakeSeats(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    const { mayTakeSeats, players } = this.#options;
    if (!this.#losses.isOver(this.#nowMs, peerId)) return false;
    return mayTakeSeats?.(peerId, playerIndexes) ?? playerIndexes.every((player) => players[player]?.peerId === peerId);
  }

  #become(role: MatchRole): void {
    if (this.#role !== role) this.#events.add({ type: "role", role });
    this.#role = role;
  }

  /** What follows, while we do; made as soon as it is loaded. */
  #followed(): Following | undefined {
    if (this.#session !== undefined || this.#hasLeft || this.#following !== undefined) return this.#following;
    const create = this.#options.loadFollowing();
    const playerIndexes = this.#role === "watcher" ? NO_PLAYERS : this.#playerIndexes;
    const [events, refusals, told] = [this.#events, this.#refusals, this.#told];
    this.#following = create?.(this.#nowMs, { ...this.#options, feeders: this.#feeders, playerIndexes, events, refusals, told });
    return this.#following;
  }

  #advanceFollowing(): AdvanceResult {
    const result = this.#result;
    const following = this.#followed();
    this.#updatedMs = this.#nowMs;
    following?.update(this.#nowMs);
    const steps = following?.advance() ?? 0;
    result.outcome = steps > 0 ? "advanced" : following?.isOver === true || this.#hasLeft ? "over" : "stalled";
    if (result.outcome === "stalled") this.#stalledFrames++;
    const start = following?.granted();
    if (following !== undefined && start !== undefined) this.#join(following, start);
    return result;
  }

  #join(following: Following, start: SessionStart): void {
    this.#levelFrame = following.levelFrame();
    this.#levelMs = this.#nowMs;
    // What we were given may be what we asked for before.
    const isOurs = (entry: TimelineEntry): entry is SeatToPlayerEntry =>
      entry.type === "seat-to-player" && entry.frame === start.joinFrame && entry.peerId === this.#options.localPeerId;
    this.#playerIndexes = start.timeline.find(isOurs)?.playerIndexes ?? this.#playerIndexes;
    this.#session = new RollbackSession(this.#nowMs, { ...this.#options, start });
    this.#farewells.push(...following.leave());
    this.#following = undefined;
    this.#become("player");
  }

  #isBehind(session: RollbackSession): boolean {
    if (Number.isNaN(this.#levelMs)) return false;
    const level = this.#levelFrame + ((this.#nowMs - this.#levelMs) * this.#options.simulation.frameRateHz) / 1000;
    if (session.frame >= level) this.#levelMs = Number.NaN;
    return !Number.isNaN(this.#levelMs);
  }
}

const NO_PLAYERS: readonly number[] = [];
