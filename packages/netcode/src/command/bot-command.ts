import type { InputSchema } from "../core/game/input-schema.ts";
import type { NetcodeErrorLike } from "../facade/error-types.ts";
import type { Lobby, LobbyOptions } from "../facade/lobby-types.ts";
import { hostLobby, joinLobby, NetcodeError } from "../node.ts";
import { BotPlayer } from "./bot-player.ts";
import { HeadlessHost } from "./headless-host.ts";
import type { AnyGame } from "./load-game.ts";
import { messageOf } from "./wording.ts";

export interface BotCommandOptions {
  readonly game: AnyGame;
  readonly broker: string;
  /** The lobby to join; none: a lobby is opened. */
  readonly code: string | undefined;
  readonly name: string;
  readonly count: number;
  /** As the host: members to wait for, bots included, before each match. */
  readonly players: number;
  /** Ends it: every bot says goodbye and leaves. */
  readonly signal: AbortSignal;
  /** Gets one line for each event. */
  readonly say: (line: string) => void;
  /** Gets what ended it, if it was a failure. */
  readonly complain: (line: string) => void;
}

type AnyLobby = Lobby<unknown, InputSchema>;

/** Ends of a lobby that are no failure: we left, or it is no more. */
const FINE: ReadonlySet<string> = new Set(["CLOSED", "LOBBY_NOT_FOUND", "SEAT_EXPIRED"]);

/** Joins bots to a lobby, or opens one for them, and plays until the lobby closes or `signal` is aborted. Resolves with the exit code; never rejects. */
export async function runBots(options: BotCommandOptions): Promise<number> {
  const { signal, complain } = options;
  const lobbies: AnyLobby[] = [];
  const leave = async (): Promise<void> => void (await Promise.all(lobbies.map((lobby) => lobby.leave())));
  try {
    const endings = await enterAll(options, lobbies);
    const leaveAll = (): void => void leave();
    signal.addEventListener("abort", leaveAll);
    if (signal.aborted) leaveAll();
    const errors = await Promise.all(endings);
    // What the last goodbyes need to get out.
    await leave();
    const failures = errors.filter((error) => error !== undefined).filter(({ code }) => !FINE.has(code));
    for (const failure of failures) complain(describe(failure, options.broker));
    return failures.length === 0 ? 0 : 1;
  } catch (error) {
    await leave();
    if (signal.aborted) return 0;
    complain(describe(error, options.broker));
    return 1;
  }
}

/** One after the other, so that seats go by number. Resolves with the end of each. */
async function enterAll(options: BotCommandOptions, lobbies: AnyLobby[]): Promise<Promise<NetcodeErrorLike | undefined>[]> {
  const { game, say, count, signal, broker } = options;
  const endings: Promise<NetcodeErrorLike | undefined>[] = [];
  let code = options.code;
  for (let index = 0; index < count; index++) {
    const entrance: LobbyOptions<unknown, InputSchema> = { game, broker, signal, name: nameOf(options, index), colour: index };
    const isHost = code === undefined;
    const lobby: AnyLobby = code === undefined ? await hostLobby(entrance) : await joinLobby(code, entrance);
    lobbies.push(lobby);
    if (isHost) say(`lobby ${lobby.code} is open at ${broker}`);
    code = lobby.code;
    const isOurs = (peerId: string): boolean => lobbies.some(({ me }) => me.peerId === peerId);
    const player = new BotPlayer({ lobby, game, seed: index, isOurs, isSpeaker: index === 0, say });
    endings.push(player.closed);
    if (isHost) new HeadlessHost({ lobby, players: options.players, say }).run();
    else lobby.on("change", () => player.passOn());
  }
  return endings;
}

function nameOf({ name, count }: BotCommandOptions, index: number): string {
  return count === 1 ? name : `${name} ${index + 1}`;
}

function describe(error: unknown, broker: string): string {
  if (error instanceof NetcodeError) {
    const where = error.code === "BROKER_UNREACHABLE" ? ` (--broker ${broker})` : "";
    return `${error.code}. ${error.message} ${error.remedy}${where}`;
  }
  return messageOf(error);
}
