import type { InputSchema } from "../core/game/input-schema.ts";
import type { NetcodeErrorLike } from "../facade/error-types.ts";
import type { Lobby } from "../facade/lobby-types.ts";
import type { Match } from "../facade/match-types.ts";
import { botInput } from "../node.ts";
import type { AnyGame } from "./load-game.ts";
import { messageOf } from "./wording.ts";

/** From becoming the host to giving the lobby away: the broker says who is the host now before it says who left. */
const PASS_ON_MS = 500;

export interface BotPlayerOptions {
  readonly lobby: Lobby<unknown, InputSchema>;
  readonly game: AnyGame;
  readonly seed: number;
  /** Members of this process. */
  readonly isOurs: (peerId: string) => boolean;
  /** Tells also what all bots of this process see alike. */
  readonly isSpeaker: boolean;
  readonly say: (line: string) => void;
}

/** One bot in a lobby: ready whenever it can be, plays every match that it has a seat in, and says what happens. */
export class BotPlayer {
  /** Resolves when the lobby is over for it. */
  readonly closed: Promise<NetcodeErrorLike | undefined>;
  readonly #options: BotPlayerOptions;
  /** To whom it gave the lobby. */
  readonly #handedTo = new Set<string>();
  /** Of who played, to name them when they are gone. */
  readonly #names = new Map<string, string>();
  #isAsking = false;
  #isPassingOn = false;
  #isClosed = false;

  constructor(options: BotPlayerOptions) {
    this.#options = options;
    const { lobby } = options;
    this.closed = new Promise((resolve) => {
      lobby.on("closed", (error) => {
        this.#isClosed = true;
        this.#say(error === undefined ? "left" : `out of the lobby: ${error.code}. ${error.message}`);
        resolve(error);
      });
    });
    lobby.on("match", (match) => this.#play(match));
    lobby.on("change", () => this.#beReady());
    if (options.isSpeaker) this.#narrate();
    this.#say(`in lobby ${lobby.code} with ${lobby.state.members.length - 1} others`);
    this.#beReady();
    if (lobby.match !== undefined) this.#play(lobby.match);
  }

  /**
   * A bot that came to play gives a lobby that fell to it to the first member that is not of this process; where there is none, or who had it gave it back
   * (another process of bots), it leaves: else bots would keep a lobby that everybody else has left.
   */
  passOn(): void {
    if (!this.#options.lobby.isHost || this.#isPassingOn) return;
    this.#isPassingOn = true;
    setTimeout(() => {
      this.#passOnNow()
        .catch((error: unknown) => this.#failed("the lobby could not be given away", error))
        .finally(() => (this.#isPassingOn = false));
    }, PASS_ON_MS);
  }

  async #passOnNow(): Promise<void> {
    const { lobby, isOurs } = this.#options;
    if (this.#isClosed || !lobby.isHost) return;
    const next = lobby.state.members.find(({ peerId, connected }) => connected && !isOurs(peerId) && !this.#handedTo.has(peerId));
    if (next !== undefined) {
      this.#handedTo.add(next.peerId);
      await lobby.transferHost(next.peerId);
    } else {
      this.#say("leaves: nobody else is here to keep the lobby");
      await lobby.leave();
    }
  }

  /** At the start, and after each match, which takes everybody's readiness. */
  #beReady(): void {
    const { lobby } = this.#options;
    if (this.#isAsking || lobby.me.ready || lobby.state.match !== undefined) return;
    this.#isAsking = true;
    lobby
      .setReady(true)
      .catch((error: unknown) => this.#failed("could not get ready", error))
      .finally(() => (this.#isAsking = false));
  }

  #play(match: Match<unknown, InputSchema>): void {
    const { game, seed } = this.#options;
    this.#say(
      `plays match ${match.matchNumber} as player ${match.localPlayers.map((player) => player + 1).join(", ")} of ${match.seats.length}`,
    );
    for (const seat of match.seats) if (seat.kind === "person") this.#names.set(seat.peerId, seat.profile.name);
    match.on("desync", ({ peerId, frame }) => this.#say(`differs from ${this.#nameOf(peerId)} since frame ${frame}`));
    match.on("dropped", () => this.#say("was dropped: the others went on"));
    match.on("ended", ({ frame, result }) => {
      const { rollbacks } = match.stats();
      this.#say(`match ${match.matchNumber} is over at frame ${frame}, after ${rollbacks} rollbacks: ${JSON.stringify(result)}`);
    });
    if (this.#options.isSpeaker) {
      match.on("suspect", (peerId) => this.#say(`${this.#nameOf(peerId)} is silent`));
      match.on("recovered", (peerId) => this.#say(`${this.#nameOf(peerId)} is heard again`));
      match.on("seat-to-bot", ({ peerId, cause }) => this.#say(`${this.#nameOf(peerId)} plays no longer (${cause})`));
      match.on("seat-to-player", ({ peerId }) => this.#say(`${this.#nameOf(peerId)} plays again`));
    }
    match.run({ input: botInput(game, match, seed + match.matchNumber) });
  }

  #narrate(): void {
    const { lobby } = this.#options;
    lobby.on("member-joined", ({ profile }) => this.#say(`${profile.name} joined`));
    lobby.on("member-left", ({ profile }, reason) => this.#say(`${profile.name} is gone (${reason})`));
    lobby.on("host-changed", ({ profile }) => this.#say(`${profile.name} is the host now`));
    lobby.on("peer-unreachable", ({ profile }, { code }) => this.#say(`${profile.name} cannot be reached (${code})`));
    lobby.on("broker-lost", () => this.#say("the broker is lost"));
    lobby.on("broker-back", () => this.#say("the broker is back"));
  }

  #nameOf(peerId: string): string {
    const member = this.#options.lobby.state.members.find((each) => each.peerId === peerId);
    return member?.profile.name ?? this.#names.get(peerId) ?? peerId;
  }

  #failed(what: string, error: unknown): void {
    this.#say(`${what}: ${messageOf(error)}`);
  }

  #say(line: string): void {
    this.#options.say(`${this.#options.lobby.me.profile.name}: ${line}`);
  }
}
