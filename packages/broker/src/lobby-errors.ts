import type { LobbyError, LobbyErrorCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRefusal } from "./lobby-draft.ts";

/** What a person reads. Codes are stable; sentences may change. */
const SENTENCES: Readonly<Record<LobbyErrorCode, string>> = {
  LOBBY_NOT_FOUND: "There is no lobby with this code. Check the code, or host a new game.",
  LOBBY_FULL: "This lobby is full. Ask the host to make room, or try again later.",
  LOBBY_LOCKED: "This lobby is locked. Ask the host to unlock it.",
  PASSWORD_REQUIRED: "This lobby has a password. Enter it to join.",
  WRONG_PASSWORD: "This is not the password of this lobby. Check it, then try again.",
  VERSION_MISMATCH: "This lobby plays another version of the game. Reload the page, and ask the others to do the same.",
  KICKED: "The host has removed you from this lobby. You may join it again in a few seconds.",
  NOT_HOST: "Only the host of the lobby can do this.",
  NOT_MEMBER: "You are not in this lobby. Join it first.",
  SEAT_EXPIRED: "Your seat is gone. Join the lobby again.",
  MATCH_RUNNING: "A match is being played. Wait for its end.",
  NO_MATCH: "There is no such match.",
  RATE_LIMITED: "Too many attempts. Wait a moment, then try again.",
  SERVER_FULL: "The server is at its limit. Try again in a minute.",
  RETRY: "The server cannot answer now. Try again in a moment.",
  NO_TURN_SERVER: "This server has no TURN server, which a relay-only lobby needs. Host without relay-only.",
  BAD_REQUEST: "It did not understand this request.",
};

/** A refusal as it goes over the wire. */
export function lobbyError(refusal: LobbyRefusal): LobbyError {
  return {
    code: refusal.code,
    message: refusal.detail ?? SENTENCES[refusal.code],
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
    ...(refusal.expected === undefined ? {} : { expected: refusal.expected }),
  };
}

/** Refusals that say that there is a lobby. */
const TELLING: ReadonlySet<LobbyErrorCode> = new Set([
  "LOBBY_FULL",
  "LOBBY_LOCKED",
  "PASSWORD_REQUIRED",
  "WRONG_PASSWORD",
  "VERSION_MISMATCH",
  "KICKED",
]);

/** Whether there is a lobby, if this is its refusal. */
export function tellsOfLobby(refusal: LobbyRefusal): boolean {
  return TELLING.has(refusal.code);
}
