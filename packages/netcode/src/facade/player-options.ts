import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { Json } from "../core/ports/lobby-protocol.ts";

/** Who plays beside a member on its device, in a bot's seat, or in a match of this page alone. */
export interface PlayerOptions {
  readonly name: string;
  /** 0–63; default 0. */
  readonly colour?: number;
  /** Default `null`. */
  readonly choices?: Json;
}

/** A member's own, and who plays beside it. */
export interface ProfileOptions extends PlayerOptions {
  /** Others who play on this device, each in a seat of its own; at most 3. */
  readonly guests?: readonly PlayerOptions[];
}

export interface LocalMatchOptions<State, Schema extends InputSchema> {
  readonly game: Game<State, Schema>;
  /** One per player; `bot: true` for bots. */
  readonly players: readonly { readonly profile: PlayerOptions; readonly bot?: boolean }[];
  /** Default: a random one. */
  readonly seed?: number;
  readonly settings?: Json;
}
