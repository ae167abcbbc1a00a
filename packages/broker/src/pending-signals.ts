import type { PeerId } from "@rollcall/netcode/lobby-protocol";

/** A signal for a member whose signaling socket is not open yet. */
export interface PendingSignal {
  readonly src: PeerId;
  readonly dst: PeerId;
  readonly isOffer: boolean;
  /** As it will be sent, with `src`. */
  readonly text: string;
}

interface Entry extends PendingSignal {
  readonly addedAtMs: number;
}

/** Text units kept for one destination, and for all: a stranger with many sockets could else fill the memory with offers to itself. */
const DESTINATION_UNITS_MAX = 131_072;
const TOTAL_UNITS_MAX = 16_777_216;

const NOTHING: readonly PendingSignal[] = [];

/**
 * Keeps signals for members that are about to connect: a page joins its lobby first and opens its signaling socket a moment later. Bounded per
 * destination in number and in time; destinations are members of lobbies, so their number is bounded too.
 */
export class PendingSignals {
  readonly #countMax: number;
  readonly #keptMs: number;
  readonly #byDestination = new Map<PeerId, readonly Entry[]>();
  #units = 0;

  constructor(bounds: { readonly countMax: number; readonly keptMs: number }) {
    this.#countMax = bounds.countMax;
    this.#keptMs = bounds.keptMs;
  }

  /** False when there is no room. */
  add(nowMs: number, signal: PendingSignal): boolean {
    const entries = this.#byDestination.get(signal.dst) ?? [];
    const unitsKept = sumUnits(entries);
    if (entries.length >= this.#countMax || unitsKept + signal.text.length > DESTINATION_UNITS_MAX) return false;
    if (this.#units + signal.text.length > TOTAL_UNITS_MAX) return false;
    this.#put(signal.dst, entries, [...entries, { ...signal, addedAtMs: nowMs }]);
    return true;
  }

  /** For whom something waits. */
  destinations(): readonly PeerId[] {
    return [...this.#byDestination.keys()];
  }

  /** What waits for `dst`, in the order it came. */
  take(dst: PeerId, nowMs: number): readonly PendingSignal[] {
    const entries = this.#byDestination.get(dst);
    // Of nearly every destination.
    if (entries === undefined) return NOTHING;
    this.#put(dst, entries, []);
    return entries.filter((entry) => nowMs - entry.addedAtMs < this.#keptMs);
  }

  /** Drops what waited too long, and gives each pair whose offer was among it, once. */
  takeExpired(nowMs: number): readonly { readonly src: PeerId; readonly dst: PeerId }[] {
    const expired = new Map<string, { readonly src: PeerId; readonly dst: PeerId }>();
    for (const [dst, entries] of this.#byDestination) {
      const kept = entries.filter((entry) => nowMs - entry.addedAtMs < this.#keptMs);
      for (const { src, isOffer } of entries.slice(0, entries.length - kept.length))
        if (isOffer) expired.set(`${src} ${dst}`, { src, dst });
      this.#put(dst, entries, kept);
    }
    return [...expired.values()];
  }

  /** Drops all that `peerId` sent or was to get. */
  forget(peerId: PeerId): void {
    for (const [dst, entries] of this.#byDestination) {
      this.#put(dst, entries, dst === peerId ? [] : entries.filter((entry) => entry.src !== peerId));
    }
  }

  #put(dst: PeerId, before: readonly Entry[], after: readonly Entry[]): void {
    this.#units += sumUnits(after) - sumUnits(before);
    if (after.length === 0) this.#byDestination.delete(dst);
    else this.#byDestination.set(dst, after);
  }
}

function sumUnits(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.text.length, 0);
}
