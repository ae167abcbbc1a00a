import type { AssociationEnd, SimScheduler } from "@rollcall/netcode/sim";
import type { Channel } from "./party.ts";

/** A full buffer is tried again this often: a real one would be, at the latest, with the next acknowledgement. */
const RETRY_MS = 10;
/** What Chromium holds back for a data channel before `send` throws. */
const BACKLOG_BYTES_MAX = 16 * 1_048_576;
/** The game runs at 60 Hz. */
export const FRAME_MS: number = 1_000 / 60;

const realNowMs = performance.now.bind(performance);

/** What one peer did. */
export interface PeerFigures {
  /** Frames that the game went on. */
  frames: number;
  /** Calls of the game's step. */
  steps: number;
  /** Turns of the game loop in which the game did not go on. */
  stalls: number;
  messages: number;
  payloadBytes: number;
  payloadBytesMedian: number;
  /** In the peer's own code, the game's included, the network's not. */
  cpuMs: number;
  /** When the game last went on, in virtual ms. */
  advancedMs: number;
  /** What it threw, if it did. */
  error: string | undefined;
}

interface Timer {
  readonly task: () => void;
  readonly everyMs: number;
  isOn: boolean;
}

/** One process of a match: a clock of its own, timers, two channels, and a meter. */
export class BenchPeer {
  readonly index: number;
  readonly figures: PeerFigures = {
    frames: 0,
    steps: 0,
    stalls: 0,
    messages: 0,
    payloadBytes: 0,
    payloadBytesMedian: 0,
    cpuMs: 0,
    advancedMs: 0,
    error: undefined,
  };
  /** Set by the package's adapter: what a message does. */
  receive: (channel: Channel, bytes: Uint8Array) => void = () => {};
  /** The peer whose code runs now: globals ask it for the time. */
  static current: BenchPeer | undefined;
  readonly #scheduler: SimScheduler;
  readonly #clockRatio: number;
  readonly #inputs: Uint8Array;
  readonly #sizes: number[] = [];
  #end: AssociationEnd | undefined;
  #outbox: { channel: Channel; bytes: Uint8Array }[] = [];
  #backlogBytes = 0;
  #retryScheduled = false;

  constructor(index: number, scheduler: SimScheduler, clockRatio: number, inputs: Uint8Array) {
    this.index = index;
    this.#scheduler = scheduler;
    this.#clockRatio = clockRatio;
    this.#inputs = inputs;
  }

  connect(end: AssociationEnd): void {
    this.#end = end;
  }

  /** This peer's own clock. */
  get localMs(): number {
    return this.#scheduler.nowMs * this.#clockRatio;
  }

  /** The scripted byte of `player` (this peer's own) in `frame`. */
  inputAt(frame: number): number {
    return this.#inputs[frame] ?? 0;
  }

  /** Forgets what was counted so far. */
  resetFigures(): void {
    Object.assign(this.figures, { frames: 0, steps: 0, stalls: 0, messages: 0, payloadBytes: 0, cpuMs: 0 });
    this.#sizes.length = 0;
  }

  /** Runs the peer's code, measures it, and puts what it sent on the network afterwards, unmeasured. What it throws ends it. */
  run(task: () => void): void {
    if (this.figures.error !== undefined) return;
    const outer = BenchPeer.current;
    BenchPeer.current = this;
    const startedMs = realNowMs();
    try {
      task();
    } catch (error) {
      this.figures.error = error instanceof Error ? error.message : String(error);
    }
    this.figures.cpuMs += realNowMs() - startedMs;
    BenchPeer.current = outer;
    this.#flush();
  }

  /** One turn of a game loop; `frameOf` tells how far the game is. */
  turn(frameOf: () => number, task: () => void): void {
    const before = frameOf();
    this.run(task);
    this.countTurn(frameOf() - before);
  }

  /** A turn of the game loop, in which the game went on by so many frames. */
  countTurn(gained: number): void {
    this.figures.frames += gained;
    if (gained > 0) this.figures.advancedMs = this.#scheduler.nowMs;
    else this.figures.stalls++;
  }

  send(channel: Channel, bytes: Uint8Array): void {
    this.figures.messages++;
    this.figures.payloadBytes += bytes.length;
    this.#sizes.push(bytes.length);
    this.#outbox.push({ channel, bytes: bytes.slice() });
    this.#backlogBytes += bytes.length;
    if (this.#backlogBytes > BACKLOG_BYTES_MAX) throw new Error("the send buffer of the data channel is full");
    if (BenchPeer.current === undefined) this.#flush();
  }

  /** A timer of this peer's clock. `everyMs` 0: once. */
  startTimer(task: () => void, afterMs: number, everyMs: number): Timer {
    const timer: Timer = { task, everyMs, isOn: true };
    this.#arm(timer, afterMs);
    return timer;
  }

  finish(): PeerFigures {
    const sorted = this.#sizes.toSorted((left, right) => left - right);
    this.figures.payloadBytesMedian = sorted[sorted.length >> 1] ?? 0;
    return this.figures;
  }

  #arm(timer: Timer, afterMs: number): void {
    const dueMs = this.#scheduler.nowMs + Math.max(afterMs, 0) / this.#clockRatio;
    this.#scheduler.schedule(dueMs, () => {
      if (!timer.isOn || this.figures.error !== undefined) return;
      timer.task();
      if (timer.everyMs > 0) this.#arm(timer, timer.everyMs);
    });
  }

  #flush(): void {
    const waiting = this.#outbox;
    this.#outbox = [];
    let isFull = false;
    for (const message of waiting) {
      // Reliable messages keep their order; an unreliable one that finds no room is lost, as on a real channel that its sender gates.
      if (isFull && message.channel === "reliable") this.#outbox.push(message);
      else if (this.#end?.send(message.channel, message.bytes) === "full" && message.channel === "reliable") {
        isFull = true;
        this.#outbox.push(message);
      } else this.#backlogBytes -= message.bytes.length;
    }
    if (this.#outbox.length === 0 || this.#retryScheduled) return;
    this.#retryScheduled = true;
    this.#scheduler.schedule(this.#scheduler.nowMs + RETRY_MS, () => {
      this.#retryScheduled = false;
      this.#flush();
    });
  }
}
