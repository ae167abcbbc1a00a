import { TokenBucket } from "../core/base/token-bucket.ts";

/** Attempts of one peer that are answered at once, and one more each 2 s: an honest one makes four in 16 s. Each is a peer connection, and ends the one before. */
const OFFERS_BURST = 8;
const OFFERS_PER_SECOND = 0.5;

/**
 * A connection that brought something so lately is not given up for an offer, which whoever signals for the peer can make up; an honest peer has closed its end, and repeats its
 * offer. At half, a burst of losses looks like silence; at double, a peer that dials anew waits for its third offer.
 */
const HEARD_MS = 300;

/** An attempt that did not open in this time keeps no other out by its number, however high that was: the link has given it up. */
const OUTRANKED_MS = 16_000;

export type OfferRefusal = "stale-attempt" | "connected" | "too-many-attempts";

/** Which offers of one peer are answered. What the broker says in a peer's name may be a lie, and must end no connection that works, nor keep the peer out for good. */
export class OfferGate {
  readonly #bucket = new TokenBucket(OFFERS_PER_SECOND, OFFERS_BURST);
  #newest = 0;
  #newestMs = -Infinity;

  /** `attempt`: its number at the peer. `heardMs`: when the open connection brought something last; `undefined`: there is none. `undefined`: to be answered. */
  judge(nowMs: number, attempt: number, heardMs: number | undefined): OfferRefusal | undefined {
    const mayOutrank = heardMs !== undefined || nowMs - this.#newestMs < OUTRANKED_MS;
    if (attempt <= this.#newest && mayOutrank) return "stale-attempt";
    if (heardMs !== undefined && nowMs - heardMs < HEARD_MS) return "connected";
    if (!this.#bucket.take(nowMs)) return "too-many-attempts";
    this.#newest = attempt;
    this.#newestMs = nowMs;
    return undefined;
  }
}
