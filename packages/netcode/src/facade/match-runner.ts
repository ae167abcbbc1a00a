import type { Page } from "../adapters/page.ts";
import type { NoMessages } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Game, MatchSetup } from "../core/game/game.ts";
import { GameSimulation } from "../core/game/game-simulation.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { PACKET_KIND, type LinkPath } from "../core/ports/link.ts";
import type { GoneReason } from "../core/ports/departure.ts";
import type { MatchAgreement, MatchSeat } from "../core/ports/lobby-protocol.ts";
import type { DropCause, MatchRole, SessionEvent, Transmit } from "../core/ports/session.ts";
import { MatchSession } from "../core/rollback/match-session.ts";
import { MatchDriver, type MatchDriverHost } from "../driver/match-driver.ts";
import { MeteredSimulation } from "../driver/metered-simulation.ts";
import { Deferred } from "./deferred.ts";
import { MATCH_EVENTS } from "./event-names.ts";
import { FrameCallbacks } from "./frame-callbacks.ts";
import { GameEventCalls } from "./game-event-calls.ts";
import { Listeners } from "./listeners.ts";
import { checkedInteger, checkedRunOptions, checkedSeats } from "./checked-arguments.ts";
import { loadDesync, loadFollowing, loadLaterParts } from "./later-parts.ts";
import { epochOf } from "./match-epoch.ts";
import { MATCH_LIMITS } from "./match-limits.ts";
import { MatchPeople } from "./match-people.ts";
import { NetcodeError, type NetcodeErrorDetail } from "./netcode-error.ts";
import { sessionPlayersOf, type Recordable } from "./recordable.ts";
import { settled } from "./report-rejection.ts";
import { RunAhead } from "./run-ahead.ts";
import { checkGoesOn, checkState, isStateChecked } from "./state-check.ts";
import { tellSessionEvent } from "./tell-session-event.ts";
import { WatchedSimulation, type CorrectionMoment } from "./watched-simulation.ts";
import type { Match, MatchEvents, MatchStats, MatchView, RunOptions } from "./match-types.ts";

export interface MatchRunnerOptions<State, Schema extends InputSchema, Result> {
  readonly page: Page;
  readonly nowMs: () => number;
  readonly game: Game<State, Schema, NoMessages, Result>;
  readonly agreement: MatchAgreement;
  readonly localPeerId: PeerId;
  readonly transmit: (transmit: Transmit) => void;
  readonly pathTo: (peerId: PeerId) => LinkPath;
  readonly handleOver: (how: MatchOver) => void;
  /** Why a member is gone, as far as it is known. */
  readonly goneReasonOf: (peerId: PeerId) => GoneReason | undefined;
  /** `return`, `watch`: the match runs already. Default `player`. */
  readonly entry?: MatchEntry;
  /** Whether a member may have the seats, which are bots' now. */
  readonly mayTakeSeats: (peerId: PeerId, playerIndexes: readonly number[]) => boolean;
}

/** What a match may need later is loaded from this frame on: the start is over, and the network is likely still there. */
const LATER_PARTS_FRAME = 180;

/** How one comes into a match: from its start, back into one's seats, or to watch. */
export type MatchEntry = "player" | "return" | "watch";

/** `result`: it is over for all. `stopped`, by the game; `failed`, by its `step`: it is over here. */
export type MatchOver = "result" | "stopped" | "failed";

/** Each frame ahead costs a step of the game for each frame, and is a guess more. At half, the delay of a slow line is still felt; at double, most of what others do is drawn wrong first. */
const RUN_AHEAD_FRAMES_MAX = 8;

/** One match on one peer: simulation, session and driver, as the game sees them. */
export class MatchRunner<State, Schema extends InputSchema, Result> implements Match<State, Schema, Result>, MatchDriverHost {
  readonly matchNumber: number;
  readonly seats: readonly MatchSeat[];
  readonly recordable: Recordable;
  readonly #options: MatchRunnerOptions<State, Schema, Result>;
  readonly #simulation: GameSimulation<State, Schema>;
  readonly #watched: WatchedSimulation;
  readonly #setup: MatchSetup;
  readonly #session: MatchSession;
  /** Packed inputs of the players that are ours, or will be. */
  #inputs: Uint8Array;
  readonly #driver: MatchDriver;
  readonly #startMs: number;
  readonly #listeners: Listeners<MatchEvents<Result>>;
  readonly #callbacks: FrameCallbacks;
  readonly #gameEvents: GameEventCalls;
  readonly #people: MatchPeople;
  readonly #ended = new Deferred<Result>();
  #outcome: "ended" | "dropped" | "closed" | undefined;
  #paused = false;
  #run: RunOptions<State, Schema> | undefined;
  /** There when the game asked to run ahead. */
  #runAhead: RunAhead<State, Schema> | undefined;
  #stopDrawing: (() => void) | undefined;
  #disposed = false;

  /** Throws what the game's `init` throws, and `BAD_ARGUMENT` for a state that cannot be saved. */
  constructor(options: MatchRunnerOptions<State, Schema, Result>) {
    const { agreement, game, localPeerId, page } = options;
    this.#options = options;
    this.matchNumber = agreement.matchNumber;
    this.seats = agreement.seats;
    this.#listeners = new Listeners(MATCH_EVENTS, (error) => page.reportError(error));
    this.#callbacks = new FrameCallbacks((error) => page.reportError(error));
    this.#gameEvents = new GameEventCalls((error) => page.reportError(error));
    // Nobody has to wait for the end.
    this.ended.catch(() => {});
    const players = agreement.seats.map((seat) => ({ profile: seat.profile, bot: seat.kind === "bot" }));
    this.#setup = { seed: agreement.seed, players, settings: agreement.settings };
    this.#simulation = new GameSimulation(game, this.#setup);
    checkState(game, this.#simulation.state, "init");
    this.#watched = new WatchedSimulation(this.#simulation, (moment) => this.#handleCorrection(moment));
    const meter = new MeteredSimulation(this.#watched, options.nowMs);
    const nowMs = options.nowMs();
    const { entry = "player", mayTakeSeats } = options;
    if (entry !== "player") loadLaterParts();
    this.#startMs = entry === "player" ? nowMs + agreement.countdownMs : nowMs;
    const seatPlayers = sessionPlayersOf(agreement.seats);
    this.#session = new MatchSession(nowMs, {
      loadFollowing,
      loadDesync,
      role: entry,
      mayTakeSeats,
      localPeerId,
      players: seatPlayers,
      hostId: agreement.hostId,
      matchEpoch: epochOf(agreement.matchNumber),
      simulation: meter,
      ...MATCH_LIMITS,
    });
    this.recordable = { source: this.#session.source, game, setup: this.#setup, players: seatPlayers, inputBytes: game.inputBytes };
    this.#people = new MatchPeople(nowMs, localPeerId, agreement.seats);
    this.#inputs = this.#roomForInputs(seatPlayers.filter(({ peerId }) => peerId === localPeerId).length);
    const [session, startMs] = [this.#session, this.#startMs];
    this.#driver = new MatchDriver({ session, host: this, frameRateHz: game.frameRateHz, nowMs, startMs, meter });
  }

  /** What the packets of this match carry. */
  get matchEpoch(): number {
    return epochOf(this.matchNumber);
  }

  get role(): MatchRole {
    return this.#session.role;
  }

  get localPlayers(): readonly number[] {
    return this.#session.localPlayers;
  }

  get ended(): Promise<Result> {
    return this.#ended.promise;
  }

  get phase(): Match<State, Schema, Result>["phase"] {
    return this.#outcome ?? (this.#options.nowMs() < this.#startMs ? "countdown" : "running");
  }

  get countdownMs(): number {
    return Math.max(0, this.#startMs - this.#options.nowMs());
  }

  run(options: RunOptions<State, Schema>): void {
    const { runAheadFrames = 0 } = checkedRunOptions(options);
    checkedInteger("runAheadFrames", runAheadFrames, [0, RUN_AHEAD_FRAMES_MAX]);
    this.#run = options;
    this.#runAhead = runAheadFrames === 0 ? undefined : new RunAhead(this.#options.game, this.#setup);
    this.#stopDrawing?.();
    this.#stopDrawing = undefined;
    if (options.render === undefined || this.#disposed) return;
    let drawnMs = this.#options.nowMs();
    this.#stopDrawing = this.#options.page.onAnimationFrame(() => {
      const elapsedMs = this.#options.nowMs() - drawnMs;
      drawnMs += elapsedMs;
      this.#callbacks.call("render", (): unknown => this.#run?.render?.(this.view(), elapsedMs));
    });
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    if (!this.#disposed) this.#session.pause();
  }

  resume(): void {
    if (!this.#disposed) this.#session.resume();
  }

  view(): MatchView<State> {
    const nowMs = this.#options.nowMs();
    return {
      state: this.#newestState(),
      alpha: this.#outcome === undefined ? this.#driver.alpha(nowMs) : 1,
      frame: this.#session.frame,
      confirmedFrame: this.#session.confirmedFrame,
    };
  }

  #newestState(): State {
    const { role, localPlayers } = this;
    if (this.#runAhead === undefined || role !== "player" || this.#paused || this.#outcome !== undefined) return this.#simulation.state;
    const frames = this.#run?.runAheadFrames ?? 0;
    return this.#runAhead.predict(this.#watched, localPlayers, frames, this.#session.stats().inputDelayFrames);
  }

  #handleCorrection(moment: CorrectionMoment): void {
    const listener = moment === "before" ? this.#run?.beforeRollback : this.#run?.afterRollback;
    if (listener !== undefined) this.#callbacks.call(moment, (): unknown => listener(this.#simulation.state));
  }

  stats(): MatchStats {
    const stats = this.#session.stats();
    return { ...stats, peers: stats.peers.map((peer) => Object.assign({ path: this.#options.pathTo(peer.id) }, peer)) };
  }

  checksum(frame: number): number | undefined {
    return this.#session.checksum(frame);
  }

  on<Name extends keyof MatchEvents>(name: Name, listener: MatchEvents<Result>[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  stop(): void {
    if (this.#disposed) return;
    this.close();
    this.#options.handleOver("stopped");
  }

  /** Tells the others that we play no longer: their session waits for no word of ours. */
  sayLeft(): void {
    this.#driver.leave(this.#options.nowMs());
    for (const to of this.#people.others) {
      this.#options.transmit({ to, channel: "reliable", bytes: Uint8Array.of(PACKET_KIND.matchLeft, this.matchEpoch) });
    }
  }

  /** We are out of a match that the others may play on: it was stopped here, or they dropped us. */
  get isOut(): boolean {
    return this.#outcome === "closed" || this.#outcome === "dropped";
  }

  /** True when we do not play, and nobody else does any more. */
  isDeserted(nowMs: number, isMember: (peerId: PeerId) => boolean): boolean {
    if (this.isOut) return this.#people.isDeserted(isMember);
    return this.role === "returning" && this.#people.isLost(nowMs, this.#session.confirmedFrame, isMember);
  }

  /** Ends the match on this peer, whatever its phase, and frees it. For the lobby; a game calls `stop`. */
  close(detail: NetcodeErrorDetail = {}): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#driver.stop();
    this.#stopDrawing?.();
    this.#lose("closed", detail);
  }

  tick(nowMs: number): void {
    this.#drive(() => this.#driver.tick(nowMs));
  }

  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#people.packetArrived(nowMs, from, bytes);
    if (bytes[0] === PACKET_KIND.matchLeft && bytes.length === 2) {
      this.#people.left(from);
      this.handlePeerGone(nowMs, from, "left");
    } else this.#drive(() => this.#driver.handlePacket(nowMs, from, bytes));
  }

  handlePeerGone(nowMs: number, peerId: PeerId, cause: DropCause): void {
    this.#drive(() => this.#driver.handlePeerGone(nowMs, peerId, cause));
  }

  /** The id `before` is gone for good; `after`: what the same member is called now. */
  handlePeerRemoved(nowMs: number, before: PeerId, cause: DropCause, after: PeerId | undefined): void {
    this.#people.removed(before, after);
    this.handlePeerGone(nowMs, before, cause);
    // Should we be dropped, or be on our way back: who else could have the match.
    if (after !== undefined) this.#session.addFeeder(after);
  }

  takeSeats(playerIndexes: readonly number[]): void {
    if (this.#disposed || this.role === "player") return;
    const players = checkedSeats(this.seats, playerIndexes);
    this.#inputs = this.#roomForInputs(players.length);
    this.#session.requestSeats(players);
  }

  /** For the driver. */
  readInputs(): Uint8Array {
    const { localPlayers } = this;
    const { inputBytes } = this.#options.game;
    const input = this.#run?.input;
    // Seats that were asked for first may be the ones that are given.
    if (localPlayers.length > 0 && this.#inputs.length !== localPlayers.length * inputBytes)
      this.#inputs = this.#roomForInputs(localPlayers.length);
    const inputs = this.#inputs;
    // Until `run` is called, and when it fails, nothing is pressed.
    inputs.fill(0);
    if (input !== undefined) {
      this.#callbacks.call("input", () => {
        for (let index = 0; index < localPlayers.length; index++)
          this.#simulation.packInput(settled(input(localPlayers[index] ?? 0)), inputs, index * inputBytes);
      });
    }
    return inputs;
  }

  /** For the driver. */
  transmit(transmit: Transmit): void {
    this.#options.transmit(transmit);
  }

  /** For the driver. */
  handleFrame(frame: number): void {
    if (frame === 0) checkState(this.#options.game, this.#simulation.state, "step");
    // Not the first that we see of a match that is about to end.
    if (this.#session.frame === 1) checkGoesOn(this.#simulation.result());
    if (isStateChecked(frame)) this.#callbacks.call("state", () => checkState(this.#options.game, this.#simulation.state, "step"));
    if (frame === LATER_PARTS_FRAME) loadLaterParts();
    this.#runAhead?.sampled(this.#inputs);
    if (this.#run?.frame !== undefined)
      this.#callbacks.call("frame", (): unknown => this.#run?.frame?.(this.#simulation.state, this.#session.frame - 1));
  }

  /** For the driver. */
  handleEvent(event: SessionEvent): void {
    if (this.#disposed) return;
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- `tellSessionEvent` has all others
    switch (event.type) {
      case "dropped":
        // First, so that the lobby of which the game draws its room has no match any more.
        this.#lose("dropped", { message: "The others went on without us." });
        this.#listeners.emit("dropped");
        break;
      case "seat-to-bot":
        this.#tellSeatToBot(event);
        break;
      case "seat-to-player":
        this.#people.seated(event.peerId);
        // It was given the seats before its end was known: nobody has to wait for it.
        if (this.#people.isRemoved(event.peerId)) this.#session.handlePeerGone(this.#options.nowMs(), event.peerId, "left");
        this.#listeners.emit("seat-to-player", event);
        break;
      case "paused":
      case "resumed":
        this.#paused = event.type === "paused";
        this.#listeners.emit(event.type, event.peerId);
        break;
      case "role":
        this.#handleRole(event.role);
        break;
      case "game":
        this.#gameEvents.tell(event, this.#run);
        this.#listeners.emit("game", event);
        break;
      case "ended": {
        // The session does not know of what type it is: what the game's own `result` gave.
        const end = event as typeof event & { readonly result: Result };
        this.#outcome ??= "ended";
        // First, so that a listener may start the next match.
        this.#options.handleOver("result");
        this.#ended.resolve(end.result);
        this.#listeners.emit("ended", end);
        break;
      }
      default:
        tellSessionEvent(this.#listeners, event);
    }
  }

  #tellSeatToBot(event: SessionEvent & { type: "seat-to-bot" }): void {
    const reason = this.#options.goneReasonOf(event.peerId) ?? (event.cause === "lost" ? "lost" : undefined);
    this.#listeners.emit("seat-to-bot", reason === undefined ? event : { ...event, reason });
  }

  #handleRole(role: MatchRole): void {
    // What was predicted is not known here any more.
    if (role !== "player") this.#gameEvents.clear();
    this.#listeners.emit("role", role);
  }

  #roomForInputs(playerCount: number): Uint8Array {
    return new Uint8Array(playerCount * this.#options.game.inputBytes);
  }

  #drive(call: () => void): void {
    if (this.#disposed) return;
    try {
      call();
    } catch (error) {
      // The game's `step` threw. It would throw again, and on every peer: there is no way on from here.
      this.#options.page.reportError(error);
      this.close({ message: "The game's own code failed.", cause: error });
      this.#options.handleOver("failed");
    }
  }

  #lose(outcome: "dropped" | "closed", detail: NetcodeErrorDetail): void {
    this.#outcome ??= outcome;
    this.#ended.reject(new NetcodeError("CLOSED", detail));
  }
}
