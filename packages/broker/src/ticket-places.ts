import type { PeerId } from "@rollcall/netcode/lobby-protocol";
import type { ClaimStore } from "./claim-store.ts";
import type { OnceStore } from "./once-store.ts";
import type { Ticket } from "./tickets.ts";

/**
 * A place is kept for who lost its socket: as long as a seat. At half, a phone that was in a tunnel needs a fresh ticket; at double, whoever finds a
 * ticket in a log has as long to come in the place of who left.
 */
export const PLACE_KEPT_MS = 90_000;
const OWNER = "ticket-";

/** An id that a ticket has. */
export interface TicketPlace {
  readonly peerId: PeerId;
  readonly owner: string;
  /** The newest socket's. */
  readonly token: number;
  readonly leaseMs: number;
}

export interface TicketPlacesOptions {
  readonly claims: ClaimStore;
  readonly once: OnceStore;
  readonly wallMs: () => number;
  /** A place with a socket lives as long, unless somebody renews it. */
  readonly leaseMs: number;
}

/** Where nodes have their claims of signaling ids. */
export function socketKey(peerId: PeerId): string {
  return `socket:{${peerId}}`;
}

/**
 * Which ticket has which id. A ticket is used once, in its time: then the id is its place, while a socket of it is there and `PLACE_KEPT_MS` after. To its
 * place it may come back, with the newest socket, however old it is; once the place is over, or a fresher ticket has it, it opens nothing any more.
 */
export class TicketPlaces {
  readonly #options: TicketPlacesOptions;

  constructor(options: TicketPlacesOptions) {
    this.#options = options;
  }

  /** The place of a socket that comes with this ticket; `undefined`: it has none. Rejects when nobody can tell. */
  async take({ id, peerId, untilMs }: Ticket): Promise<TicketPlace | undefined> {
    const { claims, once, wallMs, leaseMs } = this.#options;
    const owner = OWNER + id;
    const lifeMs = untilMs - wallMs();
    // Before anything else: of two that come at once with one ticket, one has not been here before.
    const isFirst = lifeMs > 0 && (await once.take(`ticket:${id}`, lifeMs));
    const holder = await claims.find(socketKey(peerId));
    const isFree = holder === undefined || holder.owner.startsWith(OWNER);
    if (holder?.owner !== owner && !(isFirst && isFree)) return undefined;
    const over = holder === undefined ? {} : { over: holder.token };
    const answer = await claims.take(socketKey(peerId), { owner, leaseMs, ...over });
    return answer.ok ? { peerId, owner, token: answer.token, leaseMs } : undefined;
  }

  /** Its socket is gone. Without effect for a place that another socket has by now. */
  leave({ peerId, owner, token }: TicketPlace): void {
    // Where it cannot be written, the lease that it had runs out.
    this.#options.claims.renew(socketKey(peerId), { owner, token, leaseMs: PLACE_KEPT_MS }).catch(() => undefined);
  }
}
