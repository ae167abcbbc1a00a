/**
 * New descriptions for a connection that is open: to restart ICE, and later to add or drop tracks. Who offers when is decided in core/link; a transport
 * that can do it (`CAPABILITY.iceRestart`) only makes and applies descriptions. Descriptions and candidates are text that only transports read.
 */

/** Most characters of a description: one message of `control`, with the headers of link and relay. */
export const DESCRIPTION_UNITS_MAX = 16_000;
/** Most candidates of one description, and most characters of one. */
export const CANDIDATES_MAX = 64;
export const CANDIDATE_UNITS_MAX = 512;

/** What the link wants made or applied. `generation` names the exchange of one offer and one answer; a newer one replaces an older. */
export type NegotiationCommand =
  /** Make an offer and take it for the local description. */
  | { readonly type: "offer"; readonly generation: number; readonly iceRestart: boolean }
  /** Take the peer's offer, in place of an own one that was not answered, and make the answer. */
  | { readonly type: "accept-offer"; readonly generation: number; readonly description: string }
  | { readonly type: "accept-answer"; readonly generation: number; readonly description: string }
  | { readonly type: "add-candidates"; readonly generation: number; readonly candidates: readonly string[] };

/** What came of it. */
export type NegotiationReport =
  /** The offer or answer that was asked for. */
  | { readonly type: "description"; readonly generation: number; readonly description: string }
  /** An address of ours that was found after the description. */
  | { readonly type: "candidate"; readonly generation: number; readonly candidate: string }
  /** The description could not be made or applied. */
  | { readonly type: "failed"; readonly generation: number }
  /**
   * What the connection says of itself whenever that changes: it works; it hears nothing; it has given up until ICE is restarted. Open means `connected`. `rerouted`, where the browser tells that:
   * ICE has turned to another pair of addresses, which need not work.
   */
  | { readonly type: "state"; readonly state: "connected" | "disconnected" | "failed" | "rerouted" };
