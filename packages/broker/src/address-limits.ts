import type { BrokerLimits } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What an address has so much of in a minute. */
type Rate = "opens" | "requests" | "refusals" | "wrongCodes" | "lobbies" | "lists" | "challenges";

/** A bucket is made when something is taken from it first: most addresses do little but open a socket or two. */
type AddressEntry = { sockets: number } & { [Name in Rate]: TokenBucket | undefined };

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
    const entry = this.#entry(address);
    return this.#bucketOf(entry, "opens", nowMs).take(nowMs) && entry.sockets < this.#limits.socketsPerAddress;
  }

  /** Counts an HTTP request. */
  mayRequest(nowMs: number, address: string): boolean {
    return this.#bucket("requests", nowMs, address).take(nowMs);
  }

  /** Counts a refusal of a request or a socket; false: it has heard enough of them. */
  mayHearRefusal(nowMs: number, address: string): boolean {
    return this.#bucket("refusals", nowMs, address).take(nowMs);
  }

  addSocket(address: string): void {
    this.#entry(address).sockets++;
  }

  removeSocket(address: string): void {
    this.#entry(address).sockets--;
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
    const own = this.#bucket("wrongCodes", nowMs, address);
    if (network === undefined) return [own];
    const entry = this.#entry(network);
    entry.wrongCodes ??= this.#newBucket("wrongCodes", nowMs, NETWORK_GUESSES);
    return [own, entry.wrongCodes];
  }

  takeLobby(nowMs: number, address: string): boolean {
    return this.#bucket("lobbies", nowMs, address).take(nowMs);
  }

  lobbyWaitMs(nowMs: number, address: string): number {
    return this.#bucket("lobbies", nowMs, address).waitMs(nowMs);
  }

  /** Counts a question for the public list, or a quick match. */
  takeList(nowMs: number, address: string): boolean {
    return this.#bucket("lists", nowMs, address).take(nowMs);
  }

  listWaitMs(nowMs: number, address: string): number {
    return this.#bucket("lists", nowMs, address).waitMs(nowMs);
  }

  /** Counts a question what to prove for a password. */
  takeChallenge(nowMs: number, address: string): boolean {
    return this.#bucket("challenges", nowMs, address).take(nowMs);
  }

  challengeWaitMs(nowMs: number, address: string): number {
    return this.#bucket("challenges", nowMs, address).waitMs(nowMs);
  }

  /** Forgets addresses about which there is nothing to remember. */
  sweep(nowMs: number): void {
    for (const [address, entry] of this.#entries) {
      const { sockets, opens, requests, refusals, wrongCodes, lobbies, lists, challenges } = entry;
      if (sockets > 0) continue;
      const buckets = [opens, requests, refusals, wrongCodes, lobbies, lists, challenges];
      if (buckets.every((bucket) => bucket === undefined || bucket.isFull(nowMs))) this.#entries.delete(address);
    }
  }

  #bucket(name: Rate, nowMs: number, address: string): TokenBucket {
    return this.#bucketOf(this.#entry(address), name, nowMs);
  }

  #bucketOf(entry: AddressEntry, name: Rate, nowMs: number): TokenBucket {
    return (entry[name] ??= this.#newBucket(name, nowMs, 1));
  }

  #newBucket(name: Rate, nowMs: number, times: number): TokenBucket {
    const perMinute = times * this.#limits[`${name}PerMinute`];
    return new TokenBucket(nowMs, { perSecond: perMinute / 60, burst: perMinute });
  }

  #entry(address: string): AddressEntry {
    const known = this.#entries.get(address);
    const entry: AddressEntry = known ?? {
      sockets: 0,
      opens: undefined,
      requests: undefined,
      refusals: undefined,
      wrongCodes: undefined,
      lobbies: undefined,
      lists: undefined,
      challenges: undefined,
    };
    if (known !== undefined) this.#entries.delete(address);
    else if (this.#entries.size >= ADDRESSES_MAX) this.#forgetOne();
    this.#entries.set(address, entry);
    return entry;
  }

  #forgetOne(): void {
    for (const [address, entry] of this.#entries) {
      if (entry.sockets > 0) continue;
      this.#entries.delete(address);
      return;
    }
  }
}
