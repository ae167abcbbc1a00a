import { describe, expect, expectTypeOf, test } from "vitest";
import { AssertionError } from "../base/assert.ts";
import { i32, u8 } from "../base/schema.ts";
import { gameDifference } from "../ports/game-difference.ts";
import { defineGame } from "./define-game.ts";
import type { GameOptions } from "./game.ts";
import { axis, button } from "./input-schema.ts";
import { typedArrayState } from "./typed-array-state.ts";

const input = { dx: axis(), dash: button() };
type Options = GameOptions<{ x: number }, typeof input>;
const sound: Options = { id: "tag", version: 1, frameRateHz: 60, players: [2, 8], input, init: () => ({ x: 0 }), step: () => {} };

test("[GA1] a sound definition passes, frozen, with the size of an input", () => {
  const game = defineGame(sound);
  expect(game.inputBytes).toBe(1);
  expect(game.contentHash).toMatch(/^[0-9a-f]{8}$/);
  expect(Object.isFrozen(game)).toBe(true);
});

test.each<[string, Record<string, unknown>]>([
  ["id", { id: "" }],
  ["id", { id: "a b" }],
  ["id", { id: "x".repeat(65) }],
  ["version", { version: 1.5 }],
  ["version", { version: -1 }],
  ["version", { version: "1" }],
  ["frameRateHz", { frameRateHz: 0 }],
  ["frameRateHz", { frameRateHz: 241 }],
  ["frameRateHz", { frameRateHz: Number.NaN }],
  ["players", { players: 4 }],
  ["players", { players: [0, 2] }],
  ["players", { players: [3, 2] }],
  ["players", { players: [2, 9] }],
  ["input", { input: undefined }],
  ["input", { input: { dx: { kind: "axes" } } }],
  ["input", { input: { dx: { kind: "axis", bits: 40 } } }],
  ["init", { init: undefined }],
  ["step", { step: 5 }],
  ["bot", { bot: "clever" }],
  ["result", { result: 1 }],
  ["content", { content: 7 }],
  ["state", { state: {} }],
])("[GA1] a wrong %s is an assertion that names it: %j", (name, change) => {
  const wrong = () => defineGame({ ...sound, ...change });
  expect(wrong).toThrow(AssertionError);
  expect(wrong).toThrow(name);
});

describe("the content hash", () => {
  const hashOf = (change: Partial<Options>): string => defineGame({ ...sound, ...change }).contentHash;

  test("[GA2] is equal for equal definitions, whatever the functions are", () => {
    expect(hashOf({})).toBe(hashOf({ step: (state) => void (state.x += 1), bot: () => ({ dx: 0, dash: false }) }));
  });

  test("[GA2] changes with everything that peers must share", () => {
    const hashes = [
      hashOf({}),
      hashOf({ id: "tog" }),
      hashOf({ version: 2 }),
      hashOf({ frameRateHz: 30 }),
      hashOf({ players: [2, 7] }),
      hashOf({ content: "" }),
      hashOf({ content: "map 1" }),
      defineGame({ ...sound, input: { dash: button(), dx: axis() } }).contentHash,
      defineGame({ ...sound, input: { dx: axis(6), dash: button() } }).contentHash,
      ...[i32(8), i32(9), u8(8)].map((x) => {
        const memory = typedArrayState({ x });
        return defineGame({
          id: "tag",
          version: 1,
          frameRateHz: 60,
          players: [2, 8],
          input,
          state: memory,
          init: () => memory.create(),
          step: () => {},
        }).contentHash;
      }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("[DS4] two identities that differ say in what", () => {
    const identity = (options: Partial<typeof sound> & { content?: string }) => ({ id: "tag", version: 1, contentHash: hashOf(options) });
    const ours = identity({});
    expect(gameDifference(ours, ours)).toBeUndefined();
    expect(gameDifference(ours, { ...ours, id: "tog" })).toBe("game");
    expect(gameDifference(ours, { ...identity({ version: 2 }), version: 2 })).toBe("version");
    expect(gameDifference(ours, identity({ frameRateHz: 30 }))).toBe("rules");
    expect(gameDifference(ours, identity({ players: [2, 7] }))).toBe("rules");
    expect(gameDifference(ours, identity({ content: "map 1" }))).toBe("content");
    const protocol = ours.contentHash.startsWith("0") ? "1" : "0";
    expect(gameDifference(ours, { ...ours, contentHash: protocol + ours.contentHash.slice(1) })).toBe("protocol");
  });

  test("[GA2] never changes for a published game", () => {
    expect(hashOf({ content: "map 1" })).toBe("4a444a05");
  });
});

test("[GA1] the state's type is inferred from init, or from the codec", () => {
  const plain = defineGame({
    id: "a",
    version: 1,
    frameRateHz: 60,
    players: [1, 2],
    input,
    init: ({ playerCount }) => ({ discs: Array.from({ length: playerCount }, () => ({ x: 0 })), round: 1 }),
    step: (state, inputs, { random }) => {
      expectTypeOf(state).toEqualTypeOf<{ discs: { x: number }[]; round: number }>();
      expectTypeOf(inputs[0]).toEqualTypeOf<{ dx: number; dash: boolean } | undefined>();
      state.round += random.integer(2);
    },
    bot: (state) => ({ dx: state.round, dash: true }),
    result: (state) => (state.round > 5 ? { winner: 1 } : undefined),
  });
  expectTypeOf(plain.init).returns.toEqualTypeOf<{ discs: { x: number }[]; round: number }>();
  const memory = typedArrayState({ x: i32(8) });
  defineGame({
    id: "b",
    version: 1,
    frameRateHz: 60,
    players: [1, 2],
    input,
    state: memory,
    init: () => memory.create(),
    step: (state) => {
      expectTypeOf(state.x).toEqualTypeOf<Int32Array>();
    },
  });
});
