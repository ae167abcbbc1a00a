import { unreachable } from "../core/base/assert.ts";
import type { SessionEvent } from "../core/ports/session.ts";
import type { Listeners } from "./listeners.ts";
import type { MatchEvents } from "./match-types.ts";

/** Those that change nothing in the match on this peer. */
export type PlainSessionEvent = Exclude<
  SessionEvent,
  { readonly type: "dropped" | "seat-to-bot" | "seat-to-player" | "paused" | "resumed" | "role" | "game" | "ended" }
>;

/** Tells the game what its session told, as it is. */
export function tellSessionEvent<Result>(listeners: Listeners<MatchEvents<Result>>, event: PlainSessionEvent): void {
  switch (event.type) {
    case "synchronized":
      return listeners.emit("synchronized", event.frame);
    case "peer-suspect":
      return listeners.emit("suspect", event.peerId);
    case "peer-recovered":
      return listeners.emit("recovered", event.peerId);
    case "waiting-for-quorum":
      return listeners.emit("waiting-for-quorum");
    case "conflicting-input":
      return listeners.emit("conflicting-input", event);
    case "desync":
      return listeners.emit("desync", event);
    case "desync-evidence":
      return listeners.emit("desync-evidence", event);
    case "repaired":
      return listeners.emit("repaired", event);
    case "desync-persists":
      return listeners.emit("desync-persists", event);
    case "seat-request":
      // Answered by `mayTakeSeats`.
      return;
    default:
      return unreachable(event);
  }
}
