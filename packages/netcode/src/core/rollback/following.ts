import type { ByteReader } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { SessionPlayer, Transmit } from "../ports/session.ts";
import type { Simulation } from "../ports/simulation.ts";
import { rollbackFirst, rollbackLast } from "../ports/packet-kind.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import type { FollowEvents } from "./follow-events.ts";
import { HISTORY_FRAMES } from "./input-table.ts";
import { MatchFollower } from "./match-follower.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import { SeatClaim } from "./seat-claim.ts";
import type { SessionEvents } from "./session-events.ts";
import type { SessionStart, SettledSource } from "./settled-source.ts";

/** Frames of one call while it catches up: at half, a minute's pause takes a minute to catch up; at double, a slow machine falls behind for it. */
export const CATCH_UP_FRAMES = 4;

/** Frames that may wait for their turn at somebody who only watches. At half, the feed's jitter is seen; at double, a picture may be 0.4 s old. */
const EVEN_FRAMES = 12;

export interface FollowingOptions {
  readonly localPeerId: PeerId;
  readonly hostId: PeerId;
  /** The seats as they were before frame 0. */
  readonly players: readonly SessionPlayer[];
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  /** Whom to follow, best first. */
  readonly feeders: readonly PeerId[];
  /** Seats to ask for; none: only watches. */
  readonly playerIndexes: readonly number[];
  readonly events: SessionEvents;
  readonly refusals: RefusalCounts;
  readonly told: FollowEvents;
}

/** Makes the part of a match session that follows. */
export type CreateFollowing = (nowMs: number, options: FollowingOptions) => Following;

/** A match session's part that follows the match, asks for seats, and says when it may play again. Most matches never need it: it may be loaded when one does. */
export class Following {
  readonly #options: FollowingOptions;
  readonly #follower: MatchFollower;
  #claim: SeatClaim | undefined;
  #isOver = false;

  constructor(nowMs: number, options: FollowingOptions) {
    const { events, refusals, told, playerIndexes } = options;
    this.#options = options;
    this.#follower = new MatchFollower(nowMs, {
      ...options,
      historyFrames: HISTORY_FRAMES,
      // Who asks for seats later may follow a little late until then.
      isLive: playerIndexes.length > 0,
      serves: false,
      handleEntry: (entry) => told.handleEntry(entry),
      handleDesync: ({ from: peerId, frame, checksum }, localChecksum) => {
        refusals.add("desync");
        events.add({ type: "desync", peerId, frame, localChecksum, remoteChecksum: checksum });
      },
    });
    if (playerIndexes.length > 0) this.claim(playerIndexes);
  }

  /** The next frame to be run. */
  get frame(): number {
    return this.#follower.runner.frame;
  }

  /** The match ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get source(): SettledSource {
    return this.#follower;
  }

  /** One more peer that may be followed. */
  addFeeder(peerId: PeerId): void {
    this.#follower.client.addFeeder(peerId);
  }

  /** Asks for these seats from now on. */
  claim(playerIndexes: readonly number[]): void {
    const { playerCount, inputBytes } = this.#options.simulation;
    this.#claim = new SeatClaim({ ...this.#options, playerCount, inputBytes, playerIndexes, follower: this.#follower });
  }

  /** A message, from after its kind and epoch. Returns why it was refused. */
  handleMessage(nowMs: number, from: PeerId, kind: number, reader: ByteReader): string | undefined {
    switch (kind) {
      case ROLLBACK_KIND.feed: {
        const { client, runner } = this.#follower;
        const isAnswer = from !== client.feeder && runner.holders.includes(from);
        if (isAnswer && this.#claim !== undefined) return this.#claim.handleAnswer(nowMs, from, reader);
        return this.#follower.handleMessage(nowMs, from, kind, reader);
      }
      case ROLLBACK_KIND.follow:
      case ROLLBACK_KIND.snapshot:
        return this.#follower.handleMessage(nowMs, from, kind, reader);
      default:
        // Members go on sending inputs, votes and more to who was one of them, and others may take us for a feeder.
        return kind >= rollbackFirst && kind <= rollbackLast ? undefined : "unknown-kind";
    }
  }

  /** Looks what is due; call with every frame. */
  update(nowMs: number): void {
    const follower = this.#follower;
    follower.client.update(nowMs);
    const before = this.frame;
    const refusal = follower.load();
    if (refusal !== undefined) this.#options.refusals.add(refusal);
    if (this.frame > before) {
      this.#options.told.catchUp(this.frame, follower.runner.timeline);
      this.#lookForEnd();
    }
    if (!this.#isOver) this.#claim?.update(nowMs);
  }

  /**
   * Runs what has settled, at most `CATCH_UP_FRAMES` frames; for somebody who only watches and is not far behind, one: frames come several at once, some twenty times a second,
   * and are to be seen one by one. Returns how many.
   */
  advance(): number {
    const { told } = this.#options;
    const isEven = this.#claim === undefined && this.#follower.behindFrames <= EVEN_FRAMES;
    const most = isEven ? 1 : CATCH_UP_FRAMES;
    let steps = 0;
    // Begun is what will be run: of a frame that was begun before nothing is told.
    for (; steps < most && !this.#isOver && this.#follower.canStep; steps++) {
      told.begin(this.frame);
      this.#follower.step(told.emit);
      this.#lookForEnd();
    }
    return steps;
  }

  /** Where we may begin to play, once our seats were given to us. */
  granted(): SessionStart | undefined {
    const entry = this.#isOver ? undefined : this.#claim?.granted();
    if (entry === undefined) return undefined;
    const { client, runner } = this.#follower;
    const { playerCount, inputBytes } = this.#options.simulation;
    // Who plays tells only of what it learns itself.
    for (const ahead of this.#follower.entriesFrom(runner.frame)) this.#options.told.handleEntry(ahead);
    return {
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
    };
  }

  /** The frame that members are about to play now, as far as can be told. */
  levelFrame(): number {
    const { client } = this.#follower;
    // What settled at the feeder took a round trip between members to settle, and half of one to come here.
    return client.settledFrame + Math.round((1.5 * client.rttMs * this.#options.simulation.frameRateHz) / 1000);
  }

  /** Follows no more. What is still to be sent, in bytes of their own. */
  leave(): Transmit[] {
    const { client } = this.#follower;
    const farewells: Transmit[] = [];
    client.stop();
    for (let transmit = client.pollTransmit(); transmit !== undefined; transmit = client.pollTransmit())
      farewells.push({ ...transmit, bytes: transmit.bytes.slice() });
    return farewells;
  }

  pollTransmit(): Transmit | undefined {
    return this.#follower.client.pollTransmit() ?? this.#claim?.pollTransmit();
  }

  #lookForEnd(): void {
    const result = this.#options.simulation.result();
    if (result === undefined) return;
    this.#isOver = true;
    this.#options.told.ended(this.frame - 1, result);
    this.#follower.client.stop();
  }
}

/** For `MatchOptions.loadFollowing`, where it need not be loaded later. */
export const createFollowing: CreateFollowing = (nowMs, options) => new Following(nowMs, options);
