import type { MatchEvents, MatchStats, MatchView } from "@rollcall/netcode";
import type { MatchSeat, PeerId, PlayerOptions, PlayerProfile, Recordable } from "@rollcall/netcode";
import type { RubberbandMatch } from "../../src/net/gateway.ts";
import type { RubberbandState } from "../../src/sim/index.ts";
import { Listeners } from "./listeners.ts";

const FAKE_PEER = "me" as PeerId;

/** As the library fills in what was left out. */
export function wholeProfile(player: PlayerOptions): PlayerProfile {
  return { ...player, colour: player.colour ?? 0, choices: player.choices ?? null };
}

/** A match that plays nothing: tests move its phase. */
export class FakeMatch implements RubberbandMatch {
  readonly matchNumber = 1;
  readonly seats: readonly MatchSeat[];
  localPlayers: readonly number[];
  phase: RubberbandMatch["phase"];
  countdownMs: number;
  readonly ended: Promise<unknown> = new Promise(() => undefined);
  role: RubberbandMatch["role"];
  stopped = false;
  paused = false;
  readonly #listeners = new Listeners<MatchEvents>();

  constructor(seats: readonly MatchSeat[], localPlayers: readonly number[], countdownMs: number) {
    this.seats = seats;
    this.localPlayers = localPlayers;
    this.role = localPlayers.length === 0 ? "watcher" : "player";
    this.countdownMs = countdownMs;
    this.phase = countdownMs > 0 ? "countdown" : "running";
  }

  run(): void {
    // Nothing to run.
  }

  takeSeats(): void {
    this.role = "returning";
    this.emit("role", this.role);
  }

  pause(): void {
    this.paused = true;
    this.emit("paused", FAKE_PEER);
  }

  resume(): void {
    this.paused = false;
    this.emit("resumed", FAKE_PEER);
  }

  view(): MatchView<RubberbandState> {
    throw new Error("the fake match has no state");
  }

  stats(): MatchStats {
    throw new Error("the fake match has no figures");
  }

  get recordable(): Recordable {
    throw new Error("the fake match has no frames");
  }

  checksum(): undefined {
    return undefined;
  }

  on<Name extends keyof MatchEvents>(name: Name, listener: MatchEvents[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  emit<Name extends keyof MatchEvents>(name: Name, ...payload: Parameters<MatchEvents[Name]>): void {
    this.#listeners.emit(name, ...payload);
  }

  /** The match is over. */
  end(result: unknown): void {
    this.phase = "ended";
    this.emit("ended", { frame: 1_000, result });
  }

  stop(): void {
    this.stopped = true;
    this.phase = "closed";
  }
}
