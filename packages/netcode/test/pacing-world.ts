import { Random } from "../src/core/base/random.ts";
import type { Simulation } from "../src/core/ports/simulation.ts";
import type { PeerId } from "../src/core/base/units.ts";
import type { SessionStats, Transmit } from "../src/core/ports/session.ts";
import { RollbackSession, type RollbackOptions } from "../src/core/rollback/rollback-session.ts";
import { MatchDriver, type MatchDriverHost } from "../src/driver/match-driver.ts";
import { MeteredSimulation } from "../src/driver/metered-simulation.ts";
import { SimScheduler } from "../src/sim/sim-scheduler.ts";
import { humanInput, testPeerId } from "./test-match.ts";
import { TestSimulation } from "./test-simulation.ts";

/** One direction of a path at one moment. */
export interface PathConditions {
  readonly delayMs: number;
  /** Mean of the extra delay, skewed as queues are, at most four times it; order is kept. */
  readonly jitterMs?: number;
  readonly lossRatio?: number;
}

/** What one process is like. */
export interface Machine {
  /** Its clock runs this much fast. */
  readonly driftRatio?: number;
  /** True time at which its match starts. */
  readonly startMs?: number;
  /** Local time between ticks of its driver. */
  readonly tickMs?: number;
  /** Local time that a step and a save take. */
  readonly stepMs?: (nowMs: number) => number;
  readonly saveMs?: (nowMs: number) => number;
  /** True times between which the process stands still. */
  readonly frozenMs?: readonly [number, number];
}

export interface PacingWorldOptions {
  readonly peers: number;
  readonly seed?: number;
  readonly path?: (from: number, to: number, nowMs: number) => PathConditions;
  readonly machine?: (peer: number) => Machine;
  readonly session?: (peer: number) => Pick<RollbackOptions, "inputDelayFrames" | "predictionWindowFrames" | "saveEveryFrames">;
  readonly input?: (player: number, call: number) => number;
}

const TICK_MS = 4;

/** A simulation that takes time on a clock of its own. */
class CostlySimulation extends TestSimulation {
  readonly #spend: (kind: "step" | "save") => void;

  constructor(playerCount: number, spend: (kind: "step" | "save") => void) {
    super({ playerCount });
    this.#spend = spend;
  }

  override step(...step: Parameters<Simulation["step"]>): void {
    this.#spend("step");
    super.step(...step);
  }

  override save(slot: number): void {
    this.#spend("save");
    super.save(slot);
  }
}

/** One process: session and real driver, on a clock that drifts, busy while it simulates. */
export class PacingPeer implements MatchDriverHost {
  readonly id: PeerId;
  readonly session: RollbackSession;
  readonly driver: MatchDriver;
  readonly #world: PacingWorld;
  readonly #index: number;
  readonly #machine: Machine;
  readonly #inputs = new Uint8Array(1);
  /** Local time spent within the task that runs. */
  #spentMs = 0;
  #taskMs = 0;
  #busyUntilMs = 0;
  #inbox: (() => void)[] = [];
  /** True time of the longest task so far. */
  longestTaskMs = 0;

  constructor(world: PacingWorld, index: number) {
    this.#world = world;
    this.#index = index;
    const { options } = world;
    this.#machine = options.machine?.(index) ?? {};
    this.id = world.ids[index] ?? testPeerId("nobody");
    const { stepMs, saveMs } = this.#machine;
    const costly = new CostlySimulation(options.peers, (kind) => {
      this.#spentMs += (kind === "step" ? stepMs : saveMs)?.(world.nowMs) ?? 0;
    });
    const meter = new MeteredSimulation(costly, () => this.#taskMs + this.#spentMs);
    const nowMs = this.localMs(0);
    this.session = new RollbackSession(nowMs, {
      localPeerId: this.id,
      players: world.ids.map((peerId) => ({ peerId })),
      hostId: world.ids[0] ?? this.id,
      matchEpoch: 1,
      simulation: meter,
      ...options.session?.(index),
    });
    const startMs = this.localMs(this.#machine.startMs ?? 0);
    this.driver = new MatchDriver({ session: this.session, host: this, frameRateHz: 60, nowMs, startMs, meter });
    world.scheduler.schedule(world.random.float() * TICK_MS, () => this.#tick());
  }

  localMs(trueMs: number): number {
    return 1000 * this.#index + trueMs * (1 + (this.#machine.driftRatio ?? 0));
  }

  /** Where this peer's game stands, in frames, by its own driver. */
  get position(): number {
    return this.driver.frame - 1 + this.driver.alpha(this.localMs(this.#world.nowMs));
  }

  /** Frames that it has simulated with predicted inputs. */
  get depth(): number {
    const { frame, confirmedFrame } = this.stats();
    return frame - 1 - confirmedFrame;
  }

  receive(from: PeerId, bytes: Uint8Array): void {
    this.#run(() => this.driver.handlePacket(this.#taskMs, from, bytes));
  }

  readInputs(): Uint8Array {
    this.#inputs[0] = (this.#world.options.input ?? this.#world.human)(this.#index, this.driver.frame) & 0xff;
    return this.#inputs;
  }

  transmit({ to, channel, bytes }: Transmit): void {
    this.#world.send(this.#index, to, channel === "reliable", bytes.slice(), this.#spentMs);
  }

  handleFrame(): void {}

  handleEvent(): void {}

  stats(): SessionStats {
    return this.session.stats();
  }

  #tick(): void {
    const { scheduler } = this.#world;
    this.#run(() => this.driver.tick(this.#taskMs));
    const tickMs = (this.#machine.tickMs ?? TICK_MS) / (1 + (this.#machine.driftRatio ?? 0));
    // A tick that comes while the one before still runs is not made up for.
    scheduler.schedule(Math.max(scheduler.nowMs + tickMs, this.#freeMs), () => this.#tick());
  }

  get #freeMs(): number {
    const { nowMs } = this.#world;
    const [from, to] = this.#machine.frozenMs ?? [0, 0];
    return Math.max(nowMs, this.#busyUntilMs, nowMs >= from && nowMs < to ? to : 0);
  }

  #run(task: () => void): void {
    const { scheduler } = this.#world;
    const freeMs = this.#freeMs;
    if (freeMs > scheduler.nowMs || this.#inbox.length > 0) {
      this.#inbox.push(task);
      if (this.#inbox.length === 1) scheduler.schedule(freeMs, () => this.#readInbox());
      return;
    }
    this.#spend(task);
  }

  #readInbox(): void {
    const { scheduler } = this.#world;
    if (this.#freeMs > scheduler.nowMs) return scheduler.schedule(this.#freeMs, () => this.#readInbox());
    const [task] = this.#inbox.splice(0, 1);
    if (task !== undefined) this.#spend(task);
    if (this.#inbox.length > 0) scheduler.schedule(this.#freeMs, () => this.#readInbox());
  }

  #spend(task: () => void): void {
    this.#spentMs = 0;
    this.#taskMs = this.localMs(this.#world.nowMs);
    task();
    this.#busyUntilMs = this.#world.nowMs + this.#spentMs;
    this.longestTaskMs = Math.max(this.longestTaskMs, this.#spentMs);
    this.#spentMs = 0;
  }
}

/** Some peers with real drivers and true clocks that only the test knows. */
export class PacingWorld {
  readonly options: PacingWorldOptions;
  readonly scheduler = new SimScheduler();
  readonly random: Random;
  readonly ids: readonly PeerId[];
  readonly peers: readonly PacingPeer[];
  readonly human: (player: number, call: number) => number;
  readonly #lastArrivalMs = new Map<string, number>();

  constructor(options: PacingWorldOptions) {
    this.options = options;
    this.random = new Random(options.seed ?? 1, "pacing");
    this.human = humanInput(options.seed ?? 1);
    this.ids = Array.from({ length: options.peers }, (_, index) => testPeerId(`peer-${index}`));
    this.peers = this.ids.map((_, index) => new PacingPeer(this, index));
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  peer(index: number): PacingPeer {
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`no peer ${index}`);
    return peer;
  }

  /** Runs on to `endMs`, and looks every 50 ms. */
  run(endMs: number, look: (nowMs: number) => void = () => {}): void {
    while (this.nowMs < endMs) {
      this.scheduler.runUntil(Math.min(endMs, this.nowMs + 50));
      look(this.nowMs);
    }
  }

  send(from: number, toId: PeerId, isReliable: boolean, bytes: Uint8Array, afterMs: number): void {
    const to = this.ids.indexOf(toId);
    const { delayMs, jitterMs = 0, lossRatio = 0 } = this.options.path?.(from, to, this.nowMs) ?? { delayMs: 50 };
    if (!isReliable && this.random.float() < lossRatio) return;
    const extraMs = jitterMs * Math.min(4, -Math.log2(1 - this.random.float()) * Math.LN2);
    const key = `${from}>${to}`;
    const arrivalMs = Math.max(this.nowMs + afterMs + delayMs + extraMs, this.#lastArrivalMs.get(key) ?? 0);
    this.#lastArrivalMs.set(key, arrivalMs);
    const sender = this.ids[from];
    if (sender !== undefined) this.scheduler.schedule(arrivalMs, () => this.peer(to).receive(sender, bytes));
  }
}
