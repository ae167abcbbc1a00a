import type { LobbyState, PlayerProfile } from "../core/ports/lobby-protocol.ts";
import { checkedCountdown, checkedInteger, checkedList, checkedOptions, checkedPlayer } from "./checked-arguments.ts";
import { peopleCount } from "./lobby-people.ts";
import type { StartOptions } from "./lobby-types.ts";

export interface StartCommand {
  readonly type: "start";
  readonly playerCount: number;
  readonly botProfiles: readonly PlayerProfile[];
  readonly countdownMs: number;
}

/** What the broker is asked for. `players`: fewest and most. Throws `BAD_ARGUMENT`. */
export function startCommand(options: StartOptions, players: readonly [number, number], state: LobbyState): StartCommand {
  const { playerCount, botProfiles = [], countdownMs = 0 } = checkedOptions(options, "playerCount botProfiles countdownMs");
  const [fewest, most] = players;
  return {
    type: "start",
    playerCount: checkedInteger("a playerCount", playerCount ?? Math.min(most, Math.max(fewest, peopleCount(state))), players),
    botProfiles: checkedList("botProfiles", botProfiles).map(checkedPlayer),
    countdownMs: checkedCountdown(countdownMs),
  };
}
