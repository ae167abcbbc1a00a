import type { PeerId } from "../base/units.ts";
import type { Farewell, GoneReason } from "../ports/departure.ts";
import type { LeaveReason } from "../ports/lobby-types.ts";
import * as TIMES from "./absence-times.ts";

export type AbsenceEvent =
  /** Once for each departure. */
  | { readonly type: "gone"; readonly peerId: PeerId; readonly reason: GoneReason }
  /** Heard again over the link after `gone`, while the broker does not say so. */
  | { readonly type: "back"; readonly peerId: PeerId };

/** What the three sources said of one member since it was last there. */
interface Witness {
  /** Its link brings something. */
  isHeard: boolean;
  /** Since when it does not; `undefined` while it does, and when it never did. */
  silentMs: number | undefined;
  /** The link gave it up. */
  isLinkLost: boolean;
  farewell: { readonly word: Farewell; readonly atMs: number } | undefined;
  /** When the broker saw its socket end. */
  disconnectedMs: number | undefined;
  told: GoneReason | undefined;
  /** `back` was told. */
  isBackTold: boolean;
}

interface Verdict {
  readonly reason: GoneReason;
  readonly dueMs: number;
}

/** Reasons of the last so many departures are remembered, for what is told later of who went. */
const REMEMBERED_MAX = 256;

/**
 * Who is gone from the lobby, and why: one event with one reason for each departure, from three sources that come in any order, or not at all: the member's
 * own goodbye, the broker's word, and the heartbeat of the link. A machine without I/O, for one lobby as one member sees it.
 */
export class Absences {
  readonly #witnesses = new Map<PeerId, Witness>();
  readonly #events: AbsenceEvent[] = [];
  readonly #reasons = new Map<PeerId, GoneReason>();
  #isBrokerThere = true;
  #lastCallMs = -Infinity;
  /** Our own process stood still until now: what arrived meanwhile is heard first. */
  #notBeforeMs = -Infinity;

  /** A member, other than ourselves, is there; of a known one nothing changes. `isConnected`: as the broker says. */
  handleJoined(nowMs: number, peerId: PeerId, isConnected: boolean): void {
    this.#observe(nowMs);
    if (this.#witnesses.has(peerId)) return;
    const seen = witness();
    // Gone before we came: nothing to tell.
    if (!isConnected) Object.assign(seen, { disconnectedMs: nowMs, told: "lost" });
    this.#witnesses.set(peerId, seen);
  }

  /** The link brings something: it opened, or recovered. */
  handleHeard(nowMs: number, peerId: PeerId): void {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(peerId);
    if (seen === undefined) return;
    const wasGone = seen.told !== undefined;
    Object.assign(seen, { isHeard: true, silentMs: undefined, isLinkLost: false, farewell: undefined, told: undefined });
    this.#reasons.delete(peerId);
    if (wasGone) {
      seen.isBackTold = true;
      this.#events.push({ type: "back", peerId });
    }
  }

  /** The link has brought nothing since `sinceMs`. */
  handleSilent(nowMs: number, peerId: PeerId, sinceMs: number): void {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(peerId);
    if (seen === undefined) return;
    seen.isHeard = false;
    seen.silentMs ??= sinceMs;
  }

  /** The link closed, and nobody said goodbye. */
  handleLinkLost(nowMs: number, peerId: PeerId): void {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(peerId);
    if (seen === undefined) return;
    seen.isHeard = false;
    seen.silentMs ??= nowMs;
    seen.isLinkLost = true;
  }

  /** The member itself said that it goes. */
  handleFarewell(nowMs: number, peerId: PeerId, word: Farewell): void {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(peerId);
    if (seen === undefined) return;
    seen.isHeard = false;
    seen.farewell ??= { word, atMs: nowMs };
  }

  /** The broker saw its socket end. */
  handleDisconnected(nowMs: number, peerId: PeerId): void {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(peerId);
    if (seen === undefined) return;
    seen.disconnectedMs ??= nowMs;
    seen.isBackTold = false;
  }

  /** The broker says that it is back, under the same id, or another, which joins then. False when that was told already. */
  handleReturned(nowMs: number, before: PeerId, after: PeerId): boolean {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(before);
    if (before !== after || seen === undefined) {
      this.#witnesses.delete(before);
      return true;
    }
    const isNews = !seen.isBackTold;
    // Only its control socket broke, or it is a new page whose link is not there yet.
    Object.assign(seen, { disconnectedMs: undefined, isBackTold: false, farewell: undefined, told: undefined });
    this.#reasons.delete(after);
    return isNews;
  }

  /** The broker says that its seat is free. */
  handleLeft(nowMs: number, peerId: PeerId, reason: LeaveReason): void {
    this.#observe(nowMs);
    const seen = this.#witnesses.get(peerId);
    if (seen === undefined) return;
    if (seen.told === undefined) this.#tell(peerId, seen, this.#departure(seen, reason));
    this.#witnesses.delete(peerId);
  }

  /** Our own control socket came or went: without it, the broker's silence says nothing. */
  handleBroker(nowMs: number, isThere: boolean): void {
    this.#observe(nowMs);
    this.#isBrokerThere = isThere;
  }

  handleTimeout(nowMs: number): void {
    this.#observe(nowMs);
    if (nowMs < this.#notBeforeMs) return;
    for (const [peerId, seen] of this.#witnesses) {
      const verdict = this.#verdict(seen);
      if (verdict !== undefined && verdict.dueMs <= nowMs) this.#tell(peerId, seen, verdict.reason);
    }
  }

  /** The next deadline; `Infinity` when nobody is missed. */
  pollTimeoutMs(): number {
    let nextMs = Infinity;
    for (const seen of this.#witnesses.values()) nextMs = Math.min(nextMs, this.#verdict(seen)?.dueMs ?? Infinity);
    return nextMs === Infinity ? nextMs : Math.max(nextMs, this.#notBeforeMs);
  }

  pollEvent(): AbsenceEvent | undefined {
    return this.#events.shift();
  }

  /** Why `peerId` is gone, as far as it is known now, also before it is told; `undefined` of who is there, or about to be back. */
  reasonOf(peerId: PeerId): GoneReason | undefined {
    const seen = this.#witnesses.get(peerId);
    if (seen?.farewell?.word === "reloading" && seen.told === undefined) return undefined;
    return this.#reasons.get(peerId) ?? (seen === undefined ? undefined : this.#verdict(seen)?.reason);
  }

  #departure(seen: Witness, reason: LeaveReason): GoneReason {
    if (reason === "expired") return this.#verdict(seen)?.reason ?? "lost";
    return reason === "banned" ? "kicked" : reason;
  }

  #verdict({ isHeard, silentMs, isLinkLost, farewell, disconnectedMs, told }: Witness): Verdict | undefined {
    if (told !== undefined) return undefined;
    if (farewell !== undefined) {
      // Nobody could contradict it while the broker is away.
      const waitMs = farewell.word === "left" && !this.#isBrokerThere ? 0 : TIMES.farewellMs[farewell.word];
      return { reason: farewell.word === "reloading" ? "navigated" : farewell.word, dueMs: farewell.atMs + waitMs };
    }
    if (isHeard) return undefined;
    if (disconnectedMs !== undefined) {
      const sinceMs = silentMs ?? disconnectedMs;
      // A process that ends takes its socket along. A cable that is pulled lets the broker wait for the socket for five seconds and more.
      const reason = Math.abs(disconnectedMs - sinceMs) <= TIMES.sameMomentMs ? "killed" : "lost";
      return { reason, dueMs: Math.max(disconnectedMs, sinceMs) + TIMES.missedMs };
    }
    // Who hears nobody, neither members nor the broker, is the one that is gone.
    const isOurs = this.#isBrokerThere || ![...this.#witnesses.values()].some((other) => other.isHeard);
    return isLinkLost && !isOurs ? { reason: "lost", dueMs: -Infinity } : undefined;
  }

  #tell(peerId: PeerId, seen: Witness, reason: GoneReason): void {
    seen.told = reason;
    seen.isBackTold = false;
    this.#reasons.set(peerId, reason);
    for (const oldest of this.#reasons.keys()) {
      if (this.#reasons.size <= REMEMBERED_MAX) break;
      this.#reasons.delete(oldest);
    }
    this.#events.push({ type: "gone", peerId, reason });
  }

  #observe(nowMs: number): void {
    if (nowMs - this.#lastCallMs > TIMES.ownStallMs) this.#notBeforeMs = nowMs + TIMES.afterStallMs;
    this.#lastCallMs = nowMs;
  }
}

function witness(): Witness {
  return {
    isHeard: false,
    silentMs: undefined,
    isLinkLost: false,
    farewell: undefined,
    disconnectedMs: undefined,
    told: undefined,
    isBackTold: false,
  };
}
