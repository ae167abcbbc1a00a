/** A process in a lobby: one browser page, or one Node peer. 32 lowercase hex digits, the first half of the SHA-256 of its key; without a lobby, what the game calls it. */
export type PeerId = string & { readonly brand: "PeerId" };

/** What people type to join: five to eight letters of `LOBBY_CODE_ALPHABET`, as many as the broker was told, upper case, without spaces. */
export type LobbyCode = string & { readonly brand: "LobbyCode" };

/** "No frame yet". Frames count from 0. */
export const NULL_FRAME = -1;

/** Most players (seats that play) in one match. Sets the size of every per-player table of a session. */
export const PLAYERS_MAX = 8;

/** Most members of one lobby. */
export const MEMBERS_MAX = 64;

const PEER_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Reads a peer id; `undefined` for anything that is not 1–64 letters, digits, `-` or `_`. */
export function parsePeerId(value: unknown): PeerId | undefined {
  return typeof value === "string" && PEER_ID_PATTERN.test(value) ? (value as PeerId) : undefined;
}
