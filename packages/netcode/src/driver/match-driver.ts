import type { PeerId } from "../core/base/units.ts";
import type { DropCause, Session, SessionEvent, Transmit } from "../core/ports/session.ts";
import { FixedStep } from "./fixed-step.ts";

/**
 * Frames that one tick may resimulate. Two full prediction windows: at half, one tick of catching up with a rollback in it takes two;
 * at double, a slow machine spends more than a frame's time on the past and falls behind for good.
 */
export const RESIMULATED_FRAMES_PER_TICK = 16;

/** What the driver needs from its match. */
export interface MatchDriverHost {
  /** Writes the packed inputs of the local players. Called once before each frame that is tried. */
  readInputs(into: Uint8Array): void;
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
  /** When frame 0 runs. */
  readonly startMs: number;
  /** Packed size of all local players' inputs. */
  readonly localInputBytes: number;
}

/** Runs a session in time: frames when they are due, packets when they come, deadlines when they pass. */
export class MatchDriver {
  readonly #session: Session;
  readonly #host: MatchDriverHost;
  readonly #steps: FixedStep;
  readonly #startMs: number;
  readonly #localInputs: Uint8Array;
  #paceRatio = 1;
  #frame = 0;
  #over = false;

  constructor(options: MatchDriverOptions) {
    this.#session = options.session;
    this.#host = options.host;
    this.#startMs = options.startMs;
    this.#steps = new FixedStep(options.startMs, options.frameRateHz);
    this.#localInputs = new Uint8Array(options.localInputBytes);
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
    this.#session.handlePacket(nowMs, from, bytes);
    this.#drain();
    // Where a hidden page's timers sleep and no worker may run, the others' packets still come: they keep the frames going.
    if (nowMs >= this.#startMs) this.#runFrames(nowMs);
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#session.handlePeerGone(nowMs, peerId, cause);
    this.#drain();
  }

  /** Runs what is due. Call it every few milliseconds. */
  tick(nowMs: number): void {
    if (nowMs >= this.#session.pollTimeoutMs()) {
      this.#session.handleTimeout(nowMs);
      this.#drain();
    }
    if (nowMs >= this.#startMs) this.#runFrames(nowMs);
  }

  /** How far time is from the last frame to the next, 0–1. */
  alpha(nowMs: number): number {
    return this.#steps.alpha(nowMs);
  }

  /** No frame is run any more. */
  stop(): void {
    this.#over = true;
  }

  #runFrames(nowMs: number): void {
    let budgetFrames = RESIMULATED_FRAMES_PER_TICK;
    for (let due = this.#steps.advance(nowMs, this.#paceRatio); due > 0 && budgetFrames > 0 && !this.#over; due--) {
      this.#host.readInputs(this.#localInputs);
      const result = this.#session.advanceFrame(nowMs, this.#localInputs, budgetFrames);
      this.#paceRatio = result.paceRatio;
      budgetFrames -= result.resimulatedFrames;
      // Read now: the session reuses its result.
      const { outcome } = result;
      if (outcome === "over") this.#over = true;
      else if (outcome === "stalled") this.#steps.handleStall();
      else this.#steps.handleFrame();
      this.#drainTransmits();
      if (outcome === "advanced") this.#host.handleFrame(this.#frame++);
      this.#drainEvents();
      if (outcome === "stalled") return;
    }
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
