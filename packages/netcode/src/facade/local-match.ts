import type { PeerId } from "../core/base/units.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { MatchAgreement, MatchSeat } from "../core/ports/lobby-protocol.ts";
import type { Ticker } from "../driver/ticker.ts";
import * as LOBBY_LIMITS from "../core/ports/lobby-limits.ts";
import { checkedIdentity, checkedJson, checkedOptions, checkedPlayer } from "./checked-arguments.ts";
import type { Environment } from "./environment.ts";
import { MatchRunner } from "./match-runner.ts";
import { badArgument } from "./netcode-error.ts";
import { MATCH_TICK_MS } from "./facade-times.ts";
import type { LocalMatchOptions } from "./player-options.ts";
import type { Match } from "./match-types.ts";

const LOCAL_PEER_ID = "local" as PeerId;

/** A match on this page alone: bots, couch play, practice, the title screen. Frame 0 runs at once; `stop` frees everything. */
export function startLocalMatch<State, Schema extends InputSchema, Result>(
  environment: Pick<Environment, "page" | "startTicker">,
  options: LocalMatchOptions<State, Schema, Result>,
): Match<State, Schema, Result> {
  checkedIdentity(checkedOptions(options, "game players seed settings").game);
  const [fewest, most] = options.game.players;
  const length = Array.isArray(options.players) ? options.players.length : 0;
  if (length < fewest || length > most) throw badArgument(`${fewest}–${most} players, got ${length}`);
  const { seed = environment.page.randomSeed(), settings = null } = options;
  if (!Number.isInteger(seed)) throw badArgument(`a seed as a whole number, got ${seed}`);
  const seats = options.players.map((player): MatchSeat => {
    const { profile, bot = false } = checkedOptions(player, "profile bot");
    const checked = checkedPlayer(profile);
    return bot ? { kind: "bot", profile: checked } : { kind: "person", peerId: LOCAL_PEER_ID, profile: checked };
  });
  const agreement: MatchAgreement = {
    matchNumber: 1,
    seed,
    seats,
    settings: checkedJson("settings", settings, LOBBY_LIMITS.settingsBytes),
    hostId: LOCAL_PEER_ID,
    countdownMs: 0,
  };
  let runner: MatchRunner<State, Schema, Result> | undefined;
  const ticker: Ticker = environment.startTicker(MATCH_TICK_MS, (nowMs) => runner?.tick(nowMs));
  try {
    runner = new MatchRunner({
      goneReasonOf: () => undefined,
      page: environment.page,
      nowMs: () => ticker.nowMs(),
      game: options.game,
      agreement,
      localPeerId: LOCAL_PEER_ID,
      transmit: () => {},
      pathTo: () => "direct",
      handleOver: () => {},
      mayTakeSeats: () => false,
    });
    const free = (): void => ticker.dispose();
    runner.ended.then(free, free);
  } catch (error) {
    ticker.dispose();
    throw error;
  }
  return runner;
}
