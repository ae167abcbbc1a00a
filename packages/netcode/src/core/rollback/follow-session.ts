import { assert } from "../base/assert.ts";
import { ByteReader } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { AdvanceResult, Session, SessionEvent, SessionPlayer, SessionStats, Transmit } from "../ports/session.ts";
import type { Simulation } from "../ports/simulation.ts";
import * as ROLLBACK_KIND from "../wire/rollback-kind.ts";
import { FeedServer } from "./feed-server.ts";
import { FollowEvents } from "./follow-events.ts";
import { CATCH_UP_FRAMES } from "./following.ts";
import { KeyFrames } from "./key-frames.ts";
import { MatchFollower } from "./match-follower.ts";
import { RefusalCounts } from "./refusal-counts.ts";
import type { SettledSource } from "./settled-source.ts";
import { SessionEvents } from "./session-events.ts";

/** Frames that wait, so that pictures do not: 20 datagrams a second bring three at once. */
const BUFFER_FRAMES = 4;
/** Further behind than this, it catches up. */
const BEHIND_FRAMES = 20;
/** 4,096 rows of eight players with two bytes each are 64 kB; they reach back 68 s. */
const HISTORY_FRAMES = 4096;
/** A key frame each second or so, one for every 64 frames of history. */
const KEY_FRAME_INTERVAL_FRAMES = 64;
/** Paused for longer than half of the history, it gives up its place, and begins again from a new state. */
const AWAY_FRAMES: number = HISTORY_FRAMES / 2;

/** What is due is looked at so often while no frame is asked for. */
const UPDATE_INTERVAL_MS = 50;

export interface FollowOptions {
  readonly localPeerId: PeerId;
  /** The seats as they were before frame 0. */
  readonly players: readonly SessionPlayer[];
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  /** Whom to ask, best first: players, or others who watch. Left out: the players. */
  readonly feeders?: readonly PeerId[];
  /** Shown so many frames late; 0–2,048. */
  readonly delayFrames?: number;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * A match that one only watches. Everything that it tells is certain. It follows any peer that plays or watches, and serves others who ask. `pause` and `resume` are
 * for itself alone.
 */
export class FollowSession implements Session {
  readonly #options: FollowOptions;
  readonly #follower: MatchFollower;
  readonly #server: FeedServer;
  readonly #keyFrames: KeyFrames;
  readonly #events = new SessionEvents();
  readonly #refusals = new RefusalCounts();
  readonly #reader = new ByteReader();
  readonly #result: Mutable<AdvanceResult> = { outcome: "stalled", paceRatio: 1, resimulatedFrames: 0 };
  readonly #told = new FollowEvents(this.#events, this.#refusals);
  #delayFrames: number;
  #isPaused = false;
  #isCatchingUp = true;
  #isSynchronized = false;
  #endFrame: number | undefined;
  #updatedMs: number;
  #stalledFrames = 0;
  #datagramsSent = 0;
  #datagramBytesSent = 0;
  #datagramsReceived = 0;

  constructor(nowMs: number, options: FollowOptions) {
    const { simulation, matchEpoch, players, delayFrames = 0 } = options;
    assert(players.length === simulation.playerCount, "one seat per player of the simulation");
    assert(matchEpoch >>> 0 === matchEpoch && matchEpoch <= 0xff, "a match epoch of 0 to 255");
    this.#options = options;
    this.#updatedMs = nowMs;
    this.#delayFrames = checkDelay(delayFrames);
    this.#follower = new MatchFollower(nowMs, {
      ...options,
      historyFrames: HISTORY_FRAMES,
      isLive: false,
      serves: true,
      handleEntry: (entry) => this.#told.handleEntry(entry),
      handleDesync: ({ from: peerId, frame, checksum }, localChecksum) => {
        this.#refusals.add("desync");
        this.#events.add({ type: "desync", peerId, frame, localChecksum, remoteChecksum: checksum });
      },
    });
    this.#keyFrames = new KeyFrames(simulation, HISTORY_FRAMES / KEY_FRAME_INTERVAL_FRAMES, KEY_FRAME_INTERVAL_FRAMES);
    const { playerCount, inputBytes, frameRateHz } = simulation;
    this.#server = new FeedServer({ source: this.#follower, matchEpoch, playerCount, inputBytes, frameRateHz });
  }

  /** What a recorder takes. */
  get source(): SettledSource {
    return this.#follower;
  }

  /** The next frame to be shown. */
  get frame(): number {
    return this.#follower.runner.frame;
  }

  /** The newest frame that could be shown. */
  get newestFrame(): number {
    return this.#follower.settledFrame;
  }

  /** The earliest frame that `seek` can go back to. */
  get oldestFrame(): number {
    return this.#keyFrames.oldestFrom(this.#follower.oldestFrame) ?? this.frame;
  }

  /** Whom we follow; `undefined` when nobody is left to ask. */
  get feeder(): PeerId | undefined {
    return this.#follower.client.feeder;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get delayFrames(): number {
    return this.#delayFrames;
  }

  /** Follows `peerId` from now on, wherever it stands in the tree. */
  follow(peerId: PeerId): void {
    this.#follower.client.addFeeder(peerId);
    this.#follower.client.follow(peerId);
  }

  /** Shows the match so many frames late from now on. Less than before: it catches up. */
  setDelay(delayFrames: number): void {
    this.#delayFrames = checkDelay(delayFrames);
  }

  /** Shows `frame` next, and what follows at its own pace: `setDelay(0)` leads back to the present. False, and nothing happens, when it is not remembered. */
  seek(frame: number): boolean {
    const { runner } = this.#follower;
    if (frame < this.oldestFrame || frame > this.newestFrame + 1) return false;
    if (frame < runner.frame || this.#keyFrames.hasBetween(runner.frame, frame)) this.#keyFrames.loadBefore(frame, runner);
    if (this.#endFrame !== undefined && frame <= this.#endFrame) this.#endFrame = undefined;
    while (runner.frame < frame && this.#endFrame === undefined && this.#step());
    this.#delayFrames = Math.max(0, this.newestFrame + 1 - runner.frame);
    return runner.frame === frame;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    const reader = this.#reader;
    reader.reset(bytes);
    const kind = reader.u8();
    const matchEpoch = reader.u8();
    const refusal = reader.failed
      ? "malformed"
      : matchEpoch !== this.#options.matchEpoch
        ? "stale-epoch"
        : this.#handleMessage(nowMs, from, kind, reader, bytes);
    if (refusal !== undefined) this.#refusals.add(refusal);
  }

  handleTimeout(nowMs: number): void {
    this.#update(nowMs);
  }

  handlePeerGone(): void {}

  advanceFrame(nowMs: number, localInputs: Uint8Array, resimulationBudgetFrames: number): AdvanceResult {
    assert(localInputs.length === 0, "no inputs of who only watches");
    this.#update(nowMs);
    const result = this.#result;
    const wantedFrames = this.#wantedFrames();
    let steps = 0;
    if (!this.#isPaused && this.#endFrame === undefined) {
      const budget = this.#isCatchingUp ? Math.min(CATCH_UP_FRAMES, Math.max(1, resimulationBudgetFrames)) : 1;
      while (steps < Math.min(budget, wantedFrames) && this.#endFrame === undefined && this.#step()) steps++;
    }
    result.outcome = steps > 0 ? "advanced" : this.#endFrame === undefined ? "stalled" : "over";
    if (result.outcome === "stalled") this.#stalledFrames++;
    // A hundredth for each frame too many or too few keeps some waiting, at a pace that nobody sees.
    const surplus = wantedFrames - steps - BUFFER_FRAMES;
    result.paceRatio = this.#isPaused || this.#isCatchingUp ? 1 : 1 + Math.max(-0.05, Math.min(0.05, surplus / 100));
    return result;
  }

  pollTransmit(): Transmit | undefined {
    const transmit = this.#follower.client.pollTransmit() ?? this.#server.pollTransmit();
    if (transmit?.channel === "unreliable") {
      this.#datagramsSent++;
      this.#datagramBytesSent += transmit.bytes.length;
    }
    return transmit;
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.poll();
  }

  pollTimeoutMs(): number {
    return this.#updatedMs + UPDATE_INTERVAL_MS;
  }

  /** A watcher simulates each frame once, whatever that costs. */
  costsMeasured(_stepMs: number, _saveMs: number): void {}

  /** Stands still, here alone. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const { client } = this.#follower;
    if (client.isIdle && this.#endFrame === undefined && client.feeder !== undefined) client.follow(client.feeder);
  }

  /** Watches no more, and serves nobody. */
  leave(): void {
    this.#follower.client.stop();
    this.#server.close();
  }

  admit(): boolean {
    return false;
  }

  get confirmedFrame(): number {
    return this.frame - 1;
  }

  checksum(frame: number): number | undefined {
    return this.#follower.checksum(frame);
  }

  stats(): SessionStats {
    const { client } = this.#follower;
    return {
      frame: this.frame,
      confirmedFrame: this.frame - 1,
      rollbacks: 0,
      resimulatedFrames: 0,
      stalledFrames: this.#stalledFrames,
      inputDelayFrames: 0,
      predictionWindowFrames: 0,
      datagramsSent: this.#datagramsSent,
      datagramBytesSent: this.#datagramBytesSent,
      datagramsReceived: this.#datagramsReceived,
      refusals: this.#refusals.toRecord(),
      peers:
        client.feeder === undefined
          ? []
          : [{ id: client.feeder, rttMs: client.rttMs, jitterMs: 0, lossRatio: 0, frameAdvantage: this.frame - 1 - client.settledFrame }],
    };
  }

  #handleMessage(nowMs: number, from: PeerId, kind: number, reader: ByteReader, bytes: Uint8Array): string | undefined {
    switch (kind) {
      case ROLLBACK_KIND.feedAck:
      case ROLLBACK_KIND.seatRequest:
        return this.#server.handleMessage(nowMs, from, kind, reader);
      case ROLLBACK_KIND.follow: {
        if (from === this.feeder && bytes[2] !== 0) return this.#follower.handleMessage(nowMs, from, kind, reader);
        return this.#server.handleMessage(nowMs, from, kind, reader);
      }
      case ROLLBACK_KIND.feed:
      case ROLLBACK_KIND.snapshot:
        this.#datagramsReceived++;
        return this.#follower.handleMessage(nowMs, from, kind, reader);
      default:
        return "unknown-kind";
    }
  }

  #update(nowMs: number): void {
    this.#updatedMs = nowMs;
    const follower = this.#follower;
    const { client } = follower;
    client.update(nowMs);
    this.#server.update(nowMs);
    if (this.#isPaused && follower.behindFrames > AWAY_FRAMES) client.stop();
    if (this.#isPaused && follower.isStarted) return;
    // What is here comes first, unless the present is wanted.
    if (follower.isStarted && follower.behindFrames > 0 && this.#delayFrames > 0) return;
    const before = this.frame;
    const refusal = follower.load();
    if (refusal !== undefined) this.#refusals.add(refusal);
    if (!follower.isStarted || (this.frame === before && this.#isSynchronized)) return;
    if (this.frame !== before) {
      this.#keyFrames.clear();
      this.#told.catchUp(this.frame, follower.runner.timeline);
      this.#lookForEnd();
    }
    this.#isCatchingUp = true;
    if (this.#isSynchronized) return;
    this.#isSynchronized = true;
    this.#events.add({ type: "synchronized", frame: this.frame });
  }

  /** Frames that may be run now. */
  #wantedFrames(): number {
    const wanted = Math.max(0, this.#follower.behindFrames - this.#delayFrames);
    if (wanted > BEHIND_FRAMES) this.#isCatchingUp = true;
    else if (wanted <= BUFFER_FRAMES) this.#isCatchingUp = false;
    return wanted;
  }

  #step(): boolean {
    if (!this.#follower.canStep) return false;
    const { runner } = this.#follower;
    this.#keyFrames.passing(runner);
    this.#told.begin(runner.frame);
    this.#follower.step(this.#told.emit);
    this.#lookForEnd();
    return true;
  }

  #lookForEnd(): void {
    const result = this.#options.simulation.result();
    if (result === undefined) return;
    this.#endFrame = this.frame - 1;
    this.#told.ended(this.#endFrame, result);
    this.#follower.client.stop();
  }
}

function checkDelay(delayFrames: number): number {
  assert(delayFrames >>> 0 === delayFrames && delayFrames <= AWAY_FRAMES, `a delay of 0 to ${AWAY_FRAMES} frames`);
  return delayFrames;
}
