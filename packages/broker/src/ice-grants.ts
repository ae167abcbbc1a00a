import { createHmac } from "node:crypto";
import type { IceGrant, IceServer, LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { TurnOptions } from "./broker-options.ts";
import type { Secrets } from "./secrets.ts";

export interface IceGrantsOptions {
  /** The same for everybody. */
  readonly iceServers: readonly IceServer[];
  readonly turn: Required<TurnOptions> | undefined;
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
    return turn !== undefined || iceServers.some(({ urls }) => urls.some((url) => url.startsWith("turn")));
  }

  /** For one member. Nobody else gets any. */
  grant(code: LobbyCode, seat: number): IceGrant {
    const { iceServers, turn, secrets, wallMs } = this.#options;
    if (turn === undefined) return { iceServers };
    const nowMs = wallMs();
    const endSeconds = Math.floor((nowMs + turn.lifeMs) / 1000);
    const username = `${endSeconds}:${secrets.lobbyTag(code)}.${seat}`;
    const credential = createHmac("sha1", turn.secret).update(username).digest("base64");
    return { iceServers: [...iceServers, { urls: turn.urls, username, credential }], iceLifeMs: Math.max(0, endSeconds * 1000 - nowMs) };
  }
}
