import type { LobbyConnection } from "./lobby-connection.ts";

/** Tells the broker which match is over. Every peer of the match does; the first one counts. */
export class MatchOverReport {
  readonly #connection: LobbyConnection;
  /** The last match that was over here, 0 when none was. */
  #matchNumber = 0;

  constructor(connection: LobbyConnection) {
    this.#connection = connection;
  }

  isTold(matchNumber: number): boolean {
    return this.#matchNumber === matchNumber;
  }

  tell(matchNumber: number): void {
    this.#matchNumber = matchNumber;
    this.repeat();
  }

  /** After an outage, or the room would stay in a match that nobody plays. */
  repeat(): void {
    const matchNumber = this.#matchNumber;
    if (this.#connection.lobby?.match?.matchNumber !== matchNumber) return;
    this.#connection.request({ type: "end-match", matchNumber }).catch(() => {});
  }
}
