import type { Claim, ClaimAnswer, ClaimStore, ClaimWish } from "./claim-store.ts";
import { RollingSweep } from "./rolling-sweep.ts";

interface HeldClaim {
  readonly owner: string;
  readonly token: number;
  readonly takenAtMs: number;
  readonly untilMs: number;
}

/** Claims of one process. `nowMs` may be any clock that never goes back; tokens are made of it as Redis makes them, so that they rise also where a store before this one was lost. */
export class MemoryClaimStore implements ClaimStore {
  readonly #nowMs: () => number;
  readonly #claims = new Map<string, HeldClaim>();
  readonly #sweep: RollingSweep<string, HeldClaim> = new RollingSweep(this.#claims, {
    isOver: ({ untilMs }) => untilMs <= this.#nowMs(),
    forget: (key) => this.#claims.delete(key),
  });
  #token = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#claims.size;
  }

  async take(key: string, { owner, leaseMs, over }: ClaimWish): Promise<ClaimAnswer> {
    this.#sweep.step();
    const nowMs = this.#nowMs();
    const held = this.#claimOf(key);
    if (held !== undefined && held.owner !== owner && over !== "anybody" && over !== held.token) {
      return { ok: false, holder: { owner: held.owner, token: held.token, ageMs: nowMs - held.takenAtMs } };
    }
    this.#token = Math.max(this.#token + 1, Math.floor(nowMs * 1_000));
    const claim = { owner, token: this.#token, takenAtMs: nowMs, untilMs: nowMs + leaseMs };
    this.#claims.set(key, claim);
    return { ok: true, token: claim.token, isNew: held?.owner !== owner };
  }

  async renew(key: string, { owner, token, leaseMs }: { owner: string; token: number; leaseMs: number }): Promise<boolean> {
    const nowMs = this.#nowMs();
    const held = this.#claimOf(key);
    if (held !== undefined && held.token !== token) return false;
    this.#claims.set(key, { owner, token, takenAtMs: held?.takenAtMs ?? nowMs, untilMs: nowMs + leaseMs });
    return true;
  }

  async release(key: string, token: number): Promise<void> {
    if (this.#claimOf(key)?.token === token) this.#claims.delete(key);
  }

  async find(key: string): Promise<Claim | undefined> {
    const held = this.#claimOf(key);
    return held && { owner: held.owner, token: held.token, ageMs: this.#nowMs() - held.takenAtMs };
  }

  #claimOf(key: string): HeldClaim | undefined {
    const claim = this.#claims.get(key);
    return claim !== undefined && claim.untilMs > this.#nowMs() ? claim : undefined;
  }
}
