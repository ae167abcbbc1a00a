import { Random } from "../core/base/random.ts";
import type { Game, StepContext } from "../core/game/game.ts";
import type { InputOf, InputSchema } from "../core/game/input-schema.ts";
import type { Match } from "./match-types.ts";

/**
 * Plays our seats with the game's own bot: an `input` for `match.run`. To the others it is a player like any other: it sees the newest, predicted state, and
 * its input travels. Where the game has no bot, nothing is pressed. The bot may only read the state here, and draws from a generator of its own, not the match's.
 *
 * ```ts
 * lobby.on("match", (match) => match.run({ input: botInput(game, match, seed) }));
 * ```
 */
export function botInput<State, Schema extends InputSchema>(
  game: Game<State, Schema>,
  match: Pick<Match<State, Schema>, "view" | "seats">,
  seed: number,
): (playerIndex: number) => InputOf<Schema> {
  const neutral = game.inputCodec.neutral();
  const { bot } = game;
  if (bot === undefined) return () => neutral;
  let asked = 0;
  const context: StepContext & { frame: number } = {
    frame: 0,
    random: new Random(seed, "bot input"),
    emit: () => {},
    isBot: (playerIndex) => playerIndex === asked || match.seats[playerIndex]?.kind === "bot",
  };
  return (playerIndex) => {
    const { state, frame } = match.view();
    asked = playerIndex;
    context.frame = frame;
    return bot(state, playerIndex, context);
  };
}
