import * as LINK_TIMES from "./link-times.ts";
import type { ProofExchange } from "./proof-exchange.ts";

/**
 * What is known while channels are open at this end only, as far as we can tell. It ends when the peer's hello is accepted and one of our probes
 * is answered; a peer answers probes only after it accepted ours. People see the link open once `isPeerThere`, where a packet shows that ours arrive.
 */
export class Greeting {
  deadlineMs: number;
  /** The peer's hello was accepted, here or on another way. */
  isPeerKnown: boolean;
  /** The peer probed: its `unreliable` is open, and comes through. Before we knew it, it gets its answer then. */
  isProbed = false;
  isProbeAcked = false;
  /** Where both ends prove who they are: a hello is accepted with its proof, not before. */
  proofs: ProofExchange | undefined;
  #helloMs: number;
  #probeMs: number;

  constructor(nowMs: number, deadlineMs: number, isPeerKnown = false) {
    this.deadlineMs = deadlineMs;
    this.isPeerKnown = isPeerKnown;
    this.#helloMs = nowMs;
    this.#probeMs = nowMs;
  }

  /** We know the peer, and have heard it on both channels. */
  get isPeerThere(): boolean {
    return this.isPeerKnown && this.isProbed;
  }

  get timeoutMs(): number {
    return Math.min(this.deadlineMs, this.#helloMs, this.#probeMs);
  }

  /** True when the hello is due; the next one is then later. */
  takeHello(nowMs: number): boolean {
    if (nowMs < this.#helloMs) return false;
    this.#helloMs = nowMs + LINK_TIMES.helloIntervalMs;
    return true;
  }

  /** The same for the probe. */
  takeProbe(nowMs: number): boolean {
    if (nowMs < this.#probeMs) return false;
    this.#probeMs = nowMs + LINK_TIMES.probeIntervalMs;
    return true;
  }
}
