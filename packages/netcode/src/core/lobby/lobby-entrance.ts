import { LOBBY_PROTOCOL_VERSION } from "../ports/lobby-protocol.ts";
import type { GameIdentity, Json, LobbyCommand, Profile } from "../ports/lobby-protocol.ts";

/** How a member comes into a lobby. `resume`: with the secret that an earlier page of this seat kept. */
export type LobbyEntrance =
  | {
      readonly type: "create";
      readonly game: GameIdentity;
      readonly profile: Profile;
      readonly capacity: number;
      readonly settings: Json;
      readonly metadata: Json;
    }
  | { readonly type: "join"; readonly code: string; readonly game: GameIdentity; readonly profile: Profile }
  | { readonly type: "resume"; readonly code: string; readonly secret: string };

/** The first command on the first socket. */
export function entranceCommand(entrance: LobbyEntrance): LobbyCommand {
  const protocol = LOBBY_PROTOCOL_VERSION;
  return entrance.type === "resume" ? { ...entrance, protocol, freshPage: true, lastEvent: 0 } : { ...entrance, protocol };
}
