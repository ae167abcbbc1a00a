/**
 * Packets of one member that may wait for us at once: five seconds of its datagrams, as long as a page may have been frozen while they came. They cost about a
 * millisecond; at double, a flood could take a fifth of a frame. What honest members send beyond, after longer, the next datagram repeats.
 */
const PACKETS_MAX = 320;
/** An honest member sends 61 datagrams a second, and a few votes. */
const PACKETS_PER_MS = 0.2;

/** How many packets of one member are looked at: a flood of them is refused unread. */
export class PacketBudget {
  #left = PACKETS_MAX;
  #refilledMs = Number.NEGATIVE_INFINITY;

  /** Counts one packet that arrived. False when it is one too many. */
  take(nowMs: number): boolean {
    const refill = Math.floor((nowMs - this.#refilledMs) * PACKETS_PER_MS);
    if (refill > 0) {
      this.#left = Math.min(PACKETS_MAX, this.#left + refill);
      this.#refilledMs = nowMs;
    }
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }
}
