import type { GameIdentity } from "./lobby-protocol.ts";

/**
 * Why two peers may not play together.
 *
 * - `game`: another game. `version`: another version of it.
 * - `protocol`: another version of Rollcall.
 * - `rules`: another frame rate, number of players or inputs under one version number. `content`: another state or content; a build that was made without raising
 *   the version, most of the time.
 */
export type GameDifference = "game" | "version" | "protocol" | "rules" | "content";

/** The first thing in which two identities differ; `undefined` for the same game. The content hash is that of `defineGame`. */
export function gameDifference(local: GameIdentity, remote: GameIdentity): GameDifference | undefined {
  if (local.id !== remote.id) return "game";
  if (local.contentHash[0] !== remote.contentHash[0]) return "protocol";
  if (local.version !== remote.version) return "version";
  if (local.contentHash === remote.contentHash) return undefined;
  return local.contentHash.slice(0, 3) === remote.contentHash.slice(0, 3) ? "content" : "rules";
}
