import type { GuardedSocket } from "./guarded-socket.ts";

const SWEEP_MS = 1_000;
/** A sweep this late means that the process stood still (a busy loop, a laptop's lid): nobody could be heard meanwhile. */
const STALL_MS = 3_000;
/** A sweep takes most of its second, in steps: sockets that came together fall silent together, and thousands of pings in one go would hold up everybody's messages for tens of milliseconds. */
const SPREAD_MS = 800;
const STEP_MS = 5;
/** Asked in one step; more where there are more than 1,280 that are quiet. A tenth of a millisecond. At half, a small broker wakes up twice as often. */
const SLICE = 8;
/**
 * What all sockets together have begun to say and not finished. A message of the largest size in a thousand fragments holds 165 kB for as long as its sender sends pings, and a full broker would hold 1.6 GB. At half,
 * five hundred members who send one at once are as many as it takes; at double, a small machine runs out of memory.
 */
const UNFINISHED_BYTES_MAX = 67_108_864;

/** Watches over the silence of all sockets with one timer. */
export class SocketSweep {
  readonly #sockets = new Set<GuardedSocket>();
  readonly #unreadBytesMax: number;
  readonly #nowMs: () => number;
  readonly #onSweep: (nowMs: number) => void;
  readonly #timer: NodeJS.Timeout;
  #sweptAtMs: number;

  /** `unreadBytesMax`: of all sockets together. */
  constructor(nowMs: () => number, unreadBytesMax: number, onSweep: (nowMs: number) => void) {
    this.#unreadBytesMax = unreadBytesMax;
    this.#nowMs = nowMs;
    this.#onSweep = onSweep;
    this.#sweptAtMs = nowMs();
    this.#timer = setInterval(() => this.#run(), SWEEP_MS);
    this.#timer.unref();
  }

  get count(): number {
    return this.#sockets.size;
  }

  add(socket: GuardedSocket): void {
    this.#sockets.add(socket);
  }

  delete(socket: GuardedSocket): void {
    this.#sockets.delete(socket);
  }

  all(): readonly GuardedSocket[] {
    return [...this.#sockets];
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #run(): void {
    const nowMs = this.#nowMs();
    const stalled = nowMs - this.#sweptAtMs > STALL_MS;
    this.#sweptAtMs = nowMs;
    const sockets = this.all();
    // Nearly all have just said something: one look at each costs less than to wake up for them in steps.
    const quiet = sockets.filter((socket) => socket.isQuiet(nowMs));
    // At once: nobody may be ended for it meanwhile.
    if (stalled) for (const socket of sockets) socket.forgiveSilence(nowMs);
    else this.#sweepFrom(quiet, 0);
    this.#shed();
    this.#onSweep(nowMs);
  }

  #sweepFrom(sockets: readonly GuardedSocket[], from: number): void {
    const nowMs = this.#nowMs();
    // It stood still in the middle of it: the next sweep forgives.
    if (nowMs - this.#sweptAtMs > STALL_MS) return;
    const to = from + Math.max(SLICE, Math.ceil((sockets.length * STEP_MS) / SPREAD_MS));
    for (const socket of sockets.slice(from, to)) socket.sweep(nowMs);
    if (to < sockets.length) setTimeout(() => this.#sweepFrom(sockets, to), STEP_MS).unref();
  }

  /** Thousands of slow readers, each below its own cap, would else fill the memory, and so would thousands of slow speakers. Who holds most goes first. */
  #shed(): void {
    this.#shedBy((socket) => socket.unreadBytes, this.#unreadBytesMax);
    this.#shedBy((socket) => socket.unfinishedBytes, UNFINISHED_BYTES_MAX);
  }

  #shedBy(heldBy: (socket: GuardedSocket) => number, heldBytesMax: number): void {
    let heldBytes = 0;
    for (const socket of this.#sockets) heldBytes += heldBy(socket);
    if (heldBytes <= heldBytesMax) return;
    for (const socket of this.all().toSorted((left, right) => heldBy(right) - heldBy(left))) {
      if (heldBytes <= heldBytesMax) return;
      heldBytes -= heldBy(socket);
      socket.terminate();
    }
  }
}
