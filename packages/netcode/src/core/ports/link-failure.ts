/**
 * Why a peer could not be reached, or was lost for good, as far as it can be told from this end. Stable: the documentation has an anchor for each.
 *
 * - `BROKER_LOST`: signaling was down, so that no offer could leave.
 * - `PEER_ABSENT`: the broker says that nobody is there under this id.
 * - `NO_ANSWER`: offers left, and nothing came back.
 * - `NO_CANDIDATES`: one end has no address to offer (no network, or a browser that hides all of them, or makes no connection at all).
 * - `NEEDS_TURN`: both ends offered addresses of their own, and none reached the other; there is no relay.
 * - `TURN_UNAUTHORIZED`: a TURN server refused our credentials (401, 403, 437, 438): too old, or wrong.
 * - `TURN_UNREACHABLE`: a TURN server did not answer (701).
 * - `TURN_FAILED`: relays were there, and still no pair of addresses worked.
 * - `DTLS_FAILED`: addresses were found, and the handshake over them came to nothing.
 * - `CHANNELS_FAILED`: connected, but the channels or the greeting over them never opened.
 * - `DESCRIPTION_BAD`: the other end's session description was refused by this browser.
 * - `VERSION_MISMATCH`: another game, version, content or protocol.
 * - `REFUSED`: the other end does not know us.
 */
export const LINK_FAILURE_REASONS = [
  "BROKER_LOST",
  "PEER_ABSENT",
  "NO_ANSWER",
  "NO_CANDIDATES",
  "NEEDS_TURN",
  "TURN_UNAUTHORIZED",
  "TURN_UNREACHABLE",
  "TURN_FAILED",
  "DTLS_FAILED",
  "CHANNELS_FAILED",
  "DESCRIPTION_BAD",
  "VERSION_MISMATCH",
  "REFUSED",
] as const;

/** One of `LINK_FAILURE_REASONS`, which says what each means. */
export type LinkFailureReason = (typeof LINK_FAILURE_REASONS)[number];

/** How far attempts got, in order. */
export const ATTEMPT_STAGES = ["new", "signaling", "answered", "checking", "handshaking", "connected", "open"] as const;

/** `answered`: both descriptions are there. `checking`: addresses are being tried. `handshaking`: a pair of them works. `connected`: encrypted. `open`: channels. */
export type AttemptStage = (typeof ATTEMPT_STAGES)[number];

/** A kind of address and its transport, as the description lists it: `host/udp`, `srflx/udp`, `prflx/udp`, `relay/udp`, `relay/tcp`, `relay/tls`, `host/tcp`. */
export type CandidateKind = `${"host" | "srflx" | "prflx" | "relay"}/${"udp" | "tcp" | "tls"}`;

/** What a STUN or TURN server answered instead of an address. */
export interface IceServerError {
  /** STUN error code; 701: no answer. */
  readonly code: number;
  /** Scheme, host and transport, without credentials. */
  readonly url: string;
}

/** What was seen while a peer was tried, over all attempts since it was last open. */
export interface AttemptEvidence {
  /** The furthest that any attempt got. */
  readonly stage: AttemptStage;
  /** How many there were. */
  readonly attempts: number;
  /** The signaling socket was open when last looked at. */
  readonly isBrokerReachable: boolean;
  /** The broker said that nobody is there. */
  readonly isPeerAbsent: boolean;
  /** Kinds of addresses that this end found for itself. */
  readonly localCandidates: readonly CandidateKind[];
  /** Kinds of addresses that the other end told. */
  readonly remoteCandidates: readonly CandidateKind[];
  /** Distinct errors, at most 8. */
  readonly iceServerErrors: readonly IceServerError[];
  /** TURN servers were given. */
  readonly hasTurn: boolean;
  /** Our browser makes no connection: WebRTC is switched off, it has too many already, or it does not take the ICE servers. */
  readonly isConnectionRefused: boolean;
  /** A description was refused. */
  readonly isDescriptionBad: boolean;
}

/** Why, and what it was told from. */
export interface LinkFailure {
  readonly reason: LinkFailureReason;
  readonly evidence: AttemptEvidence;
}
