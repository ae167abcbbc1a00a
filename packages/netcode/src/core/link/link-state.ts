import type { Greeting } from "./greeting.ts";

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
