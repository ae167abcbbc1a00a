import type { PeerId } from "../base/units.ts";
import * as LINK_TIMES from "./link-times.ts";

/** A member that could forward, and what the way over it is expected to cost. */
export interface RelayOffer {
  readonly via: PeerId;
  readonly costMs: number;
}

/** What is known of the paths to one peer. */
export interface RouteFigures {
  /** Cost of the pair's own connection; `Infinity`: it does not work. */
  readonly directMs: number;
  /** Measured cost of the relay that is tried or used; `Infinity`: nothing comes back from it. */
  readonly relayMs: number;
  readonly offers: readonly RelayOffer[];
}

/**
 * Decides how packets go to one peer: over the pair's own connection, or by which other member. A path that does not work is left at once; one that
 * is only worse must be clearly so, and for a while.
 */
export class RouteChoice {
  /** Who forwards, or would. */
  via: PeerId | undefined;
  /** What we send is forwarded. */
  isRelayed = false;
  /** A relay is used, or must prove itself before it is. */
  isWanted = false;
  #viaMs = 0;
  #viaWorseMs = Infinity;
  #directWorseMs = Infinity;
  #directGoodMs = Infinity;
  #returnDwellMs: number = LINK_TIMES.firstDwellMs;
  #returnedMs = -Infinity;
  /** The pair's own connection was in use before. */
  #wasDirect = false;
  readonly #penalizedUntilMs = new Map<PeerId, number>();

  check(nowMs: number, figures: RouteFigures): void {
    const { directMs } = figures;
    const offerMs = this.#chooseVia(nowMs, figures);
    // The better of what is told and what is seen would believe a liar.
    const relayMs = this.via === undefined ? Infinity : Math.max(figures.relayMs, offerMs);
    if (this.isRelayed) this.#checkReturn(nowMs, directMs, relayMs);
    else this.#checkLeave(nowMs, directMs, relayMs, offerMs);
  }

  /** Nothing is known any more. */
  reset(): void {
    this.via = undefined;
    this.isRelayed = false;
    this.isWanted = false;
    this.#viaWorseMs = Infinity;
    this.#directWorseMs = Infinity;
  }

  /** Cost of the chosen relay as it is offered; `Infinity` when there is none. */
  #chooseVia(nowMs: number, { relayMs, offers }: RouteFigures): number {
    const isMute = this.isWanted && relayMs === Infinity && nowMs - this.#viaMs >= LINK_TIMES.relayTryMs;
    if (isMute && this.via !== undefined) this.#penalizedUntilMs.set(this.via, nowMs + LINK_TIMES.relayPenaltyMs);
    let best: RelayOffer | undefined;
    let bestMs = Infinity;
    let current: RelayOffer | undefined;
    for (const offer of offers) {
      const isPenalized = (this.#penalizedUntilMs.get(offer.via) ?? 0) > nowMs;
      const costMs = offer.costMs + (isPenalized ? LINK_TIMES.relayPenaltyMs : 0);
      if (costMs < bestMs) {
        best = offer;
        bestMs = costMs;
      }
      if (offer.via === this.via) current = offer;
    }
    this.#viaWorseMs =
      current !== undefined && best !== undefined && isClearlyWorse(current.costMs, best.costMs)
        ? Math.min(this.#viaWorseMs, nowMs)
        : Infinity;
    const isStaying = current !== undefined && !isMute && nowMs - this.#viaWorseMs < LINK_TIMES.routeDwellMs;
    if (isStaying) return current?.costMs ?? Infinity;
    this.via = best?.via;
    this.#viaMs = nowMs;
    this.#viaWorseMs = Infinity;
    return best?.costMs ?? Infinity;
  }

  #checkLeave(nowMs: number, directMs: number, relayMs: number, offerMs: number): void {
    if (directMs < Infinity) this.#wasDirect = true;
    if (directMs === Infinity) this.#directWorseMs = -Infinity;
    else if (isClearlyWorse(directMs, offerMs)) this.#directWorseMs = Math.min(this.#directWorseMs, nowMs);
    else if (!isWorse(directMs, offerMs)) this.#directWorseMs = Infinity;
    const isWanted = this.via !== undefined && nowMs - this.#directWorseMs >= LINK_TIMES.routeDwellMs;
    if (isWanted && !this.isWanted) this.#viaMs = nowMs;
    this.isWanted = isWanted;
    if (!this.isWanted || relayMs === Infinity || !isClearlyWorse(directMs, relayMs)) return;
    this.isRelayed = true;
    this.#directGoodMs = Infinity;
    if (!this.#wasDirect) return;
    const isFlapping = nowMs - this.#returnedMs < LINK_TIMES.routeSettledMs;
    const nextMs = isFlapping ? Math.min(2 * this.#returnDwellMs, LINK_TIMES.returnDwellMsMax) : 0;
    this.#returnDwellMs = Math.max(LINK_TIMES.returnDwellMs, nextMs);
  }

  #checkReturn(nowMs: number, directMs: number, relayMs: number): void {
    this.isWanted = true;
    const isGood = directMs < Infinity && directMs <= relayMs * 1.1 + 5;
    this.#directGoodMs = isGood ? Math.min(this.#directGoodMs, nowMs) : Infinity;
    const isDue = nowMs - this.#directGoodMs >= this.#returnDwellMs;
    if (!isDue && !(relayMs === Infinity && directMs < Infinity)) return;
    this.isRelayed = false;
    this.isWanted = false;
    this.#returnedMs = nowMs;
    this.#directWorseMs = Infinity;
  }
}

/** Half of that: what was clearly worse a moment ago may still be so, and figures waver. */
function isWorse(costMs: number, otherMs: number): boolean {
  return costMs > otherMs * 1.25 + 8;
}

/** Half as much again and a frame: what sessions would notice, and more than measuring errs by. */
function isClearlyWorse(costMs: number, otherMs: number): boolean {
  return costMs > otherMs * 1.5 + 17;
}
