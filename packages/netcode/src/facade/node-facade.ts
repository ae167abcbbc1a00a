import { loadNodePackages, MissingPackageError } from "../adapters/node.ts";
import type { MessageTypes, NoMessages } from "../core/base/message-type.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { Transport } from "../core/ports/transport.ts";
import * as lobbies from "./enter-lobby.ts";
import * as matches from "./local-match.ts";
import { NetcodeError } from "./netcode-error.ts";
import { nodeEnvironment } from "./node-environment.ts";
import * as groups from "./peer-group.ts";
import type { PeerGroup, PeerGroupOptions } from "./peer-group-types.ts";
import { signalingOfPeerServer, type PeerServerOptions } from "./peer-server-signaling.ts";
import type { LocalMatchOptions } from "./player-options.ts";
import type { LobbyList, LobbyListOptions, QuickMatchOptions } from "./public-lobby-types.ts";
import type { HostOptions, JoinOptions, Lobby } from "./lobby-types.ts";
import type { Match } from "./match-types.ts";

/** Opens a lobby and is its host, as on a page; `options.broker` has to be given. Rejects with a `NetcodeError`. */
export async function hostLobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  options: HostOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  await loadPackages();
  return lobbies.hostLobby(nodeEnvironment, options);
}

/** Joins the lobby of a code, or of a whole link, as on a page; `options.broker` has to be given. Rejects with a `NetcodeError`. */
export async function joinLobby<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  code: string,
  options: JoinOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  await loadPackages();
  return lobbies.joinLobby(nodeEnvironment, code, options);
}

/** Joins a listed lobby that has a free seat and plays no match, or opens one, as on a page; `options.broker` has to be given. Rejects with a `NetcodeError`. */
export async function quickMatch<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  options: QuickMatchOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  await loadPackages();
  return lobbies.quickMatch(nodeEnvironment, options);
}

/** Follows the public list, as on a page; `options.broker` has to be given. Rejects with a `NetcodeError`. */
export async function watchLobbies(options: LobbyListOptions): Promise<LobbyList> {
  await loadPackages();
  return lobbies.watchLobbies(nodeEnvironment, options);
}

/** A match in this process alone, which needs no package besides. */
export function startLocalMatch<State, Schema extends InputSchema, Result = unknown>(
  options: LocalMatchOptions<State, Schema, Result>,
): Match<State, Schema, Result> {
  return matches.startLocalMatch(nodeEnvironment, options);
}

/** Links peers that met without a lobby, as `connectPeers` of `@rollcall/netcode/transport`. */
export function connectPeers<State, Schema extends InputSchema, Result = unknown>(
  options: PeerGroupOptions<State, Schema, Result>,
): Promise<PeerGroup<State, Schema, Result>> {
  return groups.connectPeers(nodeEnvironment, options);
}

/** PeerJS against a stock PeerServer, as in `@rollcall/netcode/transport`. Rejects with a `NetcodeError`: `BAD_ARGUMENT`, `MISSING_PACKAGE`. */
export async function createPeerServerTransport(options: PeerServerOptions): Promise<Transport> {
  const signaling = signalingOfPeerServer(options);
  return (await loadPackages())(signaling);
}

async function loadPackages(): ReturnType<typeof loadNodePackages> {
  try {
    return await loadNodePackages();
  } catch (cause) {
    if (!(cause instanceof MissingPackageError)) throw cause;
    throw new NetcodeError("MISSING_PACKAGE", {
      message: `A Node peer needs the package ${cause.packageName}, which could not be loaded.`,
      cause,
    });
  }
}
