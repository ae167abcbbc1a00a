import { LAG_UNITS_PER_FRAME } from "../wire/limits.ts";
import { ClockControl } from "./clock-control.ts";
import { assert } from "../base/assert.ts";
import type { FrameRange } from "./frame-range.ts";
import { InputDelayPolicy } from "./input-delay-policy.ts";
import { LATE_FRAMES_UNKNOWN, latenessSlice } from "./lateness.ts";
import type { RemotePeer } from "./remote-peer.ts";
import { ADVANTAGE_UNITS_PER_FRAME } from "./time-sync.ts";
import { WorkPolicy } from "./work-policy.ts";

export interface MatchPacingOptions {
  readonly frameRateHz: number;
  /** See `RollbackOptions`. */
  readonly inputDelay: FrameRange;
  readonly window: FrameRange;
  readonly saveEveryFrames: number | undefined;
}

/** Part of a window that is kept for what is worse than measured. At 0 every new worst is a stall. */
const SPARE_FRAMES = 1;
/** So many mean deviations of the round trip are waited for beside half of it, as RFC 6298 does. */
const WAY_DEVIATIONS = 2;
/** Furthest that we run behind the others by our own decision: one way of 500 ms at 60 Hz. */
const TRAIL_FRAMES_MAX = 32;

/**
 * When a session runs its frames, and how far ahead: where it stands between two frames, how far ahead of each peer, the clock rate that brings all in
 * step, the input delay, the prediction window and the distance of saves.
 */
export class MatchPacing {
  readonly #frameMs: number;
  readonly #control = new ClockControl();
  readonly #delay: InputDelayPolicy;
  readonly #work: WorkPolicy;
  #inputDelay: FrameRange;
  #window: FrameRange;
  /** The next frame to simulate, and when the one before it ran; NaN before the first. */
  #frame = 0;
  #advancedMs = Number.NaN;
  /** When somebody's missing inputs last turned a frame away, or it ran. */
  #triedMs = Number.NaN;
  /** Frames that we have to stay behind the others, since our window is too small for the way of their inputs. */
  #trailFrames = 0;

  constructor({ frameRateHz, inputDelay, window, saveEveryFrames }: MatchPacingOptions) {
    this.#frameMs = 1000 / frameRateHz;
    this.#inputDelay = inputDelay;
    this.#window = window;
    this.#delay = new InputDelayPolicy();
    this.#work = new WorkPolicy(this.#frameMs, saveEveryFrames);
    this.limit(inputDelay, window);
  }

  /** Other limits from now on. */
  limit(inputDelay: FrameRange, window: FrameRange): void {
    // Else everybody waits for an input that is only sampled once theirs is there.
    assert(inputDelay.max + window.min > 0, "an input delay of at least 1 in lockstep");
    this.#inputDelay = inputDelay;
    this.#window = window;
    this.#delay.limit(inputDelay, window);
    this.#work.limit(window);
  }

  get inputDelay(): FrameRange {
    return this.#inputDelay;
  }

  get window(): FrameRange {
    return this.#window;
  }

  /** The input delay to use from the next input on. */
  get inputDelayFrames(): number {
    return this.#delay.frames;
  }

  /** Most frames to predict from now on. */
  get windowFrames(): number {
    return this.#work.windowFrames;
  }

  /** Predicted frames between two saves from now on. */
  get saveEveryFrames(): number {
    return this.#work.saveEveryFrames;
  }

  /** A frame was simulated for the first time; `nextFrame` is the one after it. */
  frameAdvanced(nowMs: number, nextFrame: number): void {
    if (Number.isNaN(this.#advancedMs)) this.#control.start(nowMs);
    this.#frame = nextFrame;
    this.#advancedMs = nowMs;
    this.#triedMs = nowMs;
  }

  /** The next frame was due, and the prediction window turned it away. */
  frameStalled(nowMs: number): void {
    this.#triedMs = nowMs;
  }

  /** A datagram of `remote` brought its inputs of `firstFrame` to `newestFrame`, which were missing. `remote.delayFrames` is up to date. */
  inputsArrived(remote: RemotePeer, { nowMs }: { readonly nowMs: number }, firstFrame: number, newestFrame: number): void {
    const { delayFrames } = remote;
    const sinceFrame = (nowMs - this.#advancedMs) / this.#frameMs;
    if (Number.isNaN(sinceFrame)) return;
    const position = this.#frame - 1 + Math.min(1, sinceFrame);
    // Whole units and frames: a double that is handed on may cost a box.
    remote.timeSync.sampled(Math.round((position - newestFrame + delayFrames) * LAG_UNITS_PER_FRAME));
    // Who held us up is as late as we waited; a time in which nobody wanted the next frame (a frozen page) is no waiting.
    const waitedMs = this.#triedMs - this.#advancedMs + Math.min(this.#frameMs, nowMs - this.#triedMs);
    const wanted = firstFrame <= this.#frame - this.#work.windowFrames ? this.#frame - 1 + waitedMs / this.#frameMs : position;
    remote.lateness.arrived(latenessSlice(nowMs), Math.ceil(wanted) - firstFrame + delayFrames);
  }

  /** Our lag as `remote` is told it. Who has to trail says so in it: the others see it where it wants to be, and do not wait. */
  lagUnits(remote: RemotePeer): number {
    return remote.timeSync.lagUnits(Math.round(2 * this.#trailFrames * LAG_UNITS_PER_FRAME));
  }

  /** What one step and one save cost on this machine, in ms. */
  costsMeasured(stepMs: number, saveMs: number): void {
    this.#work.costsMeasured(stepMs, saveMs);
  }

  /** The clock rate for now. */
  get paceRatio(): number {
    return this.#control.rate;
  }

  /** Once per frame that was due. `isFrozen`: who does not count any more, by rank. */
  update(nowMs: number, remotes: readonly RemotePeer[], isFrozen: (member: number) => boolean): void {
    const trailUnits = Math.round(this.#trailFrames * ADVANTAGE_UNITS_PER_FRAME);
    let trail = 0;
    let late = LATE_FRAMES_UNKNOWN;
    let beyond = 0;
    for (const remote of remotes) {
      if (remote.isSuspect || isFrozen(remote.member)) continue;
      trail = Math.max(trail, this.#trailBehind(remote));
      const { toldLateFrames } = remote;
      if (toldLateFrames !== LATE_FRAMES_UNKNOWN) {
        late = late === LATE_FRAMES_UNKNOWN ? toldLateFrames : Math.max(late, toldLateFrames);
        beyond = Math.max(beyond, toldLateFrames - this.#coveredBy(remote));
      }
      if (remote.timeSync.known) this.#control.see(remote.timeSync.advantageUnits + trailUnits);
    }
    this.#control.steer(nowMs);
    this.#trailFrames = Math.min(TRAIL_FRAMES_MAX, trail);
    this.#work.update(nowMs);
    this.#delay.update(nowMs, late, beyond, this.#work.windowFrames === 0);
  }

  /**
   * How much of the way of our inputs to `remote` is left to prediction. The larger of both windows counts: whose is the smaller one trails, and pays for it with a delay of
   * its own; the other is not held up by the trailing of the one, nor the one by the other's delay.
   */
  #coveredBy(remote: RemotePeer): number {
    return Math.max(this.#work.windowFrames, remote.windowFrames) - SPARE_FRAMES;
  }

  /** How far behind `remote` we have to be for its inputs to come in time for our window. */
  #trailBehind({ endpoint, delayFrames }: RemotePeer): number {
    const { known, rttMs, jitterMs } = endpoint.rtt;
    if (!known) return 0;
    return Math.max(0, (rttMs / 2 + WAY_DEVIATIONS * jitterMs) / this.#frameMs - delayFrames - this.#work.windowFrames);
  }
}
