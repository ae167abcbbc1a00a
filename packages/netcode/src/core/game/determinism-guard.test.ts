import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { message } from "../base/message-type.ts";
import { f64, u8 } from "../base/schema.ts";
import { defineGame } from "./define-game.ts";
import { DeterminismError } from "./determinism-error.ts";
import { determinismGuard } from "./determinism-guard.ts";
import type { Game, GameOptions, MatchSetup } from "./game.ts";
import { GameSimulation } from "./game-simulation.ts";
import { button } from "./input-schema.ts";
import { syncTest } from "./sync-test.ts";
import { typedArrayState } from "./typed-array-state.ts";

const input = { fire: button() };
const setup: MatchSetup = { seed: 1, players: [{ profile: { name: "Ada", colour: 0, choices: null }, bot: false }], settings: null };
const nothing = new Uint8Array(1);
const nobody = new Uint8Array(1);

function gameOf<State>(
  init: () => State,
  step: GameOptions<State, typeof input>["step"],
  more: Partial<GameOptions<State, typeof input>> = {},
): Game<State, typeof input> {
  return defineGame<State, typeof input>({ id: "guarded", version: 1, frameRateHz: 60, players: [1, 2], input, init, step, ...more });
}

/** A match of a guarded game whose step calls `sin`. */
function matchOf(sin: () => unknown): GameSimulation<{ x: number }, typeof input> {
  const game = gameOf(
    () => ({ x: 0 }),
    () => {
      sin();
    },
  );
  return new GameSimulation(determinismGuard(game), setup);
}

function stepOnce(simulation: GameSimulation<{ x: number }, typeof input>, frame = 0): void {
  simulation.step(frame, nothing, nobody, () => {});
}

function errorOf(play: () => unknown): DeterminismError {
  try {
    play();
  } catch (error) {
    if (error instanceof DeterminismError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

type Match = GameSimulation<{ x: number; list: number[] }, typeof input>;

afterEach(() => {
  vi.useRealTimers();
});

const bytes = new Uint8Array(4);
const sins: readonly (readonly [culprit: string, sin: () => unknown])[] = [
  ["Math.random", () => Math.random()],
  ["Math.sin", () => Math.sin(1)],
  ["Math.cos", () => Math.cos(1)],
  ["Math.tan", () => Math.tan(1)],
  ["Math.atan2", () => Math.atan2(1, 2)],
  ["Math.exp", () => Math.exp(1)],
  ["Math.log", () => Math.log(2)],
  ["Math.pow", () => Math.pow(5, -4)],
  ["Math.hypot", () => Math.hypot(1, 2)],
  ["Math.cbrt", () => Math.cbrt(2)],
  ["Date", () => new Date()],
  ["Date", () => Date()],
  ["Date.now", () => Date.now()],
  ["performance.now", () => performance.now()],
  ["crypto.getRandomValues", () => crypto.getRandomValues(bytes)],
  ["crypto.randomUUID", () => crypto.randomUUID()],
  ["setTimeout", () => setTimeout(() => {}, 0)],
  ["setInterval", () => setInterval(() => {}, 1000)],
  ["queueMicrotask", () => queueMicrotask(() => {})],
  ["fetch", () => void fetch("http://127.0.0.1/").catch(() => {})],
  ["String.prototype.localeCompare", () => "a".localeCompare("b")],
  ["Number.prototype.toLocaleString", () => (1234.5).toLocaleString()],
  ["Intl.NumberFormat", () => new Intl.NumberFormat()],
  ["WeakRef.prototype.deref", () => new WeakRef({}).deref()],
  ["Array.prototype.sort", () => [1, 2].sort(() => NaN)],
  ["Array.prototype.toSorted", () => [1, 2].toSorted((a, b) => Number(undefined) * (a - b))],
  ["TypedArray.prototype.sort", () => new Float64Array([1, 2]).sort(() => NaN)],
];

describe("[DT10] the guard throws out of a step that calls", () => {
  test.each(sins)("%s", (culprit, sin) => {
    const simulation = matchOf(sin);
    const error = errorOf(() => stepOnce(simulation, 41));
    expect(error).toMatchObject({ kind: "forbidden", culprit, frame: 41 });
    expect(error.message).toContain("in step, frame 41: ");
    // The call itself is in the stack, for the developer to follow.
    expect(error.stack).toContain("determinism-guard.test.ts");
  });

  test("something forbidden, and catches the error", () => {
    const simulation = matchOf(() => {
      try {
        return Math.random();
      } catch {
        return 0;
      }
    });
    expect(errorOf(() => stepOnce(simulation)).culprit).toBe("Math.random");
  });

  test("asynchronous functions", () => {
    const game = gameOf(
      () => ({ x: 0 }),
      // A game in plain JavaScript can do what types forbid.
      (() => Promise.resolve({ x: 1 })) as unknown as () => void,
    );
    const simulation = new GameSimulation(determinismGuard(game), setup);
    expect(errorOf(() => stepOnce(simulation)).message).toContain("step of frame 0 gave a promise");
  });
});

test("[DT10] init, bot and result are guarded too, and named", () => {
  const quiet = { init: () => ({ x: 0 }), step: () => {} };
  const inInit = gameOf(() => ({ x: Math.random() }), quiet.step);
  expect(errorOf(() => new GameSimulation(determinismGuard(inInit), setup)).message).toMatch(/^Math\.random\(\) in init: /);
  const inBot = gameOf(quiet.init, quiet.step, { bot: () => ({ fire: Date.now() > 0 }) });
  const bots = Uint8Array.of(1);
  const match = new GameSimulation(determinismGuard(inBot), setup);
  expect(errorOf(() => match.step(3, nothing, bots, () => {})).message).toMatch(/^Date\.now in bot, frame 3: /);
  const inResult = gameOf(quiet.init, quiet.step, { result: () => performance.now() });
  const over = new GameSimulation(determinismGuard(inResult), setup);
  expect(errorOf(() => over.result()).message).toMatch(/^performance\.now\(\) in result: /);
});

test("[DT11] a message on the console does not alarm", () => {
  const log = vi.spyOn(console, "log");
  stepOnce(matchOf(() => console.log("a step")));
  expect(log).toHaveBeenCalledWith("a step");
  log.mockRestore();
});

test("[DT11] guarded and bare matches stay equal through rollbacks and each other's snapshots", () => {
  const game = gameOf(
    () => ({ x: 0, list: [1] }),
    (state, inputs, { random, frame }) => {
      state.x += random.float() + (inputs[0]?.fire === true ? frame : 0);
      state.list = [...state.list.slice(-5), frame];
    },
  );
  const [bare, guarded] = [game, determinismGuard(game)].map((one) => new GameSimulation(one, setup)) as [Match, Match];
  for (const match of [bare, guarded]) match.reserveSlots(8);
  for (let frame = 0; frame < 60; frame++) {
    for (const match of [bare, guarded]) {
      match.save(frame & 7);
      match.step(frame, Uint8Array.of(frame & 1), nobody, () => {});
    }
    if (frame % 10 === 9) {
      guarded.load((frame - 4) & 7);
      for (let again = frame - 4; again <= frame; again++) guarded.step(again, Uint8Array.of(again & 1), nobody, () => {});
      guarded.deserialize(bare.serialize());
    }
    expect(guarded.checksum()).toBe(bare.checksum());
  }
});

test("[DT11] what is exact everywhere does not alarm, and the game computes the same with the guard as without", () => {
  const game = gameOf(
    () => ({ x: 0, names: ["b", "a"] }),
    (state, _, { random, frame }) => {
      state.x += Math.sqrt(random.float()) + Math.floor(frame / 2) + Math.imul(frame, 3) + Math.abs(-1) + Math.fround(0.1);
      state.names = state.names.toSorted().sort((a, b) => (a < b ? 1 : -1));
      if ({} instanceof Date) state.x = 0;
    },
  );
  const guarded = determinismGuard(game);
  expect(guarded.contentHash).toBe(game.contentHash);
  const matches = [game, guarded].map((one) => new GameSimulation(one, setup));
  for (let frame = 0; frame < 50; frame++) for (const match of matches) match.step(frame, nothing, nobody, () => {});
  expect(matches[0]!.checksum()).toBe(matches[1]!.checksum());
});

/** Everything that the guard exchanges, as it stands there. */
function surroundings(): Map<string, unknown> {
  const owners = {
    globalThis,
    Math,
    Date,
    performance,
    crypto,
    String: String.prototype,
    Array: Array.prototype,
    WeakRef: WeakRef.prototype,
  };
  const found = new Map<string, unknown>();
  for (const [name, owner] of Object.entries(owners)) {
    for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      found.set(`${name}.${key}`, own.value ?? Reflect.get(own, "get"));
  }
  return found;
}

/** What is not the same in both, by identity. */
function changes(before: Map<string, unknown>, after: Map<string, unknown>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => !Object.is(before.get(name), after.get(name)));
}

test("[DT12] everything is as it was after a step, also when it throws", () => {
  const before = surroundings();
  let during = before;
  stepOnce(matchOf(() => (during = surroundings())));
  expect(changes(before, during)).toEqual(expect.arrayContaining(["Math.sin", "globalThis.setTimeout", "performance.now", "Array.sort"]));
  expect(changes(before, surroundings())).toEqual([]);
  expect(() => stepOnce(matchOf(() => Math.random()))).toThrow(DeterminismError);
  const failing = matchOf(() => {
    throw new RangeError("a mistake");
  });
  expect(() => stepOnce(failing)).toThrow(RangeError);
  expect(changes(before, surroundings())).toEqual([]);
  expect(Math.random()).toBeLessThan(1);
});

test("[DT12] a fake clock that stands there is put back, not the real one", () => {
  const simulation = matchOf(() => {});
  stepOnce(simulation);
  vi.useFakeTimers({ now: 1000 });
  const fake = surroundings();
  stepOnce(simulation, 1);
  expect(changes(fake, surroundings())).toEqual([]);
  expect(Date.now()).toBe(1000);
  vi.useRealTimers();
  stepOnce(simulation, 2);
  expect(Date.now()).toBeGreaterThan(1e12);
});

test("[DT12] a guarded game within a guarded game is guarded once, and the outer one goes on", () => {
  const inner = matchOf(() => {});
  const outer = matchOf(() => {
    stepOnce(inner);
    Math.random();
  });
  const before = surroundings();
  expect(errorOf(() => stepOnce(outer)).culprit).toBe("Math.random");
  expect(changes(before, surroundings())).toEqual([]);
});

test("[DT12] emit runs outside of the guard, and the step after it within", () => {
  const heard: number[] = [];
  const game = gameOf(
    () => ({ x: 0 }),
    (_, __, { emit, frame }) => {
      emit("bang");
      if (frame === 1) Math.random();
    },
  );
  const simulation = new GameSimulation(determinismGuard(game), setup);
  const emit = (): void => void heard.push(Math.random());
  simulation.step(0, nothing, nobody, emit);
  expect(errorOf(() => simulation.step(1, nothing, nobody, emit)).culprit).toBe("Math.random");
  expect(heard).toHaveLength(2);
});

test("[DT12] what is allowed by name stays", () => {
  const game = gameOf(
    () => ({ x: 0 }),
    () => {
      if (performance.now() > 0) Date.now();
    },
  );
  const simulation = new GameSimulation(determinismGuard(game, { allow: ["performance.now"] }), setup);
  expect(errorOf(() => stepOnce(simulation)).culprit).toBe("Date.now");
  const both = new GameSimulation(determinismGuard(game, { allow: ["performance.now", "Date.now"] }), setup);
  expect(() => stepOnce(both)).not.toThrow();
});

test("[DT12] a match that an event of another one plays leaves the other's guard as it was", () => {
  const game: Game<{ x: number }, typeof input> = determinismGuard(
    gameOf(
      () => ({ x: 0 }),
      (_, __, { emit, frame }) => {
        try {
          if (frame === 7) Math.random();
        } catch {
          emit("caught");
        }
      },
    ),
  );
  const [outer, inner] = [new GameSimulation(game, setup), new GameSimulation(game, setup)];
  const error = errorOf(() => outer.step(7, nothing, nobody, () => stepOnce(inner, 3)));
  expect(error).toMatchObject({ culprit: "Math.random", frame: 7 });
});

describe("[DT13] a state that is changed outside of step is found at the next step or load, by frame and field:", () => {
  const game = determinismGuard(
    gameOf(
      () => ({ discs: [{ x: 1 }, { x: 2 }], name: "a" }),
      (state) => void state.discs[0]!.x++,
    ),
  );

  function played(): GameSimulation<{ discs: { x: number }[]; name: string }, typeof input> {
    const simulation = new GameSimulation(game, setup);
    simulation.reserveSlots(2);
    for (let frame = 0; frame < 5; frame++) {
      simulation.save(0);
      simulation.step(frame, nothing, nobody, () => {});
    }
    return simulation;
  }

  test("a plain state", () => {
    const simulation = played();
    simulation.state.discs[1]!.x = 7;
    const error = errorOf(() => simulation.step(5, nothing, nobody, () => {}));
    expect(error).toMatchObject({ kind: "mutated", culprit: "state.discs[1].x", frame: 4 });
    expect(error.message).toContain("state.discs[1].x was changed after the step of frame 4 (2 and 7): only step may change the state");
  });

  test("a plain state, with something that cannot be saved", () => {
    const simulation = played();
    simulation.state.discs[1]!.x = NaN;
    expect(errorOf(() => simulation.load(0))).toMatchObject({ culprit: "state.discs[1].x" });
  });

  test("a state after init", () => {
    const simulation = new GameSimulation(game, setup);
    simulation.state.name = "b";
    expect(errorOf(() => simulation.step(0, nothing, nobody, () => {}))).toMatchObject({ culprit: "state.name", frame: -1 });
  });

  test("a state of typed arrays, which cannot be frozen", () => {
    const memory = typedArrayState({ x: f64(4), tiles: u8(9) });
    const typed = gameOf(
      () => memory.create(),
      (state) => void (state.x[0] = (state.x[0] ?? 0) + 0.5),
      { state: memory },
    );
    const simulation = new GameSimulation(determinismGuard(typed), setup);
    simulation.reserveSlots(1);
    simulation.step(0, nothing, nobody, () => {});
    simulation.save(0);
    simulation.step(1, nothing, nobody, () => {});
    simulation.load(0);
    simulation.step(1, nothing, nobody, () => {});
    simulation.state.tiles[3] = 1;
    expect(errorOf(() => simulation.step(2, nothing, nobody, () => {}))).toMatchObject({ culprit: "state.tiles[3]", frame: 1 });
  });

  test("and rollbacks, other bytes of a snapshot and steps that return new states are no such change", () => {
    const simulation = played();
    simulation.load(0);
    simulation.step(4, nothing, nobody, () => {});
    const bytes = simulation.serialize();
    simulation.step(5, nothing, nobody, () => {});
    expect(simulation.deserialize(bytes)).toBe(true);
    simulation.step(5, nothing, nobody, () => {});
    expect(simulation.state.discs[0]!.x).toBe(7);
    const renewing = gameOf(
      () => ({ x: 0 }),
      ({ x }) => ({ x: x + 1 }),
    );
    expect(syncTest(renewing)).toMatchObject({ ok: true });
  });
});

test("[DT11] a guarded game has the types of the game: state, inputs, messages and result", () => {
  const game = defineGame({
    id: "guarded",
    version: 1,
    frameRateHz: 60,
    players: [1, 2],
    input,
    init: () => ({ winner: -1 }),
    step: () => {},
    result: ({ winner }) => (winner < 0 ? undefined : { winner }),
    messages: { emote: message({ kind: u8() }) },
  });
  expectTypeOf(determinismGuard(game)).toEqualTypeOf<typeof game>();
  expect(determinismGuard(game).contentHash).toBe(game.contentHash);
});
