import { encodeHex } from "../base/hex.ts";
import { findPlainDifferences, type PlainDifference } from "../base/plain-differences.ts";
import type { DesyncEvidence } from "../ports/desync-evidence.ts";
import type { Game, MatchSetup } from "./game.ts";
import { GameSimulation } from "./game-simulation.ts";
import type { InputSchema } from "./input-schema.ts";

/** Differences listed: a game that went on for a quarter of a second after the first may differ in hundreds. */
const DIFFERENCES_MAX = 32;

/**
 * A desync as a file: plain data for `JSON.stringify`, with bytes as hexadecimal digits. `rollcall report FILE` plays it again;
 * `replayDesyncReport` does so in code.
 */
export interface DesyncReport {
  readonly format: "rollcall-desync-1";
  readonly game: { readonly id: string; readonly version: number; readonly contentHash: string };
  /** Where it happened: a browser's name, a build, whatever helps. */
  readonly environment: string;
  readonly remotePeerId: string;
  /** The first frame after which the states differ, the first known one unless `isFirst`. */
  readonly frame: number;
  readonly isFirst: boolean;
  readonly localChecksum: number;
  readonly remoteChecksum: number;
  /** What differs after `frame`. */
  readonly paths: readonly string[];
  /** Players whose inputs differ: then the game is not to blame. */
  readonly playerIndexes: readonly number[];
  readonly setup: MatchSetup;
  readonly start: { readonly frame: number; readonly stepFrame: number; readonly state: string } | null;
  readonly inputsBytes: number;
  readonly rows: string;
  /** Both states after one frame at or after `frame`, and the values in which they differ. */
  readonly states: { readonly frame: number; readonly local: string; readonly remote: string } | null;
  readonly differences: readonly PlainDifference[];
}

export interface DesyncReportOptions<State, Schema extends InputSchema> {
  readonly game: Game<State, Schema>;
  /** Of the match. Only the number of players counts, unless `init` refuses settings that it does not know; default: so many nameless players. */
  readonly setup?: MatchSetup;
  /** Default: empty. */
  readonly environment?: string;
}

/**
 * Makes a report of what a session found out (`evidence` of its events `desync` and, with both states, `desync-evidence`).
 *
 * ```ts
 * if (event.type === "desync-evidence") download(JSON.stringify(writeDesyncReport(event.evidence, { game })));
 * ```
 */
export function writeDesyncReport<State, Schema extends InputSchema>(
  evidence: DesyncEvidence,
  options: DesyncReportOptions<State, Schema>,
): DesyncReport {
  const { game, setup = namelessSetup(evidence.inputsBytes / options.game.inputBytes), environment = "" } = options;
  const { peerId, frame, isFirst, localChecksum, remoteChecksum, paths, playerIndexes, start, rows, inputsBytes, states } = evidence;
  return {
    format: "rollcall-desync-1",
    game: { id: game.id, version: game.version, contentHash: game.contentHash },
    environment,
    remotePeerId: peerId,
    frame,
    isFirst,
    localChecksum,
    remoteChecksum,
    paths,
    playerIndexes,
    setup,
    start: start === undefined ? null : { frame: start.frame, stepFrame: start.stepFrame, state: encodeHex(start.state) },
    inputsBytes,
    rows: encodeHex(rows),
    states: states === undefined ? null : { frame: states.frame, local: encodeHex(states.local), remote: encodeHex(states.remote) },
    differences: states === undefined ? [] : differencesOf(new GameSimulation(game, setup), states.local, states.remote),
  };
}

function namelessSetup(playerCount: number): MatchSetup {
  const players = Array.from({ length: playerCount }, (_, colour) => ({ profile: { name: "", colour, choices: null }, bot: false }));
  return { seed: 0, players, settings: null };
}

/** Reads a report from the text of a file; `undefined` for anything else. */
export function parseDesyncReport(text: string): DesyncReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isReport(value) ? value : undefined;
}

function isReport(value: unknown): value is DesyncReport {
  if (
    !hasFields(value, {
      format: "string",
      game: "object",
      environment: "string",
      remotePeerId: "string",
      isFirst: "boolean",
      rows: "string",
    })
  )
    return false;
  const { format, game, setup, start, states, paths, playerIndexes, differences } = value;
  const counts = ["frame", "localChecksum", "remoteChecksum", "inputsBytes"] as const;
  return (
    format === "rollcall-desync-1" &&
    counts.every((name) => isCount(value[name])) &&
    [paths, playerIndexes, differences].every(Array.isArray) &&
    hasFields(game, { id: "string", version: "number", contentHash: "string" }) &&
    hasFields(setup, { seed: "number", players: "object" }) &&
    Array.isArray(setup["players"]) &&
    (start === null || (hasFields(start, { frame: "number", stepFrame: "number", state: "string" }) && isCount(start["frame"]))) &&
    (states === null || hasFields(states, { frame: "number", local: "string", remote: "string" }))
  );
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function hasFields(value: unknown, types: Readonly<Record<string, string>>): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(types).every(([name, type]) => typeof Reflect.get(value, name) === type && Reflect.get(value, name) !== null);
}

/** The values in which two serialised states differ, at most 32; none when one of them is no state of this game. */
export function differencesOf<State, Schema extends InputSchema>(
  simulation: GameSimulation<State, Schema>,
  local: Uint8Array,
  remote: Uint8Array,
): readonly PlainDifference[] {
  if (!simulation.deserialize(local)) return [];
  const left = simulation.inspectLive();
  return simulation.deserialize(remote) ? findPlainDifferences(left, simulation.inspectLive(), DIFFERENCES_MAX) : [];
}
