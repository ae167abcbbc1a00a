import type { NoMessages } from "../core/base/message-type.ts";
import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { Json } from "../core/ports/lobby-protocol.ts";

/** A player: a member, a guest beside it on its device, a bot, or a seat of a match of this page alone. */
export interface PlayerOptions {
  /** 1–16 graphemes are shown; longer names are cut. */
  readonly name: string;
  /** An index into the game's own palette, 0–63; default 0. */
  readonly colour?: number | undefined;
  /** Whatever else a player chooses in the game, as plain data of at most 1,024 bytes; default `null`. */
  readonly choices?: Json | undefined;
}

/** A member's own, and who plays beside it. */
export interface ProfileOptions extends PlayerOptions {
  /** Others who play on this device, each in a seat of its own; at most 3. `input` of `match.run` is asked for each of `match.localPlayers`. */
  readonly guests?: readonly PlayerOptions[] | undefined;
}

/** For `startLocalMatch`. */
export interface LocalMatchOptions<State, Schema extends InputSchema, Result = unknown> {
  /** What `defineGame` returned. */
  readonly game: Game<State, Schema, NoMessages, Result>;
  /** One per player; `bot: true` for bots. */
  readonly players: readonly { readonly profile: PlayerOptions; readonly bot?: boolean | undefined }[];
  /** All randomness of the match: any whole number, of which the low 32 bits count. Default: a random one. */
  readonly seed?: number | undefined;
  /** `settings` of `init`. Default: `null`. */
  readonly settings?: Json | undefined;
}
