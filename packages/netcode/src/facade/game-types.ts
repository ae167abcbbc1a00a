import type { Game } from "../core/game/game.ts";
import type { Lobby } from "./lobby-types.ts";
import type { Match } from "./match-types.ts";

/** The lobbies of a game, for a function that takes one: `LobbyOf<typeof game>`. */
export type LobbyOf<SomeGame> =
  SomeGame extends Game<infer State, infer Schema, infer Messages, infer Result> ? Lobby<State, Schema, Messages, Result> : never;

/** The matches of a game, for a function that takes one: `MatchOf<typeof game>`. */
export type MatchOf<SomeGame> =
  SomeGame extends Game<infer State, infer Schema, infer _Messages, infer Result> ? Match<State, Schema, Result> : never;
