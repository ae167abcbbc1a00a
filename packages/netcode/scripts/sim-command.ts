import { parseArgs } from "node:util";
import { Random } from "../src/core/base/random.ts";
import { FAULT_KINDS, simulateBatch, type FaultKind, type LinkProfile, type MatchReport } from "../src/sim/index.ts";

/** What `pnpm sim` was asked for. */
export interface SimSettings {
  readonly firstSeed: number;
  readonly seedCount: number;
  /** Fewest and most peers of a match; between them each seed draws. */
  readonly players: readonly [number, number];
  readonly seconds: number;
  readonly faults: readonly FaultKind[];
  /** Left out: drawn from the seed. */
  readonly network: LinkProfile | undefined;
  readonly verbose: boolean;
}

export type ParsedSimArguments =
  | { readonly ok: true; readonly settings: SimSettings }
  | { readonly ok: false; readonly message: string; readonly exitCode: number };

const PROFILE_NAMES = [
  "perfect",
  "lan",
  "wifi",
  "wifi-lossy",
  "mobile-4g",
  "transatlantic",
  "bad-hotel",
  "satellite",
] as const satisfies readonly LinkProfile[];

const USAGE = `Usage: pnpm sim [--seeds 1000] [--players 4] [--seconds 10] [--first 1] [--seed N] [--faults loss,kill,…] [--network wifi] [--verbose]

  --seeds N      matches to play, with seeds --first, --first + 1, …
  --seed N       plays this one seed
  --players N    peers of each match, 2–8; 2-8: each seed draws
  --seconds N    virtual length of each match
  --faults A,B   faults that a seed may switch on; default: all; "none": none
                 ${FAULT_KINDS.join(", ")}
  --network NAME paths before faults; default: drawn from the seed
                 ${PROFILE_NAMES.join(", ")}
  --verbose      prints what each seed decided and what happened`;

const OPTIONS = {
  seeds: { type: "string" },
  seed: { type: "string" },
  first: { type: "string" },
  players: { type: "string" },
  seconds: { type: "string" },
  faults: { type: "string" },
  network: { type: "string" },
  verbose: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Reads the command line; nonsense is refused by name. */
export function parseSimArguments(argv: readonly string[]): ParsedSimArguments {
  const refuse = (reason: string): ParsedSimArguments => ({ ok: false, message: `${reason}\n\n${USAGE}`, exitCode: 2 });
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];
  try {
    ({ values } = parseArgs({ args: argv.filter((argument) => argument !== "--"), options: OPTIONS, allowPositionals: false }));
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return { ok: false, message: USAGE, exitCode: 0 };
  const numbers: Record<string, number> = {};
  const ranges = [
    ["seeds", 1_000, 1, 10_000_000],
    ["seed", 1, 0, 0xffff_ffff],
    ["first", 1, 0, 0xffff_ffff],
    ["seconds", 10, 1, 3_600],
  ] as const;
  for (const [name, standard, least, most] of ranges) {
    const text = values[name] ?? String(standard);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      return refuse(`--${name} is a whole number from ${least} to ${most}, got "${text}".`);
    numbers[name] = value;
  }
  const players = parsePlayers(values.players ?? "4");
  if (players === undefined) return refuse(`--players is a number from 2 to 8, or a range such as 2-8, got "${values.players}".`);
  const faults = parseFaults(values.faults);
  if (typeof faults === "string") return refuse(faults);
  const network = PROFILE_NAMES.find((name) => name === values.network);
  if (values.network !== undefined && network === undefined) return refuse(`--network does not know "${values.network}".`);
  const isSingle = values.seed !== undefined;
  return {
    ok: true,
    settings: {
      firstSeed: (isSingle ? numbers["seed"] : numbers["first"]) ?? 1,
      seedCount: isSingle ? 1 : (numbers["seeds"] ?? 1),
      players,
      seconds: numbers["seconds"] ?? 10,
      faults,
      network,
      verbose: values.verbose === true,
    },
  };
}

function parsePlayers(text: string): readonly [number, number] | undefined {
  const [, first, last = first] = /^([2-8])(?:-([2-8]))?$/.exec(text) ?? [];
  return first === undefined || Number(last) < Number(first) ? undefined : [Number(first), Number(last)];
}

/** Peers of the match of `seed`. */
export function drawPlayers([fewest, most]: readonly [number, number], seed: number): number {
  return fewest + new Random(seed, "players").integer(most - fewest + 1);
}

function parseFaults(text: string | undefined): readonly FaultKind[] | string {
  if (text === undefined) return FAULT_KINDS;
  if (text === "none") return [];
  const names = text.split(",");
  const unknown = names.find((name) => !FAULT_KINDS.some((kind) => kind === name));
  if (unknown !== undefined) return `--faults does not know "${unknown}".`;
  return FAULT_KINDS.filter((kind) => names.includes(kind));
}

/** Plays the matches and prints what came of them. Returns the exit code: 0 when nothing failed. */
export function runSim(settings: SimSettings, print: (line: string) => void): number {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const { firstSeed, seedCount, players, seconds, faults, network } = settings;
  const batch = simulateBatch({
    firstSeed,
    seedCount,
    matchOf: (seed) => ({ seed, players: drawPlayers(players, seed), seconds, faults, ...(network === undefined ? {} : { network }) }),
    onMatch: (report) => {
      if (settings.verbose) printMatch(report, print);
      if (!report.ok) for (const line of describeFailure(report, settings)) print(line);
    },
  });
  const { user, system } = process.cpuUsage(startedCpu);
  const perMinute = Math.round((seedCount * 60_000) / (performance.now() - startedMs));
  // On a machine with other work the processor's time says more than the clock's.
  const perCoreMinute = Math.round((seedCount * 60_000_000) / (user + system));
  for (const [name, value] of Object.entries(batch.figures)) print(`${name.padEnd(20)} ${value.toLocaleString("en")}`);
  print(
    `${seedCount} seeds of ${players[0] === players[1] ? players[0] : players.join("–")} players × ${seconds} s: ${batch.failed.length} failed, ${perMinute} seeds per minute (${perCoreMinute} per minute of one core)`,
  );
  if (batch.failed.length > 0) return 1;
  // A small batch cannot show everything; a large one that did not, proved less than it says.
  if (seedCount < 500 || faults.length < FAULT_KINDS.length || batch.unexercised.length === 0) return 0;
  print(`not exercised: ${batch.unexercised.join(", ")}`);
  return 1;
}

/** The lines that say what failed and how to see it again. */
export function describeFailure(report: MatchReport, settings: Pick<SimSettings, "seconds" | "faults" | "network">): string[] {
  const { seconds, faults, network } = settings;
  const players = report.plan.peers.length;
  const paths = network === undefined ? "" : ` --network ${network}`;
  const limited = faults.length === FAULT_KINDS.length ? "" : ` --faults ${faults.length === 0 ? "none" : faults.join(",")}`;
  return [
    `seed ${report.seed} FAILED`,
    ...report.failures
      .slice(0, 5)
      .map(
        ({ checker, peer, frame, atMs, message }) =>
          `  ${checker}: frame ${frame}, peer ${peer < 0 ? "all" : peer}, ${Math.round(atMs)} ms: ${message}`,
      ),
    `  replay: npx pnpm sim --seed ${report.seed} --players ${players} --seconds ${seconds}${limited}${paths} --verbose`,
  ];
}

function printMatch(report: MatchReport, print: (line: string) => void): void {
  const { plan, seed, log } = report;
  print(`seed ${seed}: ${plan.kinds.join(", ") || "no faults"}`);
  print(
    `  seats ${plan.seats.map((peer) => peer ?? "bot").join(" ")}, host ${plan.ranks[0]}, window ${plan.windowFrames}, saves every ${plan.saveEveryFrames}`,
  );
  for (const [index, peer] of plan.peers.entries()) print(`  peer ${index}: ${JSON.stringify(peer)}`);
  for (const [from, row] of plan.conditions.entries()) {
    for (const [to, conditions] of row.entries()) if (from !== to) print(`  link ${from} → ${to}: ${JSON.stringify(conditions)}`);
  }
  for (const line of log) print(`  ${line}`);
}
