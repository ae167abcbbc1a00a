import { unreachable } from "../base/assert.ts";
import type { GameIdentity, GoodbyeReason, LeaveReason, LobbyError, LobbyErrorCode } from "../ports/lobby-protocol.ts";

/** Why entering, a command, or the lobby itself failed. The broker's refusals and goodbyes, and two of the member's own. */
export interface LobbyFailure {
  /** `BROKER_UNREACHABLE`: no answer in time. `CLOSED`: the lobby is over for this member. `SEAT_TAKEN`: for this page, since another has the seat. */
  readonly code: LobbyErrorCode | "BANNED" | "LOBBY_IDLE" | "SEAT_TAKEN" | "BROKER_UNREACHABLE" | "CLOSED";
  /** For the developer, where there is more to say than `code` says. */
  readonly message?: string;
  readonly retryAfterMs?: number;
  readonly expected?: GameIdentity;
}

export const BROKER_UNREACHABLE: LobbyFailure = { code: "BROKER_UNREACHABLE" };
export const LOBBY_CLOSED: LobbyFailure = { code: "CLOSED" };
export const TOO_MANY_REQUESTS: LobbyFailure = { code: "RATE_LIMITED", retryAfterMs: 1_000 };

/** What a goodbye means for the member: its end, or `undefined` when it should come back. */
export function goodbyeFailure(reason: GoodbyeReason): LobbyFailure | undefined {
  switch (reason) {
    case "KICKED":
    case "BANNED":
    case "LOBBY_IDLE":
      return { code: reason };
    case "REPLACED":
      return { code: "SEAT_TAKEN" };
    case "LOBBY_CLOSED":
      return { code: "LOBBY_NOT_FOUND" };
    case "RATE_LIMITED":
    case "BAD_REQUEST":
    case "SHUTTING_DOWN":
      return undefined;
    default:
      return unreachable(reason);
  }
}

/** What it means for a member that it is out of the lobby itself. */
export function departureFailure(reason: LeaveReason): LobbyFailure {
  switch (reason) {
    case "kicked":
      return { code: "KICKED" };
    case "banned":
      return { code: "BANNED" };
    case "expired":
      return { code: "SEAT_EXPIRED" };
    case "left":
      return LOBBY_CLOSED;
    default:
      return unreachable(reason);
  }
}

/** True when a refusal of `resume`, or of `list` and its kin, is for good. The rest passes: it is asked again. */
export function isForGood(error: LobbyError): boolean {
  return error.code !== "RATE_LIMITED" && error.code !== "SERVER_FULL" && error.code !== "RETRY";
}
