import { monotonicMs } from "./monotonic-ms.ts";
import type { NodeKeys } from "./key-watch.ts";
import { MemoryClaimStore } from "./memory-claim-store.ts";
import { MemoryOnceStore } from "./memory-once-store.ts";
import type { SharedState } from "./shared-state.ts";
import { openTicketKeys } from "./signing-key.ts";
import { PLACE_KEPT_MS, TicketPlaces } from "./ticket-places.ts";
import { readTicket, type Ticket } from "./tickets.ts";

/** Lets stock clients in by ticket. */
export interface TicketOffice {
  /** `undefined`: not one of ours. Does not reject. */
  readonly read: (text: string) => Promise<Ticket | undefined>;
  readonly places: TicketPlaces;
  /** Of its secrets. */
  readonly names: () => NodeKeys;
  /** Stops looking at the file of secrets. */
  readonly close: () => void;
}

export interface TicketOfficeOptions {
  readonly ticketSecret: string | undefined;
  readonly ticketSecretFile: string | undefined;
  /** With other nodes: a ticket is used once at all of them. */
  readonly shared: SharedState | undefined;
  readonly wallMs: () => number;
  readonly handleUnreadable: () => void;
}

/** `undefined`: nobody has a secret to sign tickets with. Throws when the file cannot be read. */
export function openTicketOffice({ shared, wallMs, handleUnreadable, ...secrets }: TicketOfficeOptions): TicketOffice | undefined {
  const keys = openTicketKeys(secrets, handleUnreadable);
  if (keys === undefined) return undefined;
  const places = new TicketPlaces({
    claims: shared?.claims ?? new MemoryClaimStore(monotonicMs),
    once: shared?.once ?? new MemoryOnceStore(monotonicMs),
    wallMs,
    // In one process nobody dies without giving it back.
    leaseMs: shared === undefined ? Infinity : PLACE_KEPT_MS,
  });
  const names = (): NodeKeys => ({ signs: keys.ring.current.kid, takes: keys.ring.verifying.map(({ kid }) => kid) });
  return { read: (text) => readTicket(text, keys.ring, wallMs()), places, names, close: keys.close };
}
