import { compareListings, type LobbyCode, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import { gameKeyOf, type LobbyDirectory } from "./lobby-directory.ts";
import { fitsFilter } from "./lobby-listing.ts";
import type { LobbyService } from "./lobby-service.ts";
import type { Outcome, Visitor } from "./lobby-visitor.ts";
import { TaskQueues } from "./task-queues.ts";

type QuickMatchCommand = Extract<LobbyCommand, { readonly type: "quick-match" }>;

/** Lobbies of the list that are tried before a new one is opened. At half, a list that is behind makes lobbies of one; double only costs time. */
const TRIES = 8;

export interface QuickMatchOptions {
  readonly directory: LobbyDirectory;
  readonly service: LobbyService;
  /** The lobby in which whoever has the key already is: its earlier attempt got there, and its answer was lost. */
  readonly lobbyOfKey: (key: string) => LobbyCode | undefined | Promise<LobbyCode | undefined>;
}

/** Finds a lobby for who wants any. One at a time for each game: of two who come at once, the second finds what the first opened. */
export class QuickMatch {
  readonly #options: QuickMatchOptions;
  /** By game. */
  readonly #queues = new TaskQueues<string>();

  constructor(options: QuickMatchOptions) {
    this.#options = options;
  }

  /** `isThere`: asked when it is the visitor's turn; false: it has gone, and gets no answer. */
  find(visitor: Visitor, command: QuickMatchCommand, isThere: () => boolean): Promise<void> {
    return this.#queues.run(gameKeyOf(command.game), () => (isThere() ? this.#enter(visitor, command) : Promise.resolve()));
  }

  async #enter(visitor: Visitor, command: QuickMatchCommand): Promise<void> {
    const held = await this.#options.lobbyOfKey(command.key);
    if (held !== undefined) return this.#join(visitor, command, held, (outcome) => visitor.handleOutcome(outcome));
    for (const code of await this.#candidates(command)) {
      let isIn = false;
      await this.#join(visitor, command, code, (outcome) => {
        isIn = outcome.ok;
        if (isIn) visitor.handleOutcome(outcome);
      });
      if (isIn) return;
    }
    if (!visitor.takeLobby()) return visitor.handleOutcome({ ok: false, refusal: { code: "RATE_LIMITED" } });
    const { filter: _filter, ...rest } = command;
    await this.#options.service.create(visitor, { ...rest, type: "create", listed: true });
  }

  async #candidates({ game, filter }: QuickMatchCommand): Promise<readonly LobbyCode[]> {
    const listings = await this.#options.directory.list(gameKeyOf(game));
    return listings
      .filter((listing) => fitsFilter(listing, { ...filter, joinable: true, open: true, idle: true }))
      .toSorted(compareListings)
      .slice(0, TRIES)
      .map(({ code }) => code);
  }

  #join(visitor: Visitor, command: QuickMatchCommand, code: LobbyCode, handleOutcome: (outcome: Outcome) => void): Promise<void> {
    const { protocol, key, entrance, device, game, profile } = command;
    const more = { ...(entrance === undefined ? {} : { entrance }), ...(device === undefined ? {} : { device }) };
    return this.#options.service.join({ ...visitor, handleOutcome }, { type: "join", protocol, key, code, game, profile, ...more });
  }
}
