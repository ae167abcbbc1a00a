import { checksumBytes } from "../src/core/base/checksum.ts";
import { i16, i32, u8 } from "../src/core/base/schema.ts";
import { defineGame } from "../src/core/game/define-game.ts";
import type { Game } from "../src/core/game/game.ts";
import { GameSimulation } from "../src/core/game/game-simulation.ts";
import { axis, button, integer, randomInput, type InputSchema } from "../src/core/game/input-schema.ts";
import { typedArrayState } from "../src/core/game/typed-array-state.ts";
import { Random } from "../src/core/base/random.ts";
import { decodePayload, encodePayload } from "../src/core/wire/payload-codec.ts";

const input = { dx: axis(), dy: axis(9), fire: button(), slot: integer(-3, 12) };

/** Texts on all of an encoder's ways: short, long, ASCII and not. */
const TEXTS = ["", "Ada", "é".repeat(20), "日本語".repeat(30), "😀".repeat(40), "x".repeat(63), "x".repeat(64), "ä".repeat(300)];

const plainGame = defineGame({
  id: "vectors",
  version: 1,
  frameRateHz: 60,
  players: [1, 8],
  input,
  init: ({ players }) => ({
    discs: players.map(({ index }) => ({ index, x: index * 0.1, y: 0, name: TEXTS[index] ?? "" })),
    log: [] as { frame: number; text: string }[],
    wide: { "10": 1, "2": 2, b: 3, a: 4 },
  }),
  step: (state, inputs, { random, frame }) => {
    state.discs.forEach((disc, index) => {
      const own = inputs[index];
      if (own === undefined) return;
      disc.x = disc.x * 0.99 + own.dx / 3;
      disc.y += own.dy * random.float() + own.slot;
      if (own.fire) state.log = [...state.log.slice(-9), { frame, text: TEXTS[random.integer(TEXTS.length)] ?? "" }];
    });
  },
});

const memory = typedArrayState({ x: i32(8), tiles: u8(33), heat: i16(5) });
const typedGame = defineGame({
  id: "vectors",
  version: 1,
  frameRateHz: 60,
  players: [1, 8],
  input,
  state: memory,
  init: () => memory.create(),
  step: (state, inputs, { random }) => {
    inputs.forEach((own, index) => {
      state.x[index] = (state.x[index] ?? 0) + Math.trunc(own.dx * 255) + own.slot;
      if (own.fire) state.tiles[random.integer(33)] = random.integer(256);
      state.heat[index % 5] = (state.heat[index % 5] ?? 0) + Math.trunc(own.dy * 1000);
    });
  },
});

/** Plays 300 frames with a rollback of 5 after every tenth. */
function play<State, Schema extends InputSchema>(game: Game<State, Schema>): number {
  const players = TEXTS.map((name) => ({ profile: { name, colour: 0, choices: null }, bot: false }));
  const simulation = new GameSimulation(game, { seed: 7, players, settings: null });
  simulation.reserveSlots(8);
  const random = new Random(3);
  const history: Uint8Array[] = [];
  const bots = new Uint8Array(players.length);
  const step = (frame: number): void => {
    const inputs = history[frame];
    if (inputs !== undefined) simulation.step(frame, inputs, bots, () => {});
  };
  for (let frame = 0; frame < 300; frame++) {
    const inputs = new Uint8Array(players.length * game.inputBytes);
    players.forEach((_, index) => simulation.packInput(randomInput(game.input, random), inputs, index * game.inputBytes));
    history.push(inputs);
    simulation.save(frame & 7);
    step(frame);
    if (frame % 10 !== 9) continue;
    simulation.load((frame - 4) & 7);
    for (let again = frame - 4; again <= frame; again++) step(again);
  }
  return simulation.checksum();
}

/** What every engine must compute alike, down to the bit. */
export function computeVectors(): Record<string, number | string> {
  const payload = {
    texts: TEXTS,
    numbers: [0, 1, -1, 127, 128, -33, 65_536, 2 ** 31, -(2 ** 31), 2 ** 32, 0.1, 1e300, 5e-324],
    "2": { a: null },
  };
  const bytes = encodePayload(payload);
  const decoded = decodePayload(bytes);
  return {
    contentHash: plainGame.contentHash,
    payload: checksumBytes(bytes),
    payloadAgain: decoded.ok ? checksumBytes(encodePayload(decoded.value)) : decoded.reason,
    plain: play(plainGame),
    typed: play(typedGame),
  };
}

/** Found once, on Node 20. A change here parts this version from all others: raise `SIMULATION_VERSION`. */
export const PINNED_VECTORS: Readonly<Record<string, number | string>> = {
  contentHash: "4cedfa56",
  payload: 3970198688,
  payloadAgain: 3970198688,
  plain: 3055004940,
  typed: 480866871,
};
