import { networkOf, NETWORK_TIMES } from "./client-address.ts";
import type { BrokerLimits } from "./limits.ts";
import { Allowance, type Rate } from "./allowance.ts";

/**
 * What an address may do so often in a minute. `connections`: make one, whatever it is for. `refusals`: hear at once that it is refused. `wrongCodes`: guess at codes, taken before it is known whether one was
 * right, and given back when it was. `entrances`: join or resume, whatever comes of it. `lists`: ask for the public list, or a quick match. `challenges`: ask what to prove for a password.
 */
export type LimitedDeed =
  | "connections"
  | "opens"
  | "requests"
  | "refusals"
  | "wrongCodes"
  | "entrances"
  | "lobbies"
  | "lists"
  | "challenges";

interface DeedRates {
  readonly address: Rate;
  readonly network: Rate;
}

interface AddressEntry {
  sockets: number;
  /** Made when something is done first: most addresses do little but open a socket or two. */
  readonly buckets: Partial<Record<LimitedDeed, Allowance>>;
}

/** Most addresses remembered. Above, the one that has been idle longest is forgotten: its buckets were likely full anyway. */
const ADDRESSES_MAX = 50_000;
/** Looked at in one sweep, in about a millisecond: all of them in one go would hold up everybody's messages for ten or twenty, once a second. At half, a table that is full of strangers takes a minute to forget them; at double, it is two milliseconds. */
const SWEEP_ADDRESSES = 2_048;

/** What one address has used up. */
export class AddressLimits {
  readonly #limits: BrokerLimits;
  readonly #rates: Readonly<Record<LimitedDeed, DeedRates>>;
  /** Least recently used first. */
  readonly #entries = new Map<string, AddressEntry>();
  /** Where the last sweep stopped. */
  #unswept: Iterator<[string, AddressEntry]> = this.#entries.entries();

  constructor(limits: BrokerLimits) {
    this.#limits = limits;
    const { opensPerMinute: opens, requestsPerMinute: requests, refusalsPerMinute: refusals } = limits;
    const { wrongCodesPerMinute: wrongCodes, lobbiesPerMinute: lobbies, listsPerMinute: lists, challengesPerMinute: challenges } = limits;
    // Whoever keeps to the other limits needs no more connections than these: one for each request, each socket, and each time that it is told.
    const connections = opens + requests + refusals;
    this.#rates = {
      connections: ratesOf(connections),
      opens: ratesOf(opens),
      requests: ratesOf(requests),
      refusals: ratesOf(refusals),
      wrongCodes: ratesOf(wrongCodes),
      // A page needs two sockets for each.
      entrances: ratesOf(opens),
      lobbies: ratesOf(lobbies),
      lists: ratesOf(lists),
      challenges: ratesOf(challenges),
    };
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts an attempt to open a socket. */
  mayOpen(nowMs: number, address: string): boolean {
    return this.take(nowMs, address, "opens") && this.#hasRoom(address);
  }

  addSocket(address: string): void {
    this.#addSockets(address, 1);
  }

  removeSocket(address: string): void {
    this.#addSockets(address, -1);
  }

  /** Counts it; false: too often. */
  take(nowMs: number, address: string, deed: LimitedDeed): boolean {
    const network = networkOf(address);
    if (network === undefined) return this.#bucketOf(nowMs, address, { deed, of: "address" }).take(nowMs);
    const buckets = this.#bucketsOf(nowMs, address, deed);
    const taken = buckets.filter((bucket) => bucket.take(nowMs));
    if (taken.length === buckets.length) return true;
    for (const bucket of taken) bucket.refund();
    return false;
  }

  /** Gives back what `take` took. */
  refund(nowMs: number, address: string, deed: LimitedDeed): void {
    for (const bucket of this.#bucketsOf(nowMs, address, deed)) bucket.refund();
  }

  /** Until it may be done again; 0 when it may be. */
  waitMs(nowMs: number, address: string, deed: LimitedDeed): number {
    return Math.max(...this.#bucketsOf(nowMs, address, deed).map((bucket) => bucket.waitMs(nowMs)));
  }

  /** Forgets addresses about which there is nothing to remember; of very many, some each time. */
  sweep(nowMs: number): void {
    for (let count = 0; count < SWEEP_ADDRESSES; count++) {
      const next = this.#unswept.next();
      if (next.done === true) {
        this.#unswept = this.#entries.entries();
        return;
      }
      const [address, { sockets, buckets }] = next.value;
      if (sockets === 0 && Object.values(buckets).every((bucket) => bucket.isFull(nowMs))) this.#entries.delete(address);
    }
  }

  #hasRoom(address: string): boolean {
    const { socketsPerAddress } = this.#limits;
    const network = networkOf(address);
    const isFree = (key: string, count: number): boolean => (this.#entries.get(key)?.sockets ?? 0) < count;
    return isFree(address, socketsPerAddress) && (network === undefined || isFree(network, NETWORK_TIMES * socketsPerAddress));
  }

  #addSockets(address: string, count: number): void {
    const network = networkOf(address);
    (this.#entries.get(address) ?? this.#entry(address)).sockets += count;
    if (network !== undefined) (this.#entries.get(network) ?? this.#entry(network)).sockets += count;
  }

  #bucketsOf(nowMs: number, address: string, deed: LimitedDeed): readonly Allowance[] {
    const network = networkOf(address);
    const own = this.#bucketOf(nowMs, address, { deed, of: "address" });
    return network === undefined ? [own] : [own, this.#bucketOf(nowMs, network, { deed, of: "network" })];
  }

  #bucketOf(nowMs: number, key: string, { deed, of }: { readonly deed: LimitedDeed; readonly of: keyof DeedRates }): Allowance {
    const { buckets } = this.#entry(key);
    return (buckets[deed] ??= new Allowance(nowMs, this.#rates[deed][of]));
  }

  #entry(key: string): AddressEntry {
    const known = this.#entries.get(key);
    const entry = known ?? { sockets: 0, buckets: {} };
    if (known !== undefined) this.#entries.delete(key);
    else if (this.#entries.size >= ADDRESSES_MAX) this.#forgetOne();
    this.#entries.set(key, entry);
    return entry;
  }

  #forgetOne(): void {
    const { size } = this.#entries;
    let passed = 0;
    for (const [address, entry] of this.#entries) {
      this.#entries.delete(address);
      if (entry.sockets === 0) return;
      // In use, so not the one that is idle longest: else all that have a socket would be passed again for each stranger.
      this.#entries.set(address, entry);
      if (++passed === size) return;
    }
  }
}

function ratesOf(perMinute: number): DeedRates {
  const rateOf = (burst: number): Rate => ({ perSecond: burst / 60, burst });
  return { address: rateOf(perMinute), network: rateOf(NETWORK_TIMES * perMinute) };
}
