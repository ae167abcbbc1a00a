import type { InputSchema } from "../core/game/input-schema.ts";
import type { Lobby } from "../facade/lobby-types.ts";
import { messageOf } from "./wording.ts";

/** Time between the end of a match and the next: to look at a result. */
const REMATCH_PAUSE_MS = 5_000;
/** For the players to find their seats. */
const COUNTDOWN_MS = 3_000;
/** The start may meet a change of the lobby on its way; then it is tried again. */
const RETRY_MS = 1_000;

export interface HeadlessHostOptions {
  readonly lobby: Lobby<unknown, InputSchema>;
  /** Members to wait for. */
  readonly players: number;
  readonly say: (line: string) => void;
}

/** Starts match after match in a lobby that nobody looks at, as soon as enough members are there and linked. */
export class HeadlessHost {
  readonly #options: HeadlessHostOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasPlayed = false;

  constructor(options: HeadlessHostOptions) {
    this.#options = options;
  }

  /** Until the lobby closes. */
  run(): void {
    const { lobby } = this.#options;
    lobby.on("change", () => this.#look());
    lobby.on("match", () => (this.#hasPlayed = true));
    lobby.on("closed", () => clearTimeout(this.#timer));
    this.#look();
  }

  #look(): void {
    if (this.#timer !== undefined || !this.#isDue()) return;
    this.#timer = setTimeout(() => void this.#start(), this.#hasPlayed ? REMATCH_PAUSE_MS : 0);
  }

  #isDue(): boolean {
    const { lobby, players } = this.#options;
    const there = lobby.state.members.filter(({ connected }) => connected);
    // A pair without a way to each other must not hold up the rest for ever: only one that is still being tried does.
    return (
      lobby.isHost &&
      lobby.state.match === undefined &&
      there.length >= players &&
      lobby.peers.every(({ status }) => status !== "connecting")
    );
  }

  async #start(): Promise<void> {
    const { lobby, say } = this.#options;
    try {
      if (this.#isDue()) await lobby.start({ countdownMs: COUNTDOWN_MS });
      this.#timer = undefined;
    } catch (error) {
      say(`the match could not be started: ${messageOf(error)}`);
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#look();
      }, RETRY_MS);
    }
    this.#look();
  }
}
