import type { Random } from "../core/base/random.ts";
import type { PeerId } from "../core/base/units.ts";
import type { SimConnection } from "./sim-connection.ts";
import type { SimScheduler } from "./sim-scheduler.ts";

/** How first contact is carried: through a broker, apart from the links, and never resent (PeerJS does not). */
export interface SignalingConditions {
  readonly delayMs: number;
  /** Extra delay, even in 0 … `jitterMs`: messages overtake each other. */
  readonly jitterMs: number;
  /** Messages that vanish (0–1). */
  readonly lossRatio: number;
  /** Messages that arrive twice (0–1). */
  readonly duplicateRatio: number;
}

export const SIGNALING_DEFAULTS: SignalingConditions = { delayMs: 20, jitterMs: 0, lossRatio: 0, duplicateRatio: 0 };

/** What the ends of a connection in the making say to each other. `attempt` grows with each dial. */
export type SignalingMessage =
  | { readonly type: "offer"; readonly attempt: number }
  /** Session description and candidates, so to say: the connection that the answering end prepared. */
  | { readonly type: "answer"; readonly attempt: number; readonly connection: SimConnection }
  /** The broker's own: nobody of that name. */
  | { readonly type: "no-such-peer"; readonly attempt: number }
  /** Of a link's own, about a connection that exists. */
  | { readonly type: "signal"; readonly bytes: Uint8Array };

/** Receives a message from `from`. */
export type ReceiveSignal = (from: PeerId, message: SignalingMessage) => void;

/** A broker as far as signaling sees it: knows who is there, and passes messages on, not always once. */
export class SimSignaling {
  conditions: SignalingConditions;
  readonly #scheduler: SimScheduler;
  readonly #random: Random;
  readonly #receivers = new Map<PeerId, ReceiveSignal>();
  #attempts = 0;

  constructor(scheduler: SimScheduler, random: Random, conditions: SignalingConditions) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.conditions = conditions;
  }

  /** From now on `peer` can be reached; a newer registration replaces an older one. */
  register(peer: PeerId, receive: ReceiveSignal): void {
    this.#receivers.set(peer, receive);
  }

  unregister(peer: PeerId): void {
    this.#receivers.delete(peer);
  }

  /** A number for a new attempt, higher than every one before. */
  nextAttempt(): number {
    return ++this.#attempts;
  }

  send(from: PeerId, to: PeerId, message: SignalingMessage): void {
    this.#carry(() => {
      const receive = this.#receivers.get(to);
      if (receive !== undefined) receive(from, message);
      else if (message.type === "offer")
        this.#carry(() => this.#receivers.get(from)?.(to, { type: "no-such-peer", attempt: message.attempt }));
    });
  }

  #carry(deliver: () => void): void {
    const copies = this.#random.chance(this.conditions.duplicateRatio) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const lost = this.#random.chance(this.conditions.lossRatio);
      const delayMs = this.conditions.delayMs + this.#random.float() * this.conditions.jitterMs;
      if (!lost) this.#scheduler.schedule(this.#scheduler.nowMs + delayMs, deliver);
    }
  }
}
