import type { PeerId } from "../core/base/units.ts";
import type { DropCause, Session, SessionEvent, Transmit } from "../core/ports/session.ts";
import { FixedStep } from "./fixed-step.ts";
import type { MeteredSimulation } from "./metered-simulation.ts";

/**
 * Frames that one tick may resimulate. Two full prediction windows: at half, one tick of catching up with a rollback in it takes two;
 * at double, a slow machine spends more than a frame's time on the past and falls behind for good.
 */
export const RESIMULATED_FRAMES_PER_TICK = 16;
/** However slow a step is: with one, each tick would begin a rollback that it cannot bring further than the next input. */
const RESIMULATED_FRAMES_MIN = 2;

/** Half of a frame at 60 Hz: time that one tick may spend before it runs another frame, or on resimulating. At double, what is made up for costs pictures. */
export const TICK_WORK_MS_MAX = 8;

/** How fast the memory of an expensive frame fades, per call. At 1 a single pause of the machine would be held against the game for ever. */
const COST_FADING = 0.9;

/** Frames between two reports of costs to the session. */
const COSTS_EVERY_FRAMES = 30;

/** What the driver needs from its match. */
export interface MatchDriverHost {
  /** The packed inputs of the local players, valid until the next call. Called once before each frame that is tried. */
  readInputs(): Uint8Array;
  /** The bytes are valid during the call only. */
  transmit(transmit: Transmit): void;
  /** Frame `frame` was simulated for the first time; its events follow. */
  handleFrame(frame: number): void;
  handleEvent(event: SessionEvent): void;
}

export interface MatchDriverOptions {
  readonly session: Session;
  readonly host: MatchDriverHost;
  readonly frameRateHz: number;
  /** When the session was made. */
  readonly nowMs: number;
  /** When frame 0 runs. */
  readonly startMs: number;
  /** The session's simulation, if its costs are measured: what a tick does is then limited by time as well. */
  readonly meter?: Pick<MeteredSimulation, "nowMs" | "stepMs" | "saveMs"> | undefined;
}

/** Runs a session in time: frames when they are due, packets when they come, deadlines when they pass. */
export class MatchDriver {
  readonly #session: Session;
  readonly #host: MatchDriverHost;
  readonly #steps: FixedStep;
  readonly #startMs: number;
  readonly #meter: MatchDriverOptions["meter"];
  /** The latest time that the session has seen: within one task one caller may hold an older reading of the clock than another. */
  #nowMs: number;
  #paceRatio = 1;
  #frame = 0;
  #costsToldFrame = 0;
  /** What a frame cost of late, at most. */
  #frameCostMs = 0;
  #over = false;

  constructor(options: MatchDriverOptions) {
    this.#session = options.session;
    this.#host = options.host;
    this.#nowMs = options.nowMs;
    this.#startMs = options.startMs;
    this.#meter = options.meter;
    this.#steps = new FixedStep(options.startMs, options.frameRateHz);
  }

  /** The next frame to simulate. */
  get frame(): number {
    return this.#frame;
  }

  /** No frame follows: the match ended, we were dropped, or `stop` was called. Packets are still answered until `stop`. */
  get over(): boolean {
    return this.#over;
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#session.handlePacket(this.#observe(nowMs), from, bytes);
    this.#drain();
    // Where a hidden page's timers sleep and no worker may run, the others' packets still come: they keep the frames going.
    this.#runFrames();
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#session.handlePeerGone(this.#observe(nowMs), peerId, cause);
    this.#drain();
  }

  /** Runs what is due. Call it every few milliseconds. */
  tick(nowMs: number): void {
    if (this.#observe(nowMs) >= this.#session.pollTimeoutMs()) {
      this.#session.handleTimeout(this.#nowMs);
      this.#drain();
    }
    this.#runFrames();
  }

  /** How far time is from the last frame to the next, 0–1. */
  alpha(nowMs: number): number {
    return this.#steps.alpha(nowMs);
  }

  /** Says goodbye to the others, with our last inputs: they need not wait for us. */
  leave(nowMs: number): void {
    this.#session.leave(this.#observe(nowMs));
    this.#drainTransmits();
  }

  /** No frame is run any more. */
  stop(): void {
    this.#over = true;
  }

  #observe(nowMs: number): number {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    return this.#nowMs;
  }

  #runFrames(): void {
    if (this.#nowMs < this.#startMs) return;
    let budgetFrames = this.#budgetFrames();
    const startedMs = this.#meter?.nowMs() ?? 0;
    let readMs = startedMs;
    for (let due = this.#steps.advance(this.#nowMs, this.#paceRatio); due > 0 && budgetFrames > 0 && !this.#over; due--) {
      const inputs = this.#host.readInputs();
      // The game may leave while it is asked.
      if (this.#over) return;
      const result = this.#session.advanceFrame(this.#nowMs, inputs, budgetFrames);
      this.#paceRatio = result.paceRatio;
      const { resimulatedFrames } = result;
      budgetFrames -= resimulatedFrames;
      // Read now: the session reuses its result.
      const { outcome } = result;
      if (outcome === "over") this.#over = true;
      else if (outcome === "stalled") this.#steps.handleStall();
      else this.#steps.handleFrame();
      this.#drainTransmits();
      if (outcome === "advanced") this.#host.handleFrame(this.#frame++);
      this.#drainEvents();
      if (outcome === "stalled") return;
      if (this.#meter === undefined) continue;
      const nowMs = this.#meter.nowMs();
      this.#frameCostMs = Math.max(this.#frameCostMs * COST_FADING, (nowMs - readMs) / (resimulatedFrames + 1));
      readMs = nowMs;
      // What is still due stays due, up to a limit beyond which the game is slow.
      if (nowMs - startedMs >= TICK_WORK_MS_MAX) return;
    }
  }

  /** Frames to resimulate at most in this tick. */
  #budgetFrames(): number {
    const meter = this.#meter;
    if (meter !== undefined && meter.stepMs > 0 && this.#frame >= this.#costsToldFrame + COSTS_EVERY_FRAMES) {
      this.#costsToldFrame = this.#frame;
      this.#session.costsMeasured(meter.stepMs, meter.saveMs);
    }
    const affordable = Math.floor(TICK_WORK_MS_MAX / this.#frameCostMs);
    return Math.max(RESIMULATED_FRAMES_MIN, Math.min(RESIMULATED_FRAMES_PER_TICK, affordable));
  }

  #drain(): void {
    this.#drainTransmits();
    this.#drainEvents();
  }

  /** Before anything of the game's is called: its listeners may take their time, and packets are late already. */
  #drainTransmits(): void {
    for (let transmit = this.#session.pollTransmit(); transmit !== undefined; transmit = this.#session.pollTransmit()) {
      this.#host.transmit(transmit);
    }
  }

  #drainEvents(): void {
    for (let event = this.#session.pollEvent(); event !== undefined; event = this.#session.pollEvent()) {
      if (event.type === "ended" || event.type === "dropped") this.#over = true;
      this.#host.handleEvent(event);
    }
  }
}
