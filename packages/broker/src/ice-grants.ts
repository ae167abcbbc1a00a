import { createHmac } from "node:crypto";
import { LOBBY_LIMITS, type IceGrant, type IceServer, type LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { Secrets } from "./secrets.ts";
import type { TurnServer } from "./turn-servers.ts";

export interface IceGrantsOptions {
  /** The same for everybody. */
  readonly iceServers: readonly IceServer[];
  /** Asked each time, since the file that they stand in may change. */
  readonly turn: () => readonly TurnServer[];
  readonly secrets: Pick<Secrets, "lobbyTag">;
  /** The wall clock: the TURN server compares the end of a credential with its own. */
  readonly wallMs: () => number;
}

/**
 * What members connect with. Credentials for TURN are made for each seat as the server makes them out of the secret that both share
 * (draft-uberti-behave-turn-rest-00): user name `<end in Unix seconds>:<lobby>.<seat>`, password base64(HMAC-SHA1(secret, user name)).
 *
 * coturn counts its quota by what follows the colon. The lobby is a hash there, because a user name goes over the network and into the server's log in
 * clear text, and whoever has the code may ask for a seat.
 */
export class IceGrants {
  readonly #options: IceGrantsOptions;

  constructor(options: IceGrantsOptions) {
    this.#options = options;
  }

  /** Whether members get a TURN server at all. */
  get hasTurn(): boolean {
    const { iceServers, turn } = this.#options;
    return turn().length > 0 || iceServers.some(({ urls }) => urls.some((url) => url.startsWith("turn")));
  }

  /** For one member. Nobody else gets any. */
  grant(code: LobbyCode, seat: number): IceGrant {
    const { iceServers, turn, secrets, wallMs } = this.#options;
    const nowMs = wallMs();
    const granted = [...iceServers];
    let endMs = Infinity;
    // A list that grew in its file may be longer than the protocol takes.
    for (const { urls, secret, lifeMs } of turn().slice(0, LOBBY_LIMITS.iceServers - iceServers.length)) {
      const endSeconds = Math.floor((nowMs + lifeMs) / 1000);
      const username = `${endSeconds}:${secrets.lobbyTag(code)}.${seat}`;
      granted.push({ urls, username, credential: createHmac("sha1", secret).update(username).digest("base64") });
      endMs = Math.min(endMs, endSeconds * 1000);
    }
    return endMs === Infinity ? { iceServers } : { iceServers: granted, iceLifeMs: Math.max(0, endMs - nowMs) };
  }
}
