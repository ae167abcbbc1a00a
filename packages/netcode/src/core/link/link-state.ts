import { unreachable } from "../base/assert.ts";
import type { Greeting } from "./greeting.ts";
import * as LINK_TIMES from "./link-times.ts";

/** What people see. Lives across attempts. */
export type Standing =
  | { readonly kind: "connecting"; deadlineMs: number }
  | { readonly kind: "open" }
  | { readonly kind: "suspect" }
  | { readonly kind: "closed" };

/** What one way to the peer has for us at the moment: its own connection, or another member that forwards (never dialing, refusing). */
export type Carrier =
  /** Nothing. The dialer tries again at `attemptMs`; the acceptor waits for ever. */
  | { readonly kind: "none"; readonly attemptMs: number }
  /** An attempt is under way (dialer only). */
  | { readonly kind: "dialing"; deadlineMs: number }
  /** Channels are open here; nobody knows yet whether they are at the other end, and who that is. */
  | { readonly kind: "greeting"; readonly greeting: Greeting }
  /** Both ends know each other and both channels work both ways. */
  | { readonly kind: "ready" }
  /** We refused the peer: hang up once it had time to read why. */
  | { readonly kind: "refusing"; readonly hangUpMs: number }
  /** Said goodbye, refused, or hung up: nothing happens any more. */
  | { readonly kind: "over" };

/** When the standing changes by itself. `lastHeardMs`: the peer's last sign of life. */
export function standingTimeoutMs(standing: Standing, lastHeardMs: number): number {
  switch (standing.kind) {
    case "connecting":
      return standing.deadlineMs;
    case "open":
      return lastHeardMs + LINK_TIMES.suspectMs;
    case "suspect":
      return lastHeardMs + LINK_TIMES.lostMs;
    case "closed":
      return Infinity;
    default:
      return unreachable(standing);
  }
}
