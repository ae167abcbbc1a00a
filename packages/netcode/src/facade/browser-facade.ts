import { prepareVisitCrypto } from "../adapters/visit-crypto.ts";
import type { MessageTypes, NoMessages } from "../core/base/message-type.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { browserEnvironment, prepareRoomParts } from "./browser-environment.ts";
import { prepareDevice } from "./device-identity.ts";
import * as lobbies from "./enter-lobby.ts";
import * as matches from "./local-match.ts";
import type { LobbyList, LobbyListOptions, QuickMatchOptions } from "./public-lobby-types.ts";
import type { LocalMatchOptions } from "./player-options.ts";
import type { HostOptions, JoinOptions, Lobby, ResumeOptions } from "./lobby-types.ts";
import type { Match } from "./match-types.ts";

/**
 * Loads what a lobby needs, once, and makes the key pair of the next visit: call it when a page that may host or join has nothing better to do, so that nobody waits for it later. Never rejects; what
 * could not be loaded is loaded by `hostLobby` and `joinLobby`.
 */
export async function prepareLobby(): Promise<void> {
  prepareDevice(browserEnvironment.page);
  try {
    await Promise.all([prepareRoomParts(), prepareVisitCrypto()]);
  } catch {
    // Tried again when it is needed.
  }
}

/**
 * Opens a lobby and is its host. Rejects with a `NetcodeError`.
 *
 * ```ts
 * const lobby = await hostLobby({ game, name: "Ada" });
 * show(lobby.code);
 * const match = await lobby.start();
 * match.run({ input: readKeys, render: (view) => draw(view.state) });
 * ```
 */
export function hostLobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  options: HostOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  return lobbies.hostLobby(browserEnvironment, options);
}

/**
 * Joins the lobby of a code, as people type or paste it (a whole link too). Rejects with a `NetcodeError`.
 *
 * ```ts
 * const lobby = await joinLobby("KXRTM", { game, name: "Bob" });
 * lobby.on("match", (match) => match.run({ input: readKeys, render: (view) => draw(view.state) }));
 * ```
 */
export function joinLobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  code: string,
  options: JoinOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  return lobbies.joinLobby(browserEnvironment, code, options);
}

/**
 * Joins a lobby of the public list that has a free seat and plays no match, the fullest first; where there is none, opens one that is listed. Rejects with a
 * `NetcodeError`. Abort it by `options.signal`: a seat that was taken meanwhile is given back.
 */
export function quickMatch<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  options: QuickMatchOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  return lobbies.quickMatch(browserEnvironment, options);
}

/**
 * The public list of a game, followed until it is closed. Rejects with a `NetcodeError` when there is no first list.
 *
 * ```ts
 * const list = await watchLobbies({ game, filter: { joinable: true } });
 * list.on("change", () => draw(list.lobbies));
 * ```
 */
export function watchLobbies(options: LobbyListOptions): Promise<LobbyList> {
  return lobbies.watchLobbies(browserEnvironment, options);
}

/**
 * Back to the seat that this tab had before it was reloaded; `undefined` when there is none, or it is gone. Call it first, when the page
 * loads. A tab that was duplicated while the first one lives gets `undefined` too, unless it asks to take over; a seat is one page's at a time. The member is as it was, `options.name` and the like are not used. Rejects when the broker cannot be asked.
 */
export function resumeLobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  options: ResumeOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result> | undefined> {
  return lobbies.resumeLobby(browserEnvironment, options);
}

/** A match on this page alone: bots, couch play, practice, the title screen. Frame 0 runs at once; `stop` frees everything. */
export function startLocalMatch<State, Schema extends InputSchema, Result = unknown>(
  options: LocalMatchOptions<State, Schema, Result>,
): Match<State, Schema, Result> {
  return matches.startLocalMatch(browserEnvironment, options);
}
