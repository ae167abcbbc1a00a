import type { InputSchema } from "../core/game/input-schema.ts";
import type { LobbyEvents } from "./lobby-types.ts";
import type { MatchEvents } from "./match-types.ts";

/** Which events a lobby has. A type is gone when a program runs; the compiler holds both to each other. */
export const LOBBY_EVENTS: Readonly<Record<keyof LobbyEvents<unknown, InputSchema>, true>> = {
  blob: true,
  "broker-back": true,
  "broker-lost": true,
  change: true,
  closed: true,
  "host-changed": true,
  "idle-warning": true,
  match: true,
  "member-disconnected": true,
  "member-gone": true,
  "member-joined": true,
  "member-left": true,
  "member-returned": true,
  "peer-unreachable": true,
  "role-changed": true,
};

/** Which events a match has. */
export const MATCH_EVENTS: Readonly<Record<keyof MatchEvents, true>> = {
  "conflicting-input": true,
  "desync-evidence": true,
  "desync-persists": true,
  desync: true,
  dropped: true,
  ended: true,
  game: true,
  paused: true,
  recovered: true,
  repaired: true,
  resumed: true,
  role: true,
  "seat-to-bot": true,
  "seat-to-player": true,
  suspect: true,
  synchronized: true,
  "waiting-for-quorum": true,
};
