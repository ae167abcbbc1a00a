import { f32, f64, i32, u16 } from "../src/core/base/schema.ts";
import { defineGame } from "../src/core/game/define-game.ts";
import type { Game } from "../src/core/game/game.ts";
import { axis, button } from "../src/core/game/input-schema.ts";
import { typedArrayState, type TypedArrayState } from "../src/core/game/typed-array-state.ts";
import { divideFixed, multiplyFixed, sortedBy, sortedKeys, sqrtFixed, toFixed } from "../src/core/math/index.ts";
import type { MathName } from "./math-samples.ts";

export type MathFunctions = Readonly<Record<MathName, (x: number, y: number) => number>>;

const input = { dx: axis(), dy: axis(9), fire: button() };
const BODIES = 8;

interface GoldenBody {
  id: number;
  label: string;
  x: number;
  y: number;
  energy: number;
}

interface PlainGolden {
  bodies: GoldenBody[];
  order: number[];
  counts: Record<string, number>;
  log: string[];
}

const common = { version: 1, frameRateHz: 60, players: [4, 4], input } as const;

/** Bodies that swirl: every function in every frame, each value fed back into the next, so that the last bit of any of them ends up in all. */
export function typedGolden(math: MathFunctions): Game<ReturnType<typeof memory.create>, typeof input> {
  const { sin, cos, tan, asin, acos, atan, atan2, exp, log, pow, hypot } = math;
  return defineGame({
    ...common,
    id: "golden-typed",
    state: memory,
    init: ({ random }) => {
      const state = memory.create();
      for (let index = 0; index < BODIES; index++) {
        state.x[index] = random.float() * 20 - 10;
        state.y[index] = random.float() * 20 - 10;
        state.fixed[index] = toFixed(random.float() * 100);
      }
      return state;
    },
    step: (state, inputs, { random, frame }) => {
      for (let index = 0; index < BODIES; index++) {
        const own = inputs[index & 3];
        if (own === undefined) continue;
        const { dx, dy, fire } = own;
        let x = state.x[index]!;
        let y = state.y[index]!;
        let heading = state.heading[index]!;
        const distance = hypot(x, y);
        const pull = exp(-distance / 9, 0) + 0.1 * log(1 + distance, 0) - 0.01 * pow(distance + 0.5, 1.25);
        heading += 0.1 * atan2(y, x) + dx * 0.3 + tan(pull * 0.5, 0) + 0.05 * state.lean[index]!;
        // Now and then far round, where an angle is hard to reduce.
        if (fire && random.chance(0.01)) heading *= 1e15 * random.float();
        x += (cos(heading, 0) * (1 + dy) - x * 0.02) * (0.5 + pull);
        y += (sin(heading, 0) * (1 + dy) - y * 0.02) * (0.5 + pull);
        const lean = asin(x / (distance + 40), 0) - 0.5 * acos(y / (distance + 40), 0) + atan(x - y, 0);
        state.x[index] = x;
        state.y[index] = y;
        state.heading[index] = Math.abs(heading) > 1e9 ? atan2(sin(heading, 0), cos(heading, 0)) : heading;
        state.lean[index] = lean;
        const fixed = state.fixed[index]!;
        state.fixed[index] = multiplyFixed(fixed, 65_000) + divideFixed(toFixed(lean), 140_000) + sqrtFixed(Math.abs(fixed)) - 20_000;
        state.cells[(frame + index) & 63] = (state.cells[(frame * 7 + index) & 63]! + Math.trunc(lean * 1000) + random.integer(5)) & 0xffff;
      }
      // Values with ties and zeros of both signs.
      state.ranks.set(state.x.map((value) => Math.round(value)).toSorted());
    },
  });
}

const memory: TypedArrayState<{
  x: ReturnType<typeof f64>;
  y: ReturnType<typeof f64>;
  heading: ReturnType<typeof f64>;
  lean: ReturnType<typeof f64>;
  ranks: ReturnType<typeof f32>;
  fixed: ReturnType<typeof i32>;
  cells: ReturnType<typeof u16>;
}> = typedArrayState({
  x: f64(BODIES),
  y: f64(BODIES),
  heading: f64(BODIES),
  lean: f64(BODIES),
  ranks: f32(BODIES),
  fixed: i32(BODIES),
  cells: u16(64),
});

/** The same in plain data: objects, texts of numbers, sorting with ties, keys that come and go. */
export function plainGolden({ sin, pow, hypot }: MathFunctions): Game<PlainGolden, typeof input> {
  return defineGame({
    ...common,
    id: "golden-plain",
    init: ({ random }): PlainGolden => ({
      bodies: Array.from({ length: BODIES }, (_, id) => ({ id, label: `body ${id}`, x: id, y: random.float(), energy: 1 })),
      order: [],
      counts: {},
      log: [],
    }),
    step: (state, inputs, { random, frame }) => {
      for (const body of state.bodies) {
        const own = inputs[body.id & 3];
        if (own === undefined) continue;
        body.x += own.dx + sin(body.y * 3, 0) * 0.25 - body.x * 0.01;
        body.y += own.dy / 3 + 0.1 * random.float() - body.y * 0.01;
        body.energy = pow(1 + hypot(body.x, body.y) / 50, 0.7) * 0.9 + body.energy * 0.1;
        // Plain data has no −0.
        body.x += 0;
      }
      // Many ties: stable sorting decides.
      state.order = sortedBy(
        state.bodies,
        ({ x }) => Math.round(x / 4),
        ({ energy }) => Math.floor(energy * 8),
      ).map(({ id }) => id);
      state.bodies.sort((left, right) => Math.trunc(left.y) - Math.trunc(right.y));
      if ((frame & 7) !== 0) return;
      const first = state.bodies[frame % BODIES]!;
      const key = `${first.label} ${Math.trunc(first.energy * 4)}`;
      state.counts[key] = (state.counts[key] ?? 0) + 1;
      const keys = sortedKeys(state.counts);
      if (keys.length > 12) delete state.counts[keys[random.integer(keys.length)]!];
      // Shortest text of a double, and rounded to a number of digits.
      state.log = [...state.log.slice(-3), `${first.x} ${first.y.toFixed(6)} ${first.energy.toPrecision(9)}`];
    },
  });
}
