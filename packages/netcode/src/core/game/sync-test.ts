import { assert } from "../base/assert.ts";
import { checksumBytes, checksumText } from "../base/checksum.ts";
import { findPlainDifference, findPlainFault } from "../base/plain-fault.ts";
import { Random } from "../base/random.ts";
import { FrameRing } from "../base/ring.ts";
import { NULL_FRAME } from "../base/units.ts";
import type { Json } from "../ports/lobby-protocol.ts";
import { packPlain } from "../wire/payload-codec.ts";
import { DeterminismError } from "./determinism-error.ts";
import { determinismGuard } from "./determinism-guard.ts";
import type { Game, MatchSetup } from "./game.ts";
import { GameSimulation } from "./game-simulation.ts";
import { findStateFault } from "./state-fault.ts";
import { randomInput, type InputOf, type InputSchema } from "./input-schema.ts";

/** Frames kept, and with it the longest rollback plus one. */
const HISTORY_FRAMES = 16;
/** A slot outside the history, for a state that came out wrong. */
const WRONG_SLOT = HISTORY_FRAMES;
/** Shorter rollbacks miss what needs two frames to show; longer ones find little more and cost as many steps. */
const DISTANCE_FRAMES_MIN = 2;
const DISTANCE_FRAMES_MAX = 7;

/**
 * What a sync test found.
 *
 * - `init`: two calls of `init` with the same setup gave different states.
 * - `not-plain`: the state holds something that a save does not bring back.
 * - `load`: a slot came back otherwise than it was saved. The codec keeps a reference, or something changes what was saved.
 * - `state`: the same frame with the same inputs gave another state. `step` uses something outside of state, inputs and `random`.
 * - `events`: the same frame emitted other events.
 * - `forbidden`: the game called something that is not the same on every peer (`determinismGuard`).
 * - `mutated`: the state was changed outside of `step` (`determinismGuard`).
 */
export type SyncTestFaultKind = "init" | "not-plain" | "load" | "state" | "events" | "forbidden" | "mutated";

/** `frame`: the first step that went wrong (−1: `init`). `path`: the first field that differs, where the state can be looked into; of what is forbidden, the call. */
export interface SyncTestFault {
  readonly kind: SyncTestFaultKind;
  readonly frame: number;
  readonly path: string | undefined;
  /** A sentence for the developer. */
  readonly message: string;
}

interface HistoryEntry {
  /** Of the state before this frame's step. */
  checksum: number;
  readonly inputs: Uint8Array;
  readonly bots: Uint8Array;
  eventsChecksum: number;
}

/**
 * Runs a game as a bad network would: every frame is followed by a rollback of some frames, whose resimulation has to give the same
 * states and events. Finds most mistakes that end in a desync, on one machine, without a network; not those that show between two engines only (`Math.sin` and its kin).
 */
export class SyncTestSession<State, Schema extends InputSchema> {
  readonly #game: Game<State, Schema>;
  readonly #simulation: GameSimulation<State, Schema>;
  readonly #history: FrameRing<HistoryEntry>;
  #frame = 0;
  #fault: SyncTestFault | undefined;
  #resimulatedFrames = 0;
  #eventsChecksum = 0;

  constructor(game: Game<State, Schema>, setup: MatchSetup) {
    const simulation = new GameSimulation(game, setup);
    this.#game = game;
    this.#simulation = simulation;
    this.#history = new FrameRing(HISTORY_FRAMES, () => ({
      checksum: 0,
      inputs: new Uint8Array(simulation.playerCount * simulation.inputBytes),
      bots: new Uint8Array(simulation.playerCount),
      eventsChecksum: 0,
    }));
    simulation.reserveSlots(HISTORY_FRAMES + 1);
    this.#checkAndSave();
  }

  /** The next frame. */
  get frame(): number {
    return this.#frame;
  }

  /** Of the live state. */
  get checksum(): number {
    return this.#simulation.checksum();
  }

  get resimulatedFrames(): number {
    return this.#resimulatedFrames;
  }

  /** The first fault; the session is over with it. */
  get fault(): SyncTestFault | undefined {
    return this.#fault;
  }

  /**
   * Simulates one frame, goes back `distanceFrames` (1–15; fewer at the start) and comes again. `inputs` and `bots` as for `Simulation.step`; copied.
   */
  advanceFrame(inputs: Uint8Array, bots: Uint8Array, distanceFrames: number): SyncTestFault | undefined {
    assert(distanceFrames >= 1 && distanceFrames < HISTORY_FRAMES, `distanceFrames in 1–${HISTORY_FRAMES - 1}`);
    if (this.#fault !== undefined) return this.#fault;
    const entry = this.#history.get(this.#frame);
    assert(entry !== undefined, "the state before the frame in the history");
    entry.inputs.set(inputs);
    entry.bots.set(bots);
    entry.eventsChecksum = this.#step(this.#frame, entry);
    this.#frame++;
    if (this.#checkAndSave()) this.#rollBack(Math.min(distanceFrames, this.#frame));
    return this.#fault;
  }

  /** Saves the live state as that before `#frame`. False when it has a fault. */
  #checkAndSave(): boolean {
    const notPlain = findStateFault(this.#game.state, this.#simulation.state);
    if (notPlain !== undefined) {
      const { problem } = notPlain;
      const path = `state${notPlain.path}`;
      this.#fault = { kind: "not-plain", frame: this.#frame - 1, path, message: `${path} is ${problem}, which a save does not bring back` };
      return false;
    }
    this.#simulation.save(this.#history.slotOf(this.#frame));
    this.#history.claim(this.#frame).checksum = this.#simulation.checksum();
    return true;
  }

  #rollBack(distanceFrames: number): void {
    const from = this.#frame - distanceFrames;
    this.#simulation.load(this.#history.slotOf(from));
    if (!this.#compare("load", from)) return;
    for (let frame = from; frame < this.#frame; frame++) {
      const entry = this.#history.get(frame);
      assert(entry !== undefined, "a frame of the history");
      const eventsChecksum = this.#step(frame, entry);
      this.#resimulatedFrames++;
      if (!this.#compare("state", frame + 1)) return;
      if (eventsChecksum !== entry.eventsChecksum) {
        this.#fault = {
          kind: "events",
          frame,
          path: undefined,
          message: `frame ${frame} emitted other events when it was simulated again`,
        };
        return;
      }
    }
  }

  /** True when the live state is the one that was saved before `frame`. */
  #compare(kind: "load" | "state", frame: number): boolean {
    const simulation = this.#simulation;
    // The live state as it is now, not as the slot says: `save` makes sure that nothing remembered is used.
    simulation.save(WRONG_SLOT);
    if (simulation.checksum() === this.#history.get(frame)?.checksum) return true;
    const difference = findPlainDifference(simulation.inspect(this.#history.slotOf(frame)), simulation.inspect(WRONG_SLOT));
    const path = difference?.path.slice(1);
    const where = difference === undefined ? "the state" : `${path} (${difference.problem})`;
    const what = kind === "load" ? "came back from its slot otherwise than it was saved" : "differs when the frame is simulated again";
    this.#fault = { kind, frame: frame - 1, path, message: `after frame ${frame - 1}, ${where} ${what}` };
    return false;
  }

  /** Returns a hash of the events. */
  #step(frame: number, entry: HistoryEntry): number {
    this.#eventsChecksum = 0;
    this.#simulation.step(frame, entry.inputs, entry.bots, this.#handleEvent);
    return this.#eventsChecksum;
  }

  readonly #handleEvent = (name: string, payload: unknown): void => {
    const checksum = checksumText(name, this.#eventsChecksum);
    const isPlain = findPlainFault(payload) === undefined;
    this.#eventsChecksum = isPlain ? checksumBytes(packPlain(payload), checksum) : checksum;
  };
}

export interface SyncTestOptions<Schema extends InputSchema> {
  /** At least 1. Default 600: ten seconds at 60 Hz. */
  readonly frames?: number;
  /** Of the match, of the inputs and of the rollbacks. Default 1. */
  readonly seed?: number;
  /** Default: the most players that the game takes, all of them people. */
  readonly players?: MatchSetup["players"];
  readonly settings?: Json;
  /** Input of a player, asked once a frame. Default: random values that are held for some frames. */
  readonly inputs?: (frame: number, playerIndex: number, random: Random) => InputOf<Schema>;
  /** Length of the rollback after each frame. Default: drawn anew each time from 2–7. */
  readonly distanceFrames?: number;
}

export type SyncTestReport =
  | { readonly ok: true; readonly frames: number; readonly resimulatedFrames: number; readonly checksum: number }
  | ({ readonly ok: false; readonly seed: number } & SyncTestFault);

/**
 * Plays `game` by itself with a rollback after every frame, and reports the first frame that is not deterministic. From half-time on the last
 * seat is played by its bot, as after a drop. The game runs under `determinismGuard`; to allow it something, pass `determinismGuard(game, { allow })`.
 *
 * ```ts
 * test("my game is deterministic", () => expect(syncTest(game)).toMatchObject({ ok: true }));
 * ```
 */
export function syncTest<State, Schema extends InputSchema>(
  game: Game<State, Schema>,
  options: SyncTestOptions<Schema> = {},
): SyncTestReport {
  const { frames = 1 } = options;
  // A test that plays nothing would pass.
  assert(Number.isInteger(frames) && frames >= 1, `frames from 1 on, got ${frames}`);
  try {
    return play(determinismGuard(game), options);
  } catch (error) {
    if (!(error instanceof DeterminismError)) throw error;
    const { kind, frame, culprit, message } = error;
    return { ok: false, seed: options.seed ?? SEED, kind, frame, path: culprit, message };
  }
}

const SEED = 1;

function play<State, Schema extends InputSchema>(game: Game<State, Schema>, options: SyncTestOptions<Schema>): SyncTestReport {
  const { frames = 600, seed = SEED, settings = null, players = defaultPlayers(game.players[1]) } = options;
  const random = new Random(seed, "sync test");
  const setup = { seed, players, settings };
  const session = new SyncTestSession(game, setup);
  if (new GameSimulation(game, setup).checksum() !== session.checksum) {
    return {
      ok: false,
      seed,
      kind: "init",
      frame: NULL_FRAME,
      path: undefined,
      message: "two calls of init with one setup gave different states",
    };
  }
  const inputs = new Uint8Array(players.length * game.inputBytes);
  const bots = Uint8Array.from(players, ({ bot }) => (bot ? 1 : 0));
  while (session.fault === undefined && session.frame < frames) {
    const { frame } = session;
    if (frame === frames >>> 1) bots[players.length - 1] = 1;
    for (let playerIndex = 0; playerIndex < players.length; playerIndex++) {
      const offset = playerIndex * game.inputBytes;
      if (options.inputs !== undefined) game.inputCodec.pack(options.inputs(frame, playerIndex, random), inputs, offset);
      else if (random.chance(0.25)) game.inputCodec.pack(randomInput(game.input, random), inputs, offset);
    }
    const drawn = DISTANCE_FRAMES_MIN + random.integer(DISTANCE_FRAMES_MAX - DISTANCE_FRAMES_MIN + 1);
    session.advanceFrame(inputs, bots, options.distanceFrames ?? drawn);
  }
  if (session.fault !== undefined) return { ok: false, seed, ...session.fault };
  return { ok: true, frames, resimulatedFrames: session.resimulatedFrames, checksum: session.checksum };
}

function defaultPlayers(playerCount: number): MatchSetup["players"] {
  return Array.from({ length: playerCount }, (_, index) => ({
    profile: { name: `Player ${index + 1}`, colour: index, choices: null },
    bot: false,
  }));
}
