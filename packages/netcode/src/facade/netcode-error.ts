import type { LobbyFailure } from "../core/lobby/lobby-failure.ts";
import { gameDifference, type GameDifference } from "../core/ports/game-difference.ts";
import { helpAnchorOf } from "../core/ports/help-anchor.ts";
import type { LinkFailure } from "../core/ports/link-failure.ts";
import type { GameIdentity } from "../core/ports/lobby-protocol.ts";
import type { NetcodeErrorCode, NetcodeErrorLike } from "./error-types.ts";

/** What a person reads, by code: what happened, and what to do. Our own words and not the broker's: another's text has no place in an error of this page. */
const SENTENCES: Readonly<Record<NetcodeErrorCode, readonly [message: string, remedy: string]>> = {
  LOBBY_NOT_FOUND: ["There is no lobby with this code.", "Check the code, or host a new lobby."],
  LOBBY_FULL: ["This lobby is full.", "Ask the host to make room, or host a new lobby."],
  LOBBY_LOCKED: ["The host has locked this lobby.", "Ask the host to unlock it."],
  PASSWORD_REQUIRED: ["This lobby has a password.", "Enter the password to join."],
  WRONG_PASSWORD: ["This is not the password of this lobby.", "Check the password, then try again."],
  VERSION_MISMATCH: ["This lobby runs another version of the game.", "Reload the page, and ask the others to do the same."],
  KICKED: ["The host removed you from this lobby.", "You may join it again in a few seconds."],
  BANNED: ["The host banned you from this lobby.", "Join or host another lobby."],
  LOBBY_IDLE: ["The lobby was closed: nobody did anything in it for hours.", "Host a new lobby."],
  SEAT_TAKEN: ["Your seat is played in another tab.", "Go on there, or take the seat back here."],
  NOT_HOST: ["Only the host can do this.", "Ask the host to do it."],
  NOT_MEMBER: ["You are not in this lobby.", "Join it first."],
  SEAT_EXPIRED: ["Your seat in this lobby is gone.", "Join the lobby again, or host a new one."],
  MATCH_RUNNING: ["A match is running.", "Wait until it is over."],
  NO_MATCH: ["No match is running.", "Start one first."],
  RATE_LIMITED: ["Too many requests in a short time.", "Wait a moment, then try again."],
  SERVER_FULL: ["The lobby server is full.", "Try again in a minute."],
  RETRY: ["The lobby server cannot answer now.", "Try again in a moment."],
  NO_TURN_SERVER: [
    "This lobby server has no relay, which a relay-only lobby needs.",
    "Host without relay-only, or use a lobby server with TURN.",
  ],
  BAD_REQUEST: ["The lobby server did not understand this page.", "Reload the page."],
  BROKER_UNREACHABLE: ["The lobby server cannot be reached.", "Check the connection, then try again."],
  CLOSED: ["This lobby or match is closed.", "Join or host another lobby."],
  BAD_ARGUMENT: ["A call can never work.", "Correct the call."],
  PAGE_RESTORED: ["This page was put away, and its connections are gone.", "Reload the page to come back to your seat."],
  IDENTITY_MISMATCH: [
    "The lobby server, or somebody on the way, is not honest about who is who.",
    "Do not play here. Host a new lobby with a lobby server that you trust, and invite by link.",
  ],
  NOT_INVITED: ["This lobby is for people with its link.", "Ask for the link, and open that."],
  TRANSFER_FAILED: ["A file did not arrive.", "Send it again."],
  PEER_UNREACHABLE: ["Another player cannot be reached.", "Try another network, or a lobby server with a TURN server."],
  MISSING_PACKAGE: ["A Node peer misses a package.", "Install it: npm install node-datachannel ws"],
};

/** Every code, for who has to know all of them. */
export const NETCODE_ERROR_CODES: readonly string[] = Object.keys(SENTENCES);

export interface NetcodeErrorDetail {
  /** Replaces the code's own sentence. */
  readonly message?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly expected?: GameIdentity | undefined;
  readonly cause?: unknown;
  /** Replaces the code's own remedy. */
  readonly remedy?: string | undefined;
  readonly failure?: LinkFailure | undefined;
}

/** Every promise of the library rejects with this. `code` is stable; `message` and `remedy` are sentences for the person. See `NetcodeErrorLike`. */
export class NetcodeError extends Error implements NetcodeErrorLike {
  override readonly name = "NetcodeError";
  readonly code: NetcodeErrorCode;
  readonly remedy: string;
  readonly anchor: string;
  readonly failure: LinkFailure | undefined;
  /** `RATE_LIMITED`, `KICKED`, `RETRY`: earliest sensible retry. */
  readonly retryAfterMs: number | undefined;
  /** `VERSION_MISMATCH`: what the lobby runs. */
  readonly expected: GameIdentity | undefined;

  constructor(code: NetcodeErrorCode, detail: NetcodeErrorDetail = {}) {
    const [message, remedy] = SENTENCES[code];
    super(detail.message ?? message, detail);
    this.code = code;
    this.remedy = detail.remedy ?? remedy;
    this.failure = detail.failure;
    this.anchor = helpAnchorOf(detail.failure?.reason ?? code);
    this.retryAfterMs = detail.retryAfterMs;
    this.expected = detail.expected;
  }
}

/** What the lobby machine reports, as an error for the game. `game`: ours, to be named beside the lobby's. */
export function errorOfFailure(failure: LobbyFailure, game: GameIdentity): NetcodeError {
  const { code, expected, retryAfterMs, message: cause } = failure;
  const difference = code === "VERSION_MISMATCH" && expected !== undefined ? gameDifference(game, expected) : undefined;
  const message = difference === undefined || expected === undefined ? undefined : sentenceOf(difference, game, expected);
  // No reload makes one game of two.
  const remedy = difference === "game" ? "Check the code, or open that game." : undefined;
  return new NetcodeError(code, {
    message,
    remedy,
    expected,
    retryAfterMs,
    ...(cause === undefined ? {} : { cause }),
    ...refusalOf(failure),
  });
}

/** One code stands for many things there: what it was is in the server's own words alone. */
function refusalOf({ code, message }: LobbyFailure): Pick<NetcodeErrorDetail, "message" | "remedy"> {
  if (code !== "BAD_REQUEST" || message === undefined) return {};
  return { message: `The lobby server refused this: ${message}`, remedy: "Look at the lobby again, or reload the page." };
}

function sentenceOf(difference: GameDifference, game: GameIdentity, expected: GameIdentity): string {
  const sentences: Readonly<Record<GameDifference, string>> = {
    game: `This lobby runs the game "${expected.id}", this page "${game.id}".`,
    version: `This lobby runs version ${expected.version} of the game, this page version ${game.version}.`,
    protocol: "This lobby runs the game with another version of Rollcall.",
    rules: "This lobby runs the game with another frame rate, number of players or input layout, under the same version number.",
    content: "This lobby runs the game with another state or content, under the same version number.",
  };
  return sentences[difference];
}

/** A call that can never succeed; `expected` says what the argument should have been. */
export function badArgument(expected: string): NetcodeError {
  return new NetcodeError("BAD_ARGUMENT", { message: `Expected ${expected}.` });
}
