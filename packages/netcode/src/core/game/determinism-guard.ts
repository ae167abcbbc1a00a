import { findPlainDifference } from "../base/plain-fault.ts";
import { NULL_FRAME } from "../base/units.ts";
import { DeterminismError } from "./determinism-error.ts";
import { ForbiddenGlobals, type Watcher } from "./forbidden-globals.ts";
import type { MessageTypes, NoMessages } from "../base/message-type.ts";
import type { Game, StateCodec, StateSlots, StepContext } from "./game.ts";
import type { InputSchema } from "./input-schema.ts";
import { findStateFault } from "./state-fault.ts";

export interface DeterminismGuardOptions {
  /** What may be called all the same, as the guard's error names it without brackets: `["performance.now"]` for a physics engine that times itself and uses the time for nothing else. */
  readonly allow?: readonly string[];
}

const guardedGames = new WeakSet<object>();

/**
 * For development: the same game, which throws a `DeterminismError` where it does what would part two peers:
 *
 * - `init`, `step`, `bot` or `result` call what is not the same everywhere (`Math.random`, a clock, inexact `Math`, timers, the network, the machine's language),
 * - something other than `step` changed the state (found at the next step or load, by checksum, with the field where the state can be looked into).
 *
 * While one of these functions runs, alarms stand in the place of the globals; everything is put back when it returns or throws, and while `emit` or the console runs. Peers
 * with and without the guard play together. It costs some ten microseconds, a save and two checksums per step; a build that does not import it has nothing of it.
 *
 * It cannot see `**` on numbers that are not constants, nor functions that were taken from their objects before (`const { sin } = Math`): have a linter look for those.
 *
 * ```ts
 * const game = import.meta.env.DEV ? determinismGuard(tag) : tag;
 * ```
 */
export function determinismGuard<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  game: Game<State, Schema, Messages, Result>,
  options: DeterminismGuardOptions = {},
): Game<State, Schema, Messages, Result> {
  if (guardedGames.has(game)) return game;
  const watch = new Watch(options.allow ?? []);
  const states = new WatchedStates(game.state);
  const { init, step, bot, result } = game;
  const lifting = new LiftingContexts(watch);
  const guarded: Game<State, Schema, Messages, Result> = Object.freeze({
    ...game,
    state: states.codec,
    init: (context) => {
      const state = watch.run("init", NULL_FRAME, () => init(context));
      states.remember(state, undefined, NULL_FRAME);
      return state;
    },
    step: (state, inputs, context) => {
      const { frame } = context;
      states.check(state);
      const next = watch.run("step", frame, () => step(state, inputs, lifting.of(context)));
      const result = next === undefined ? state : next;
      refusePromise(result, frame);
      states.remember(result, state, frame);
      return next;
    },
    ...(bot && { bot: (state, index, context) => watch.run("bot", context.frame, () => bot(state, index, lifting.of(context))) }),
    ...(result && { result: (state) => watch.run("result", states.frameOf(state), () => result(state)) }),
  } satisfies Game<State, Schema>);
  guardedGames.add(guarded);
  return guarded;
}

type Place = "init" | "step" | "bot" | "result";

/** Runs functions with alarms in the place of the globals. */
class Watch implements Watcher {
  /** Of the whole realm, since what it exchanges is global too: a guarded function that another one calls is guarded already. */
  static #running: Watch | undefined;
  readonly #globals: ForbiddenGlobals;
  #place: Place = "init";
  #frame = NULL_FRAME;
  #error: DeterminismError | undefined;

  constructor(allowed: readonly string[]) {
    this.#globals = new ForbiddenGlobals(this, allowed);
  }

  run<Result>(place: Place, frame: number, play: () => Result): Result {
    if (Watch.#running !== undefined) return play();
    this.#place = place;
    this.#frame = frame;
    this.#error = undefined;
    this.#start();
    try {
      const result = play();
      // The game caught it.
      if (this.#error !== undefined) throw this.#error;
      return result;
    } catch (error) {
      // What the game made of it says less.
      throw this.#error ?? error;
    } finally {
      this.#stop();
    }
  }

  /** For what is not the game's own, called from within it. */
  lift<Result>(play: () => Result): Result {
    if (Watch.#running !== this) return play();
    const [place, frame, error] = [this.#place, this.#frame, this.#error];
    this.#stop();
    try {
      return play();
    } finally {
      // Another match of the same game may have been played meanwhile.
      this.#place = place;
      this.#frame = frame;
      this.#error = error;
      this.#start();
    }
  }

  alarm(culprit: string, advice: string): never {
    const where = this.#frame === NULL_FRAME ? this.#place : `${this.#place}, frame ${this.#frame}`;
    const message = `${culprit} in ${where}: ${advice}`;
    this.#error ??= new DeterminismError({
      kind: "forbidden",
      culprit: culprit.replace(/^new |\(\)$| with .*$/g, ""),
      frame: this.#frame,
      message,
    });
    throw this.#error;
  }

  #start(): void {
    Watch.#running = this;
    this.#globals.install();
  }

  #stop(): void {
    this.#globals.restore();
    Watch.#running = undefined;
  }
}

/** Contexts whose `emit` is the session's, with no alarm up. */
class LiftingContexts {
  readonly #watch: Watch;
  readonly #contexts = new WeakMap<StepContext, StepContext>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** A simulation has one context for all its steps, and so has the game then. */
  of(context: StepContext): StepContext {
    const known = this.#contexts.get(context);
    if (known !== undefined) return known;
    const emit: StepContext["emit"] = (name, payload) => this.#watch.lift(() => context.emit(name, payload));
    // Everything else is read from the simulation's own, which changes from step to step.
    const lifting: StepContext = Object.create(context, { emit: { value: emit, enumerable: true } });
    this.#contexts.set(context, lifting);
    return lifting;
  }
}

/** What the states of a game were when the game had last changed them. */
class WatchedStates<State> {
  readonly codec: StateCodec<State>;
  readonly #codec: StateCodec<State>;
  readonly #memories = new WeakMap<object, Memory<State>>();

  constructor(codec: StateCodec<State>) {
    this.#codec = codec;
    this.codec = { ...codec, open: (slotCount) => this.#watchSlots(codec.open(slotCount)) };
  }

  frameOf(state: State): number {
    return (isObject(state) ? this.#memories.get(state)?.frame : undefined) ?? NULL_FRAME;
  }

  /** `former`: the state that it comes from, whose memory it takes over. */
  remember(state: State, former: State | undefined, frame: number): void {
    const memory = (isObject(former) ? this.#memories.get(former) : undefined) ?? new Memory(this.#codec);
    if (isObject(former)) this.#memories.delete(former);
    // What cannot be saved is reported by whoever saves it.
    if (!isObject(state) || findStateFault(this.#codec, state) !== undefined) return;
    memory.remember(state, frame);
    this.#memories.set(state, memory);
  }

  check(state: State): void {
    if (isObject(state)) this.#memories.get(state)?.check(state);
  }

  /** Own properties over the methods of `slots`: whatever else it has stays. */
  #watchSlots(slots: StateSlots<State>): StateSlots<State> {
    const load = slots.load.bind(slots);
    const deserialize = slots.deserialize.bind(slots);
    return Object.assign(slots, {
      load: (slot: number, live: State): State => {
        this.check(live);
        const frame = this.frameOf(live);
        const state = load(slot, live);
        this.remember(state, live, frame);
        return state;
      },
      deserialize: (bytes: Uint8Array, live: State): State | undefined => {
        this.check(live);
        const state = deserialize(bytes, live);
        if (state !== undefined) this.remember(state, live, this.frameOf(live));
        return state;
      },
    });
  }
}

/** A copy of a state, in slots of its own. */
class Memory<State> {
  readonly #codec: StateCodec<State>;
  readonly #slots: StateSlots<State>;
  #checksum = 0;
  #frame = NULL_FRAME;

  constructor(codec: StateCodec<State>) {
    this.#codec = codec;
    this.#slots = codec.open(2);
  }

  get frame(): number {
    return this.#frame;
  }

  remember(state: State, frame: number): void {
    this.#slots.save(0, state);
    this.#checksum = this.#slots.checksum(state, 0);
    this.#frame = frame;
  }

  check(state: State): void {
    const fault = findStateFault(this.#codec, state);
    if (fault === undefined && this.#slots.checksum(state) === this.#checksum) return;
    const difference = fault ?? this.#findDifference(state);
    const culprit = `state${difference?.path ?? ""}`;
    const values = difference === undefined ? "" : ` (${difference.problem})`;
    const since = this.#frame === NULL_FRAME ? "init" : `the step of frame ${this.#frame}`;
    const message = `${culprit} was changed after ${since}${values}: only step may change the state; bot, result, drawing and interpolation have to work on copies`;
    throw new DeterminismError({ kind: "mutated", culprit, frame: this.#frame, message });
  }

  #findDifference(state: State): ReturnType<typeof findPlainDifference> {
    this.#slots.save(1, state);
    return findPlainDifference(this.#slots.inspect?.(0), this.#slots.inspect?.(1));
  }
}

function refusePromise(result: unknown, frame: number): void {
  if (!isObject(result) || typeof Reflect.get(result, "then") !== "function") return;
  const message = `step of frame ${frame} gave a promise: it has to be done when it returns; what comes later comes in through inputs`;
  throw new DeterminismError({ kind: "forbidden", culprit: "async step", frame, message });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
