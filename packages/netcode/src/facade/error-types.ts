import type { GameIdentity, LobbyErrorCode } from "../core/ports/lobby-protocol.ts";
import type { LinkFailure } from "../core/ports/link-failure.ts";

/**
 * Codes of `NetcodeError`. The lobby's own codes, and:
 *
 * - `BANNED`: the host removed us, for good or for a time. `LOBBY_IDLE`: nobody did anything in the lobby for hours. `SEAT_TAKEN`: another page came back to our seat; `resumeLobby` with `takeOver` takes it back. `BROKER_UNREACHABLE`: no answer from the broker. `CLOSED`: the lobby or match was left or disposed.
 * - `BAD_ARGUMENT`: a call that can never succeed; the message names the argument.
 * - `PEER_UNREACHABLE`: the broker is fine, but no link to a member could be made (usually a NAT without TURN). Comes with `peer-unreachable`.
 * - `IDENTITY_MISMATCH`: a member could not prove that it is who the broker says it is, or the broker gave us an id that is not ours.
 * - `NOT_INVITED`: the lobby is for people with its link, and a member found that one of two ends came without it.
 * - `MISSING_PACKAGE`: a Node peer without one of the packages that it needs; the message names it.
 * - `TRANSFER_FAILED`: a file did not arrive; the message says why, and the transfer's `failure`.
 * - `PAGE_RESTORED`: the page came back out of the cache of the back button. The seat is kept: reload, or call `resumeLobby`.
 */
export type NetcodeErrorCode =
  | LobbyErrorCode
  | "BANNED"
  | "LOBBY_IDLE"
  | "SEAT_TAKEN"
  | "BROKER_UNREACHABLE"
  | "CLOSED"
  | "BAD_ARGUMENT"
  | "PEER_UNREACHABLE"
  | "IDENTITY_MISMATCH"
  | "NOT_INVITED"
  | "TRANSFER_FAILED"
  | "PAGE_RESTORED"
  | "MISSING_PACKAGE";

/** The shape of `NetcodeError`. */
export interface NetcodeErrorLike extends Error {
  /** Stable: what a program looks at. `message` is a sentence for the person, and may change. */
  readonly code: NetcodeErrorCode;
  /** What the person can do about it: a sentence. */
  readonly remedy: string;
  /** Where the documentation explains it: `troubleshooting.md#lobby-not-found`, below the place at which you serve `docs/guides`. */
  readonly anchor: string;
  /** `PEER_UNREACHABLE`: why, and what it was told from. Left out while nothing is known. */
  readonly failure: LinkFailure | undefined;
  /** `RATE_LIMITED`, `KICKED`, `RETRY`: earliest sensible retry, in ms from now. */
  readonly retryAfterMs: number | undefined;
  /** `VERSION_MISMATCH`: what the lobby runs. */
  readonly expected: GameIdentity | undefined;
}
