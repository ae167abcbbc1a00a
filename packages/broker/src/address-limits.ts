import type { BrokerLimits } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

interface AddressEntry {
  sockets: number;
  readonly opens: TokenBucket;
  readonly requests: TokenBucket;
  readonly wrongCodes: TokenBucket;
  readonly lobbies: TokenBucket;
  readonly lists: TokenBucket;
  readonly challenges: TokenBucket;
}

/** Most addresses remembered. Above, the one that has been idle longest is forgotten: its buckets were likely full anyway. */
const ADDRESSES_MAX = 50_000;

/**
 * Some providers give a customer a /48, with 65,536 addresses as we count them: it may guess so many times as often as one of them. Elsewhere the same /48 is a city's phones, whose
 * owners mistype; nothing but guesses is counted so. At half, an evening's mistypes there are turned away; at double, one customer is 32.
 */
const NETWORK_GUESSES = 16;
const NETWORK = "::/48";

/** The /48 of a /64; `undefined`: an IPv4 address. */
function networkOf(address: string): string | undefined {
  const groups = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f]+::\/64$/.exec(address)?.[1];
  return groups === undefined ? undefined : groups + NETWORK;
}

/** What one address has used up. */
export class AddressLimits {
  readonly #limits: BrokerLimits;
  /** Least recently used first. */
  readonly #entries = new Map<string, AddressEntry>();

  constructor(limits: BrokerLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts an attempt to open a socket. */
  mayOpen(nowMs: number, address: string): boolean {
    const entry = this.#entry(nowMs, address);
    return entry.opens.take(nowMs) && entry.sockets < this.#limits.socketsPerAddress;
  }

  /** Counts an HTTP request. */
  mayRequest(nowMs: number, address: string): boolean {
    return this.#entry(nowMs, address).requests.take(nowMs);
  }

  addSocket(nowMs: number, address: string): void {
    this.#entry(nowMs, address).sockets++;
  }

  removeSocket(nowMs: number, address: string): void {
    this.#entry(nowMs, address).sockets--;
  }

  /** Takes a guess at a code, before it is known to be one; give it back with `refundGuess` when it was right. */
  takeGuess(nowMs: number, address: string): boolean {
    const buckets = this.#guessBuckets(nowMs, address);
    const taken = buckets.filter((bucket) => bucket.take(nowMs));
    if (taken.length === buckets.length) return true;
    for (const bucket of taken) bucket.refund();
    return false;
  }

  refundGuess(nowMs: number, address: string): void {
    for (const bucket of this.#guessBuckets(nowMs, address)) bucket.refund();
  }

  guessWaitMs(nowMs: number, address: string): number {
    return Math.max(...this.#guessBuckets(nowMs, address).map((bucket) => bucket.waitMs(nowMs)));
  }

  #guessBuckets(nowMs: number, address: string): readonly TokenBucket[] {
    const network = networkOf(address);
    return [address, ...(network === undefined ? [] : [network])].map((key) => this.#entry(nowMs, key).wrongCodes);
  }

  takeLobby(nowMs: number, address: string): boolean {
    return this.#entry(nowMs, address).lobbies.take(nowMs);
  }

  lobbyWaitMs(nowMs: number, address: string): number {
    return this.#entry(nowMs, address).lobbies.waitMs(nowMs);
  }

  /** Counts a question for the public list, or a quick match. */
  takeList(nowMs: number, address: string): boolean {
    return this.#entry(nowMs, address).lists.take(nowMs);
  }

  listWaitMs(nowMs: number, address: string): number {
    return this.#entry(nowMs, address).lists.waitMs(nowMs);
  }

  /** Counts a question what to prove for a password. */
  takeChallenge(nowMs: number, address: string): boolean {
    return this.#entry(nowMs, address).challenges.take(nowMs);
  }

  challengeWaitMs(nowMs: number, address: string): number {
    return this.#entry(nowMs, address).challenges.waitMs(nowMs);
  }

  /** Forgets addresses about which there is nothing to remember. */
  sweep(nowMs: number): void {
    for (const [address, entry] of this.#entries) {
      const { sockets, opens, requests, wrongCodes, lobbies, lists, challenges } = entry;
      if (sockets === 0 && [opens, requests, wrongCodes, lobbies, lists, challenges].every((bucket) => bucket.isFull(nowMs)))
        this.#entries.delete(address);
    }
  }

  #entry(nowMs: number, address: string): AddressEntry {
    const known = this.#entries.get(address);
    const entry = known ?? this.#newEntry(nowMs, address.endsWith(NETWORK) ? NETWORK_GUESSES : 1);
    if (known !== undefined) this.#entries.delete(address);
    else if (this.#entries.size >= ADDRESSES_MAX) this.#forgetOne();
    this.#entries.set(address, entry);
    return entry;
  }

  #newEntry(nowMs: number, guesses: number): AddressEntry {
    const { opensPerMinute, requestsPerMinute, wrongCodesPerMinute, lobbiesPerMinute, listsPerMinute, challengesPerMinute } = this.#limits;
    const perMinute = (count: number): TokenBucket => new TokenBucket(nowMs, { perSecond: count / 60, burst: count });
    return {
      sockets: 0,
      opens: perMinute(opensPerMinute),
      requests: perMinute(requestsPerMinute),
      wrongCodes: perMinute(guesses * wrongCodesPerMinute),
      lobbies: perMinute(lobbiesPerMinute),
      lists: perMinute(listsPerMinute),
      challenges: perMinute(challengesPerMinute),
    };
  }

  #forgetOne(): void {
    for (const [address, entry] of this.#entries) {
      if (entry.sockets > 0) continue;
      this.#entries.delete(address);
      return;
    }
  }
}
