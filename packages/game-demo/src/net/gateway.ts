import type {
  HostOptions,
  JoinOptions,
  Lobby,
  LobbyList,
  LobbyListOptions,
  LocalMatchOptions,
  Match,
  ResumeOptions,
} from "@rollcall/netcode";
import type { DiagnoseOptions, Diagnosis } from "@rollcall/netcode/doctor";
import { hostLobby, joinLobby, quickMatch, resumeLobby, startLocalMatch, watchLobbies } from "@rollcall/netcode";
import { askCodeLength } from "./code-length.ts";
import { rubberband, type rubberbandInput, type RubberbandState } from "../sim/index.ts";

type Schema = typeof rubberbandInput;
export type RubberbandLobby = Lobby<RubberbandState, Schema>;
export type RubberbandMatch = Match<RubberbandState, Schema>;

/** Lobby options without the game, which is always Rubberband. */
export type JoinRequest = Omit<JoinOptions<RubberbandState, Schema>, "game">;
export type ResumeRequest = JoinRequest & Pick<ResumeOptions<RubberbandState, Schema>, "takeOver">;
export type HostRequest = Omit<HostOptions<RubberbandState, Schema>, "game">;
export type LocalRequest = Omit<LocalMatchOptions<RubberbandState, Schema>, "game">;
export type ListRequest = Omit<LobbyListOptions, "game">;

/** What is asked of the check of the connection. */
export type CheckRequest = Pick<DiagnoseOptions, "broker" | "signal" | "onStep">;

/** What the screens need of the network. The tests have one that lives in memory. */
export interface Gateway {
  host(request: HostRequest): Promise<RubberbandLobby>;
  join(code: string, request: JoinRequest): Promise<RubberbandLobby>;
  /** A public lobby that fits, or a new one. */
  quickMatch(request: JoinRequest): Promise<RubberbandLobby>;
  /** How many letters codes have there; `undefined`: nobody says. */
  codeLength(broker: string | undefined): Promise<number | undefined>;
  /** The public list, followed until the request's signal says otherwise. */
  watchLobbies(request: ListRequest): Promise<LobbyList>;
  /** The seat that this tab held before it was reloaded; `undefined` when there is none. */
  resume(request: ResumeRequest): Promise<RubberbandLobby | undefined>;
  /** A match on this device alone. */
  startLocal(request: LocalRequest): RubberbandMatch;
  /** Why others cannot be reached from here. Rejects when the part of the page that knows cannot be loaded. */
  diagnose(request: CheckRequest): Promise<Diagnosis>;
}

/** The real network. */
export const rollcallGateway: Gateway = {
  host: (request) => hostLobby({ game: rubberband, ...request }),
  join: (code, request) => joinLobby(code, { game: rubberband, ...request }),
  quickMatch: (request) => quickMatch({ game: rubberband, ...request }),
  codeLength: askCodeLength,
  watchLobbies: (request) => watchLobbies({ game: rubberband, ...request }),
  resume: (request) => resumeLobby({ game: rubberband, ...request }),
  startLocal: (request) => startLocalMatch({ game: rubberband, ...request }),
  diagnose: async (request) => {
    const { diagnose } = await import("@rollcall/netcode/doctor");
    return diagnose({ game: rubberband, ...request });
  },
};
