import type { GuardedSocket } from "./guarded-socket.ts";

const SWEEP_MS = 1_000;
/** A sweep this late means that the process stood still (a busy loop, a laptop's lid): nobody could be heard meanwhile. */
const STALL_MS = 3_000;

/** Sockets looked at before others get their turn: if all of them are to be pinged, a millisecond. At double, a message waits two; at half, the same work has twice the turns. */
const SLICE = 64;

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
    // At once: nobody may be ended for it meanwhile.
    if (stalled) for (const socket of sockets) socket.forgiveSilence(nowMs);
    else this.#sweepFrom(sockets, 0, nowMs);
    this.#shed();
    this.#onSweep(nowMs);
  }

  /** Sockets that came together fall silent together: thousands of pings in one go would hold up everybody's messages for tens of milliseconds. */
  #sweepFrom(sockets: readonly GuardedSocket[], from: number, nowMs: number): void {
    for (const socket of sockets.slice(from, from + SLICE)) socket.sweep(nowMs);
    if (from + SLICE < sockets.length) setImmediate(() => this.#sweepFrom(sockets, from + SLICE, nowMs)).unref();
  }

  /** Thousands of slow readers, each below its own cap, would else fill the memory. Who has read least goes first. */
  #shed(): void {
    let unreadBytes = 0;
    for (const socket of this.#sockets) unreadBytes += socket.unreadBytes;
    if (unreadBytes <= this.#unreadBytesMax) return;
    for (const socket of this.all().toSorted((left, right) => right.unreadBytes - left.unreadBytes)) {
      if (unreadBytes <= this.#unreadBytesMax) return;
      unreadBytes -= socket.unreadBytes;
      socket.terminate();
    }
  }
}
