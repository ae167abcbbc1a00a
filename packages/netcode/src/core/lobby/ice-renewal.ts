import type { IceGrant } from "../ports/lobby-protocol.ts";

/** Part of their life after which ICE servers are asked for anew: at 0.9 a slow answer comes too late for a restart, at 0.4 the broker is asked twice as often. */
const RENEWAL_SHARE = 0.8;

/** Least time between two questions, whatever life the broker claims: half would let it make every member ask all the time. */
const RENEWAL_LEAST_MS = 1_000;

/** Until a question that failed is asked again. */
const RENEWAL_RETRY_MS = 5_000;

/** Decides when a member needs fresh ICE servers: the credentials of a TURN server end. Pure. */
export class IceRenewal {
  #expires = false;
  #grantedMs = -Infinity;
  #dueMs = Infinity;
  #request: number | undefined;

  handleGrant(nowMs: number, { iceLifeMs }: IceGrant): void {
    this.#expires = iceLifeMs !== undefined;
    this.#grantedMs = nowMs;
    this.#request = undefined;
    this.#dueMs = iceLifeMs === undefined ? Infinity : nowMs + Math.max(RENEWAL_LEAST_MS, iceLifeMs * RENEWAL_SHARE);
  }

  handleAsked(request: number): void {
    this.#request = request;
  }

  handleFailed(nowMs: number): void {
    this.#request = undefined;
    this.#dueMs = nowMs + RENEWAL_RETRY_MS;
  }

  get isAsking(): boolean {
    return this.#request !== undefined;
  }

  isOurs(request: number): boolean {
    return request === this.#request;
  }

  /** For who is about to need them, before they are due. What does not expire, or was granted just now, is not worth a question. */
  mayAsk(nowMs: number): boolean {
    return this.#expires && this.#request === undefined && nowMs >= this.#grantedMs + RENEWAL_LEAST_MS;
  }

  pollTimeoutMs(): number {
    return this.#request === undefined ? this.#dueMs : Infinity;
  }
}
