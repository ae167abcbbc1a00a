import { unreachable } from "../base/assert.ts";
import type { Greeting } from "./greeting.ts";
import * as LINK_TIMES from "./link-times.ts";

/** What people see. Lives across attempts. */
export type Standing =
  | { readonly kind: "connecting"; deadlineMs: number }
  | { readonly kind: "open" }
  | { readonly kind: "suspect" }
  | { readonly kind: "closed" };

/** What the transport has for us at the moment. */
export type Carrier =
  /** Nothing. The dialer tries again at `attemptMs`; the acceptor waits for ever. */
  | { readonly kind: "none"; readonly attemptMs: number }
  /** An attempt is under way (dialer only). */
  | { readonly kind: "dialing"; deadlineMs: number }
  /** Channels are open here; nobody knows yet whether they are at the other end, and who that is. */
  | { readonly kind: "greeting"; readonly greeting: Greeting }
  /** Both ends know each other and both channels work both ways. */
  | { readonly kind: "ready"; pingMs: number }
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

/** When the carrier wants something done. */
export function carrierTimeoutMs(carrier: Carrier, lastHeardMs: number): number {
  switch (carrier.kind) {
    case "none":
      return carrier.attemptMs;
    case "dialing":
      return carrier.deadlineMs;
    case "greeting":
      return carrier.greeting.timeoutMs;
    case "ready":
      return Math.min(lastHeardMs + LINK_TIMES.stalledMs, carrier.pingMs);
    case "refusing":
      return carrier.hangUpMs;
    case "over":
      return Infinity;
    default:
      return unreachable(carrier);
  }
}
