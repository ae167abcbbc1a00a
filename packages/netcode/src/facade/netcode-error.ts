import type { LobbyFailure } from "../core/lobby/lobby-failure.ts";
import type { GameIdentity } from "../core/ports/lobby-protocol.ts";
import type { NetcodeErrorCode, NetcodeErrorLike } from "./types.ts";

/** What a person reads, by code. Our own words and not the broker's: another's text has no place in an error of this page. */
const SENTENCES: Readonly<Record<NetcodeErrorCode, { readonly message: string; readonly remedy: string }>> = {
  LOBBY_NOT_FOUND: { message: "There is no lobby with this code.", remedy: "Check the code, or host a new lobby." },
  LOBBY_FULL: { message: "This lobby is full.", remedy: "Ask the host to make room, or host a new lobby." },
  LOBBY_LOCKED: { message: "The host has locked this lobby.", remedy: "Ask the host to unlock it, then join again." },
  VERSION_MISMATCH: {
    message: "This lobby runs another version of the game.",
    remedy: "Reload the page, and ask the others to do the same.",
  },
  KICKED: { message: "The host removed you from this lobby.", remedy: "Join another lobby, or host one." },
  NOT_HOST: { message: "Only the host of the lobby can do this.", remedy: "Ask the host to do it, or to hand the lobby over." },
  NOT_MEMBER: { message: "You are not in this lobby.", remedy: "Join it first." },
  SEAT_EXPIRED: { message: "You were away too long, and your seat was given up.", remedy: "Join the lobby again." },
  MATCH_RUNNING: { message: "A match is running.", remedy: "Wait until it is over." },
  NO_MATCH: { message: "No match is running.", remedy: "Start one first." },
  RATE_LIMITED: { message: "Too many requests in a short time.", remedy: "Wait a moment, then try again." },
  SERVER_FULL: { message: "The lobby server is full.", remedy: "Try again in a minute." },
  BAD_REQUEST: { message: "The lobby server did not understand this page.", remedy: "Reload the page to get its newest version." },
  BROKER_UNREACHABLE: { message: "The lobby server cannot be reached.", remedy: "Check the connection, then try again." },
  CLOSED: { message: "This lobby or match is closed.", remedy: "Join again, or host a new lobby." },
  BAD_ARGUMENT: { message: "A call had an argument that can never work.", remedy: "Correct the call." },
  PEER_UNREACHABLE: {
    message: "No connection to another player could be made.",
    remedy: "Try another network, or have the lobby server hand out a TURN server.",
  },
};

export interface NetcodeErrorDetail {
  /** Replaces the code's own sentence. */
  readonly message?: string;
  readonly remedy?: string;
  readonly retryAfterMs?: number;
  readonly expected?: GameIdentity;
  readonly cause?: unknown;
}

/** Every promise of the library rejects with this. `code` is stable; `message` and `remedy` are sentences for the person. */
export class NetcodeError extends Error implements NetcodeErrorLike {
  override readonly name = "NetcodeError";
  readonly code: NetcodeErrorCode;
  readonly remedy: string;
  /** `RATE_LIMITED`: earliest sensible retry. */
  readonly retryAfterMs: number | undefined;
  /** `VERSION_MISMATCH`: what the lobby runs. */
  readonly expected: GameIdentity | undefined;

  constructor(code: NetcodeErrorCode, detail: NetcodeErrorDetail = {}) {
    super(detail.message ?? SENTENCES[code].message, detail.cause === undefined ? {} : { cause: detail.cause });
    this.code = code;
    this.remedy = detail.remedy ?? SENTENCES[code].remedy;
    this.retryAfterMs = detail.retryAfterMs;
    this.expected = detail.expected;
  }
}

/** What the lobby machine reports, as an error for the game. `game`: ours, to be named beside the lobby's. */
export function errorOfFailure(failure: LobbyFailure, game: GameIdentity): NetcodeError {
  const { code, expected, retryAfterMs } = failure;
  const detail = {
    ...(expected === undefined ? {} : { expected }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(failure.message === "" ? {} : { cause: failure.message }),
  };
  if (code === "VERSION_MISMATCH" && expected !== undefined && expected.id === game.id && expected.version !== game.version) {
    const message = `This lobby runs version ${expected.version} of the game, and this page has version ${game.version}.`;
    return new NetcodeError(code, { ...detail, message });
  }
  return new NetcodeError(code, detail);
}

/** A call that can never succeed; `expected` says what the argument should have been. */
export function badArgument(expected: string): NetcodeError {
  return new NetcodeError("BAD_ARGUMENT", { message: `Expected ${expected}.` });
}
