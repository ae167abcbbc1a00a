import { assert } from "../base/assert.ts";
import { checksumText } from "../base/checksum.ts";
import { checkMessageTypes, describeMessageTypes, type MessageTypes, type NoMessages } from "../base/message-type.ts";
import { describeSchema } from "../base/schema.ts";
import { PLAYERS_MAX } from "../base/units.ts";
import { ROLLBACK_PROTOCOL } from "../wire/rollback-protocol.ts";
import type { Game, GameOptions } from "./game.ts";
import { InputCodec } from "./input-codec.ts";
import type { InputSchema } from "./input-schema.ts";
import { plainState } from "./plain-state.ts";

/**
 * Raised when the library itself changes what a match computes: how inputs are packed, what the random generator gives, when bots are asked,
 * how a state is hashed. Part of every content hash, so that two versions of the library refuse each other instead of drifting apart.
 */
const SIMULATION_VERSION = 2;

/** The last three are those of a defined game, which may be defined again with a part exchanged. */
const GAME_OPTIONS = "id version frameRateHz players input init step bot result state messages content inputBytes inputCodec contentHash";

const FRAME_RATE_HZ_MAX = 240;
const GAME_ID = /^[A-Za-z0-9.-]{1,64}$/;

/**
 * Checks a game and computes what peers compare before they play. A mistake is an `AssertionError` that names the field.
 *
 * ```ts
 * const game = defineGame({
 *   id: "tag", version: 1, frameRateHz: 60, players: [2, 8],
 *   input: { dx: axis(), dy: axis(), dash: button() },
 *   init: ({ playerCount }) => ({ discs: Array.from({ length: playerCount }, () => ({ x: 0, y: 0 })) }),
 *   step: (state, inputs) => { … },
 * });
 * ```
 */
export function defineGame<State, Schema extends InputSchema, Messages extends MessageTypes = NoMessages, Result = unknown>(
  options: GameOptions<State, Schema, Messages, Result>,
): Game<State, Schema, Messages, Result> {
  checkOptions(options);
  const inputCodec = new InputCodec(options.input);
  const state = options.state ?? plainState<State>();
  return Object.freeze({
    ...options,
    state,
    inputCodec,
    inputBytes: inputCodec.sizeBytes,
    contentHash: contentHashOf(options, inputCodec.layout),
  });
}

function checkOptions<State, Schema extends InputSchema>(options: GameOptions<State, Schema, MessageTypes>): void {
  const { id, version, frameRateHz, players, content } = options;
  for (const [name, value] of Object.entries(options)) {
    assert(value === undefined || GAME_OPTIONS.split(" ").includes(name), `an option as one of ${GAME_OPTIONS}, got ${name}`);
  }
  assert(typeof id === "string" && GAME_ID.test(id), `id of 1–64 letters, digits, dots and dashes, got "${id}"`);
  assert(Number.isSafeInteger(version) && version >= 0, "version as a whole number from 0");
  assert(
    Number.isInteger(frameRateHz) && frameRateHz >= 1 && frameRateHz <= FRAME_RATE_HZ_MAX,
    `frameRateHz as a whole number in 1–${FRAME_RATE_HZ_MAX}`,
  );
  assert(Array.isArray(players) && players.length === 2, "players as [fewest, most]");
  const [fewest, most] = players;
  assert(
    Number.isInteger(fewest) && Number.isInteger(most) && fewest >= 1 && fewest <= most && most <= PLAYERS_MAX,
    `players as [fewest, most] within 1–${PLAYERS_MAX}`,
  );
  assert(typeof options.input === "object" && options.input !== null, "input as a schema of axis(), button() and integer()");
  for (const name of ["init", "step"] as const) assert(typeof options[name] === "function", `${name} as a function`);
  for (const name of ["bot", "result"] as const) {
    assert(options[name] === undefined || typeof options[name] === "function", `${name} as a function or left out`);
  }
  assert(content === undefined || typeof content === "string", "content as a string or left out");
  if (options.messages !== undefined) checkMessageTypes(options.messages);
  assert(options.state === undefined || typeof options.state.open === "function", "state as a codec or left out");
}

/**
 * Never of source text: a bundler may change that and the game stays the same. Digits, so that `gameDifference` can say what differs: protocol 1, frame rate, players and
 * inputs 2, all of it 5.
 */
function contentHashOf<State, Schema extends InputSchema>(options: GameOptions<State, Schema, MessageTypes>, inputLayout: string): string {
  const rules = checksumText(JSON.stringify([options.frameRateHz, options.players, inputLayout]));
  const schema = options.state?.schema;
  const canonical = JSON.stringify([
    SIMULATION_VERSION,
    ROLLBACK_PROTOCOL,
    options.id,
    options.version,
    options.frameRateHz,
    options.players,
    inputLayout,
    schema === undefined ? null : describeSchema(schema),
    options.content ?? null,
    ...(options.messages === undefined ? [] : [describeMessageTypes(options.messages)]),
  ]);
  return digits(SIMULATION_VERSION + ROLLBACK_PROTOCOL, 1) + digits(rules, 2) + digits(checksumText(canonical), 5);
}

function digits(value: number, count: number): string {
  return value.toString(16).slice(-count).padStart(count, "0");
}
