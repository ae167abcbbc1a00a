import { describe, expect, test } from "vitest";
import { i32, u8 } from "../base/schema.ts";
import { defineGame } from "./define-game.ts";
import { determinismGuard } from "./determinism-guard.ts";
import type { Game, GameOptions, StateCodec } from "./game.ts";
import { axis, button, type InputSchema } from "./input-schema.ts";
import { syncTest, type SyncTestReport } from "./sync-test.ts";
import { typedArrayState } from "./typed-array-state.ts";

const input = { dx: axis(), fire: button() };
type Input = typeof input;

function gameOf<State>(
  init: () => State,
  step: GameOptions<State, Input>["step"],
  more: Partial<GameOptions<State, Input>> = {},
): Game<State, Input> {
  return defineGame<State, Input>({ id: "sins", version: 1, frameRateHz: 60, players: [1, 2], input, init, step, ...more });
}

function test60<State, Schema extends InputSchema>(game: Game<State, Schema>): SyncTestReport {
  return syncTest(game, { frames: 60 });
}

const innocent = gameOf(
  () => ({
    discs: [
      { x: 0, hits: 0 },
      { x: 5, hits: 0 },
    ],
    trail: [0],
  }),
  (state, inputs, { random, emit, frame }) => {
    state.discs.forEach((disc, index) => {
      disc.x += inputs[index]?.dx ?? 0;
      if (inputs[index]?.fire === true && random.chance(0.5)) {
        disc.hits++;
        emit("hit", { index, frame });
      }
    });
    state.trail = [...state.trail.slice(-5), frame];
  },
  { bot: (state, _, { random }) => ({ dx: state.discs[0]?.x ?? 0, fire: random.chance(0.5) }) },
);

test("[SY1] a deterministic game passes, and was rolled back after every frame", () => {
  const report = syncTest(innocent, { frames: 300, seed: 9 });
  expect(report).toMatchObject({ ok: true, frames: 300, resimulatedFrames: expect.any(Number) });
  // 2–7 frames each, 4.5 on average.
  expect(report.ok && report.resimulatedFrames > 300 * 4).toBe(true);
});

test("[SY1] the distance can be fixed, and rollbacks reach the very first frame", () => {
  const report = syncTest(innocent, { frames: 100, distanceFrames: 15 });
  expect(report).toMatchObject({ ok: true, resimulatedFrames: (15 * 16) / 2 + 85 * 15 });
});

test("[SY1] a test of no frames is none", () => {
  for (const frames of [0, -1, 1.5, Number.NaN]) expect(() => syncTest(innocent, { frames })).toThrow("frames from 1 on");
});

test("[SY1] equal options give equal reports; inputs and players may be given", () => {
  const options = {
    frames: 50,
    seed: 4,
    players: [{ profile: { name: "Ada", colour: 0, choices: null }, bot: true }],
    inputs: (frame: number) => ({ dx: 1, fire: frame % 3 === 0 }),
  };
  expect(syncTest(innocent, options)).toEqual(syncTest(innocent, options));
  expect(syncTest(innocent, options)).not.toEqual(syncTest(innocent, { ...options, seed: 5 }));
});

test("[SY1] the inputs of the options are what the game sees", () => {
  const play = (dx: number): SyncTestReport => syncTest(innocent, { frames: 40, inputs: () => ({ dx, fire: false }) });
  expect(play(1)).toMatchObject({ ok: true });
  expect(play(-1)).toMatchObject({ ok: true });
  expect(play(1)).not.toEqual(play(-1));
});

describe("[SY2] state hidden outside is found at its first frame, with the field that shows it:", () => {
  test("a counter in a closure", () => {
    let calls = 0;
    const report = test60(
      gameOf(
        () => ({ disc: { x: 0, y: 0 } }),
        (state) => void (state.disc.y = calls++),
      ),
    );
    expect(report).toMatchObject({ ok: false, kind: "state", frame: 0, path: "state.disc.y", seed: 1 });
    expect(report).toHaveProperty("message", "after frame 0, state.disc.y (0 and 1) differs when the frame is simulated again");
  });

  test("a collection in a closure that is iterated and changed", () => {
    const seen = new Set<number>();
    const game = gameOf(
      () => ({ sum: 0 }),
      (state, _, { frame }) => {
        if (frame >= 10) seen.add(frame % 16);
        for (const value of seen) state.sum += value;
        if (frame >= 12) seen.delete(10);
      },
    );
    const report = test60(game);
    expect(report).toMatchObject({ ok: false, kind: "state", path: "state.sum" });
    // What frame 10 hides is seen by the frames that a rollback from there repeats.
    expect(!report.ok && report.frame >= 10 - 7 && report.frame <= 12).toBe(true);
  });

  test("an object that the state and the module both hold", () => {
    const shared = { x: 0 };
    const report = test60(
      gameOf(
        () => ({ disc: shared }),
        () => void shared.x++,
      ),
    );
    expect(report).toMatchObject({ ok: false, kind: "state", path: "state.disc.x" });
  });

  test("a counter in init", () => {
    let calls = 0;
    const report = test60(
      gameOf(
        () => ({ x: calls++ }),
        () => {},
      ),
    );
    expect(report).toMatchObject({ ok: false, kind: "init", frame: -1 });
  });
});

describe("[SY7] what the guard finds is a fault of its own kind, with the call or the field as its path:", () => {
  test("Math.random in step", () => {
    const report = test60(
      gameOf(
        () => ({ x: 0 }),
        (state, _, { frame }) => void (state.x = frame < 7 ? 1 : Math.random()),
      ),
    );
    expect(report).toMatchObject({ ok: false, kind: "forbidden", frame: 7, path: "Math.random", seed: 1 });
    expect(report).toHaveProperty("message", expect.stringContaining("use `random` of the context"));
  });

  test("Math.random in init", () => {
    const report = test60(
      gameOf(
        () => ({ x: Math.random() }),
        () => {},
      ),
    );
    expect(report).toMatchObject({ ok: false, kind: "forbidden", frame: -1, path: "Math.random" });
  });

  test("a bot that changes the state", () => {
    const game = gameOf(
      () => ({ x: 0 }),
      (state) => void state.x++,
      { bot: (state) => ({ dx: 0, fire: state.x++ > 0 }) },
    );
    expect(test60(game)).toMatchObject({ ok: false, kind: "mutated", frame: 29, path: "state.x" });
  });

  test("not what it was told to allow", () => {
    const game = gameOf(
      () => ({ x: 0 }),
      () => void performance.now(),
    );
    expect(test60(game)).toMatchObject({ ok: false, kind: "forbidden", path: "performance.now" });
    expect(test60(determinismGuard(game, { allow: ["performance.now"] }))).toMatchObject({ ok: true });
  });

  test("but not errors of the game's own, which come out as they are", () => {
    const game = gameOf(
      () => ({ x: 0 }),
      () => {
        throw new RangeError("a mistake");
      },
    );
    expect(() => test60(game)).toThrow(RangeError);
  });
});

describe("[SY3] what a save does not bring back is named, at the frame that made it:", () => {
  class Disc {
    x = 1;
  }
  const birth = new Date(0);
  const sins: [string, () => unknown][] = [
    ["NaN", () => Number.NaN],
    ["−0", () => -0],
    ["a Map", () => new Map([[1, 2]])],
    ["undefined", () => undefined],
    ["a Date", () => birth],
    ["an instance of a class", () => new Disc()],
    ["a hole", () => Object.assign([], { length: 1 })],
  ];
  test.each(sins)("%s", (name, sin) => {
    const game = gameOf(
      (): { list: { value: unknown }[] } => ({ list: [{ value: 1 }] }),
      (state, _, { frame }) => {
        if (frame === 20) state.list.push({ value: sin() });
      },
    );
    const path = name === "a hole" ? "state.list[1].value[0]" : "state.list[1].value";
    expect(test60(game)).toMatchObject({ ok: false, kind: "not-plain", frame: 20, path });
  });

  test("one object in two places", () => {
    const game = gameOf(
      () => ({ discs: [{ x: 0 }, { x: 0 }], target: { x: 0 } }),
      (state, _, { frame }) => {
        if (frame === 8) state.target = state.discs[1] ?? state.target;
      },
    );
    expect(test60(game)).toMatchObject({ ok: false, kind: "not-plain", frame: 8, path: "state.target" });
  });

  test("a state of init already", () => {
    expect(
      test60(
        gameOf(
          () => ({ born: birth }),
          () => {},
        ),
      ),
    ).toMatchObject({ ok: false, kind: "not-plain", frame: -1, path: "state.born" });
  });
});

describe("typed-array states", () => {
  const memory = typedArrayState({ x: i32(8), tiles: u8(20) });

  test("[SY4] pass when they are deterministic", () => {
    const game = gameOf(
      () => memory.create(),
      (state, inputs, { random }) => {
        for (let index = 0; index < inputs.length; index++)
          state.x[index] = (state.x[index] ?? 0) + Math.round((inputs[index]?.dx ?? 0) * 15);
        state.tiles[random.integer(20)] = 1;
      },
      { state: memory },
    );
    expect(test60(game)).toMatchObject({ ok: true });
  });

  test("[SY4] name the field and the index", () => {
    let calls = 0;
    const game = gameOf(
      () => memory.create(),
      (state, _, { frame }) => {
        if (frame === 30) state.tiles[13] = ++calls;
      },
      { state: memory },
    );
    expect(test60(game)).toMatchObject({ ok: false, kind: "state", frame: 30, path: "state.tiles[13]" });
  });
});

test("[SY5] a codec that keeps a reference instead of a copy is found when the slot is loaded", () => {
  const careless: StateCodec<{ x: number }> = {
    open: () => {
      const slots: { x: number }[] = [];
      return {
        save: (slot, state) => void (slots[slot] = state),
        load: (slot, live) => slots[slot] ?? live,
        checksum: (state) => state.x,
        serialize: (state) => Uint8Array.of(state.x),
        deserialize: ([x]) => (x === undefined ? undefined : { x }),
      };
    },
  };
  const report = test60(
    gameOf(
      () => ({ x: 0 }),
      (state) => void state.x++,
      { state: careless },
    ),
  );
  expect(report).toMatchObject({ ok: false, kind: "load", path: undefined });
});

test("[SY6] other events on resimulation are a fault, even when the state is the same", () => {
  let calls = 0;
  const game = gameOf(
    () => ({ x: 0 }),
    (state, _, { emit, frame }) => {
      state.x++;
      if (frame === 12) emit("boom", { calls: calls++ });
    },
  );
  expect(test60(game)).toMatchObject({ ok: false, kind: "events", frame: 12 });
});

test("[SY2] a random generator that is drawn from outside is named", () => {
  let calls = 0;
  const game = gameOf(
    () => ({ x: 0 }),
    (_, __, { random, frame }) => {
      if (frame === 5 && calls++ > 0) random.uint32();
    },
  );
  expect(test60(game)).toMatchObject({ ok: false, kind: "state", frame: 5, path: "random[0]" });
});
