import { LOBBY_PROTOCOL_VERSION } from "../ports/lobby-protocol.ts";
import type { LobbyCommand, LobbyState } from "../ports/lobby-protocol.ts";

/** A command without what the member itself adds to it. */
type Wish<Command> = Command extends unknown ? Omit<Command, "protocol" | "key" | "device" | "entrance"> : never;

/** How a member comes into a lobby. `resume`: with the secret that an earlier page of this seat kept. */
export type LobbyEntrance =
  | Wish<Extract<LobbyCommand, { readonly type: "create" | "quick-match" | "join" }>>
  | { readonly type: "resume"; readonly code: string; readonly secret: string; readonly keepsake?: string };

/** What the broker knows the member by. */
export interface EntranceKeys {
  /** Of this entrance alone. */
  readonly entranceId: string;
  /** Of this browser. */
  readonly device: string;
  /** Of this page: the public key that its peer id belongs to, base64url. */
  readonly key: string;
}

/** The first command on a socket before the admission; `attempt` counts these sockets from 1. */
export function entranceCommand(given: LobbyEntrance, { entranceId, device, key }: EntranceKeys, attempt: number): LobbyCommand {
  const protocol = LOBBY_PROTOCOL_VERSION;
  if (given.type === "resume") return { ...given, protocol, key, device, freshPage: true, lastEvent: 0 };
  return { ...given, protocol, key, device, entrance: { id: entranceId, attempt } };
}

/** The first command on a later socket of the same page. */
export function resumeCommand(
  { device, key }: EntranceKeys,
  { lobby, secret, keepsake }: { readonly lobby: LobbyState; readonly secret: string; readonly keepsake: string | undefined },
): LobbyCommand {
  const kept = keepsake === undefined ? {} : { keepsake };
  const { code, event: lastEvent } = lobby;
  return { type: "resume", protocol: LOBBY_PROTOCOL_VERSION, device, key, code, secret, freshPage: false, lastEvent, ...kept };
}
