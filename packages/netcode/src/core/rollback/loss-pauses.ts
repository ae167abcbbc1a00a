import type { PeerId } from "../base/units.ts";

/** After its second loss a peer waits so long for a seat, and twice as long after each further one. At half, who only wastes the others' time still has a fifth of it. */
const PAUSE_MS = 5000;
const DOUBLINGS_MAX = 4;

/** Who was lost again and again gets its seats back later and later: each time costs all others a stall of more than two seconds. */
export class LossPauses {
  readonly #losses = new Map<PeerId, { count: number; atMs: number }>();

  /** `peerId` was lost from its seats: not heard, and not by its own word. */
  note(nowMs: number, peerId: PeerId): void {
    const count = (this.#losses.get(peerId)?.count ?? 0) + 1;
    this.#losses.set(peerId, { count, atMs: nowMs });
  }

  /** True when `peerId` may have seats again. The first time is free. */
  isOver(nowMs: number, peerId: PeerId): boolean {
    const { count, atMs } = this.#losses.get(peerId) ?? { count: 0, atMs: 0 };
    return count < 2 || nowMs - atMs >= PAUSE_MS << Math.min(DOUBLINGS_MAX, count - 2);
  }
}
