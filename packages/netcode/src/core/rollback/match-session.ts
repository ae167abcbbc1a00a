import { assert } from "../base/assert.ts";
import { ByteReader } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { AdvanceResult, DropCause, MatchRole, Session, SessionEvent, SessionStats, Transmit } from "../ports/session.ts";
import { rollbackFirst, rollbackLast } from "../ports/packet-kind.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FollowEvents } from "./follow-events.ts";
import { CATCH_UP_FRAMES, UPDATE_INTERVAL_MS } from "./follow-session.ts";
import { HISTORY_FRAMES } from "./input-table.ts";
import { MatchFollower } from "./match-follower.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import { RollbackSession, type RollbackOptions } from "./rollback-session.ts";
import { SeatClaim } from "./seat-claim.ts";
import { SessionEvents } from "./session-events.ts";
import { CurrentSource } from "./current-source.ts";
import type { SettledSource } from "./settled-source.ts";
import type { SeatToPlayerEntry } from "./timeline.ts";

export interface MatchOptions extends Omit<RollbackOptions, "start"> {
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

/** Following: what has to be there at once. */
interface Following {
  readonly follower: MatchFollower;
  /** `undefined` for who only watches. */
  readonly claim: SeatClaim | undefined;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * A match for somebody who plays it, with everything that may come between: who was dropped follows the match as it settles, and is a player again as soon as a member has
 * given its seats back. Who comes late does the same from the start.
 */
export class MatchSession implements Session {
  readonly #options: MatchOptions;
  /** The seats that we play, or ask for. */
  #playerIndexes: readonly number[];
  readonly #events = new SessionEvents();
  readonly #refusals = new RefusalCounts();
  readonly #told = new FollowEvents(this.#events, this.#refusals);
  readonly #reader = new ByteReader();
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  /** Goodbyes of a follower that is none any more. */
  readonly #farewells: Transmit[] = [];
  /** Exactly one of the two is there. */
  #session: RollbackSession | undefined;
  #following: Following | undefined;
  /** A session that joined runs several frames a call until it is here. */
  #levelFrame = 0;
  #nowMs: number;
  #isOver = false;
  #stalledFrames = 0;

  constructor(nowMs: number, options: MatchOptions) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#playerIndexes =
      options.playerIndexes ?? options.players.flatMap(({ peerId }, player) => (peerId === options.localPeerId ? [player] : []));
    if ((options.role ?? "player") === "player") this.#session = new RollbackSession(nowMs, options);
    else this.#follow(options.role === "return");
  }

  get role(): MatchRole {
    if (this.#session !== undefined) return "player";
    return this.#following?.claim === undefined ? "watcher" : "returning";
  }

  /** The players that are ours now: none while we follow. */
  get localPlayers(): readonly number[] {
    return this.#session === undefined ? NO_PLAYERS : this.#playerIndexes;
  }

  /** The session that plays; `undefined` while we follow. */
  get playing(): RollbackSession | undefined {
    return this.#session;
  }

  /** What a recorder takes: stays the same while we play and follow in turn. */
  readonly source: SettledSource = new CurrentSource(() => this.#session ?? this.#following?.follower);

  get confirmedFrame(): number {
    return this.#session?.confirmedFrame ?? (this.#following?.follower.runner.frame ?? 0) - 1;
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
    const refusal = reader.failed ? "malformed" : isOurs ? this.#handleMessage(nowMs, from, kind, reader) : "stale-epoch";
    if (refusal !== undefined) this.#refusals.add(refusal);
  }

  handleTimeout(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#session?.handleTimeout(nowMs);
    if (this.#following !== undefined) this.#update(this.#following);
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#nowMs = nowMs;
    this.#session?.handlePeerGone(nowMs, peerId, cause);
  }

  /** `localInputs`: of the seats that we play or ask for; ignored while we follow. */
  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult {
    this.#nowMs = nowMs;
    if (this.#following !== undefined) this.#update(this.#following);
    const session = this.#session;
    if (session === undefined) return this.#advanceFollowing();
    let result = session.advanceFrame(nowMs, localInputs, resimulationBudgetFrames);
    for (let extra = 1; extra < CATCH_UP_FRAMES && result.outcome === "advanced" && this.#isBehind(session); extra++)
      result = session.advanceFrame(nowMs, localInputs, resimulationBudgetFrames);
    return result;
  }

  pollTransmit(): Transmit | undefined {
    const farewell = this.#farewells.shift();
    if (farewell !== undefined) return farewell;
    if (this.#session !== undefined) return this.#session.pollTransmit();
    return this.#following?.follower.client.pollTransmit() ?? this.#following?.claim?.pollTransmit();
  }

  pollEvent(): SessionEvent | undefined {
    for (;;) {
      const event = this.#events.poll() ?? this.#pollPlaying();
      if (event?.type === "seat-request" && this.#mayTakeSeats(event.peerId, event.playerIndexes)) {
        this.admit(event.peerId, event.playerIndexes);
        continue;
      }
      if (event?.type !== "dropped" || this.#options.rejoin === false) return event;
      this.#told.catchUp((this.#session?.confirmedFrame ?? NULL_FRAME) + 1, []);
      this.#session = undefined;
      this.#follow(true);
      return { type: "role", role: "returning" };
    }
  }

  /** The next event of who plays that was not told while we followed. */
  #pollPlaying(): SessionEvent | undefined {
    for (;;) {
      const event = this.#session?.pollEvent();
      const isEntry =
        event?.type === "seat-to-bot" || event?.type === "seat-to-player" || event?.type === "paused" || event?.type === "resumed";
      if (event === undefined || !isEntry || this.#told.isNew(event)) return event;
    }
  }

  pollTimeoutMs(): number {
    return this.#session === undefined ? this.#nowMs + UPDATE_INTERVAL_MS : this.#session.pollTimeoutMs();
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
    this.#following?.follower.client.stop();
    this.#isOver = true;
  }

  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    return this.#session?.admit(peerId, playerIndexes) ?? false;
  }

  /** Asks for these seats of bots, in place of any asked for before. Only while we follow. */
  requestSeats(playerIndexes: readonly number[]): void {
    const { follower } = this.#following ?? {};
    if (follower === undefined) return;
    assert(playerIndexes.length > 0, "seats to ask for");
    const before = this.role;
    this.#playerIndexes = playerIndexes;
    this.#following = { follower, claim: this.#claim(follower) };
    if (before !== this.role) this.#events.add({ type: "role", role: this.role });
  }

  checksum(frame: number): number | undefined {
    return this.#session?.checksum(frame) ?? this.#following?.follower.checksum(frame);
  }

  stats(): SessionStats {
    if (this.#session !== undefined) return this.#session.stats();
    const frame = this.confirmedFrame + 1;
    return {
      frame,
      confirmedFrame: frame - 1,
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

  #handleMessage(nowMs: number, from: PeerId, kind: number, reader: ByteReader): string | undefined {
    const { follower, claim } = this.#following ?? {};
    switch (kind) {
      case ROLLBACK_KIND.feed:
        if (claim !== undefined && from !== follower?.client.feeder) return claim.handleAnswer(nowMs, from, reader);
        return follower?.handleMessage(nowMs, from, kind, reader);
      case ROLLBACK_KIND.follow:
      case ROLLBACK_KIND.snapshot:
        return follower?.handleMessage(nowMs, from, kind, reader);
      default:
        // Members go on sending inputs, votes and more to who was one of them, and others may take us for a feeder.
        return kind >= rollbackFirst && kind <= rollbackLast ? undefined : "unknown-kind";
    }
  }

  #mayTakeSeats(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    const { mayTakeSeats, players } = this.#options;
    return mayTakeSeats?.(peerId, playerIndexes) ?? playerIndexes.every((player) => players[player]?.peerId === peerId);
  }

  #follow(isClaiming: boolean): void {
    assert(!isClaiming || this.#playerIndexes.length > 0, "seats to ask for");
    const follower = new MatchFollower(this.#nowMs, {
      ...this.#options,
      historyFrames: HISTORY_FRAMES,
      // Who asks for seats later may follow a little late until then.
      isLive: isClaiming,
      serves: false,
      handleEntry: (entry) => this.#told.handleEntry(entry),
      handleDesync: ({ from: peerId, frame, checksum }, localChecksum) => {
        this.#refusals.add("desync");
        this.#events.add({ type: "desync", peerId, frame, localChecksum, remoteChecksum: checksum });
      },
    });
    this.#following = { follower, claim: isClaiming ? this.#claim(follower) : undefined };
  }

  #claim(follower: MatchFollower): SeatClaim {
    const { localPeerId, hostId, matchEpoch, players, simulation } = this.#options;
    const { playerCount, inputBytes } = simulation;
    const playerIndexes = this.#playerIndexes;
    return new SeatClaim({ localPeerId, hostId, matchEpoch, players, playerCount, inputBytes, playerIndexes, follower });
  }

  #update({ follower, claim }: Following): void {
    follower.client.update(this.#nowMs);
    const before = follower.runner.frame;
    const refusal = follower.load();
    if (refusal !== undefined) this.#refusals.add(refusal);
    if (follower.runner.frame > before) {
      this.#told.catchUp(follower.runner.frame, follower.runner.timeline);
      this.#lookForEnd(follower);
    }
    if (!this.#isOver) claim?.update(this.#nowMs);
  }

  #lookForEnd(follower: MatchFollower): void {
    const matchResult = this.#options.simulation.result();
    if (matchResult === undefined) return;
    this.#isOver = true;
    this.#told.ended(follower.runner.frame - 1, matchResult);
    follower.client.stop();
  }

  #advanceFollowing(): AdvanceResult {
    const result = this.#result;
    const { follower, claim } = this.#following ?? {};
    const steps = follower === undefined ? 0 : this.#run(follower);
    result.outcome = steps > 0 ? "advanced" : this.#isOver ? "over" : "stalled";
    if (result.outcome === "stalled") this.#stalledFrames++;
    const entry = claim?.granted();
    if (follower !== undefined && entry !== undefined && !this.#isOver) this.#join(follower, entry);
    return result;
  }

  /** Runs what has settled, at most `CATCH_UP_FRAMES` frames. */
  #run(follower: MatchFollower): number {
    let steps = 0;
    for (; steps < CATCH_UP_FRAMES && !this.#isOver; steps++) {
      this.#told.begin(follower.runner.frame);
      if (!follower.step(this.#told.emit)) break;
      this.#lookForEnd(follower);
    }
    return steps;
  }

  #join(follower: MatchFollower, entry: SeatToPlayerEntry): void {
    const { client, runner } = follower;
    const { simulation } = this.#options;
    const { playerCount, inputBytes, frameRateHz } = simulation;
    this.#session = new RollbackSession(this.#nowMs, {
      ...this.#options,
      start: {
        frame: runner.frame,
        stepFrame: runner.stepFrame,
        timeline: runner.timeline,
        joinFrame: entry.frame,
        rows: (frame) => {
          if (!client.has(frame)) return undefined;
          const row = new Uint8Array(playerCount * inputBytes);
          client.copyRow(frame, row);
          return row;
        },
      },
    });
    // What settled at the feeder took a round trip between members to settle, and half of one to come here.
    this.#levelFrame = client.settledFrame + Math.round((1.5 * client.rttMs * frameRateHz) / 1000);
    client.stop();
    for (let farewell = client.pollTransmit(); farewell !== undefined; farewell = client.pollTransmit())
      this.#farewells.push({ ...farewell, bytes: farewell.bytes.slice() });
    this.#following = undefined;
    this.#events.add({ type: "role", role: "player" });
  }

  #isBehind(session: RollbackSession): boolean {
    return this.#levelFrame > 0 && session.stats().frame < this.#levelFrame;
  }
}

const NO_PLAYERS: readonly number[] = [];
