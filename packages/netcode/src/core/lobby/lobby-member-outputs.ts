import type { Admission, CommandResult, IceGrant, LobbyChange, LobbyState } from "../ports/lobby-protocol.ts";
import type { LobbyFailure } from "./lobby-failure.ts";

/** What the member wants its adapter to do. Every socket has a number, so that the last words of an old one are not taken for the new one's. */
export type SocketAction =
  | { readonly type: "open-socket"; readonly socket: number }
  /** Send what `pollFrame` gave before it, then close. */
  | { readonly type: "close-socket"; readonly socket: number };

export type LobbyMemberEvent =
  /** In the lobby: once, and first. */
  | { readonly type: "admitted"; readonly admission: Admission }
  /** One change of the lobby; `before` is the lobby without it, `member.lobby` has it (and, after a resume, what came with it). */
  | { readonly type: "change"; readonly change: LobbyChange; readonly before: LobbyState }
  /** The answer to `request`; `failure` is undefined when it was done. Changes that it made may come before or after. `result`: what it brought, if it brings something. */
  | {
      readonly type: "reply";
      readonly request: number;
      readonly failure: LobbyFailure | undefined;
      readonly result: CommandResult | undefined;
    }
  /** Fresh ICE servers, asked for by `renewIceServers` or because the earlier ones were about to expire. */
  | { readonly type: "ice-servers"; readonly grant: IceGrant }
  /** A newer keepsake, for whoever resumes after this page. */
  | { readonly type: "keepsake"; readonly keepsake: string }
  /** Who the members are, signed: to pass on to the others. */
  | { readonly type: "roster"; readonly roster: string }
  | { readonly type: "broker-lost" }
  /** Back in the same seat under the same peer id; the admission has fresh ICE servers. */
  | { readonly type: "broker-back"; readonly admission: Admission }
  /** The end: never admitted, thrown out, seat expired, or (`failure` undefined) left. Last. */
  | { readonly type: "closed"; readonly failure: LobbyFailure | undefined };
