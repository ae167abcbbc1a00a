/**
 * `pnpm test:deep`: the tests at full size, hours of work for one core. What has passed is remembered in `.deep/`, so that a run that was cut off goes on
 * where it stopped; `--fresh` forgets it. `--only swarm,agreement` runs some parts, `--jobs 1` one process at a time (else one a core). At the end the log is in `.deep/log.md`, from
 * which docs/measurements/deep.md is written by hand.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** One process; small enough that losing it costs minutes. */
interface Job {
  readonly part: string;
  readonly name: string;
  readonly command: readonly string[];
}

interface Result {
  readonly part: string;
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Lines of its output that say what it did. */
  readonly summary: readonly string[];
}

const SWARM_SEEDS = 100_000;
const SWARM_JOB_SEEDS = 1_000;
/** Away from the seeds that `pnpm test` plays. */
const SWARM_FIRST_SEED = 10_000_000;

const SOURCES = ["--conditions=@rollcall/source", "--import", "tsx"];

const JOBS: readonly Job[] = [
  { part: "endurance", name: "24 virtual hours", command: ["node", "--expose-gc", ...SOURCES, "packages/netcode/scripts/endurance.ts"] },
  { part: "engines", name: "a million frames on four engines", command: ["node", ...SOURCES, "scripts/engines.ts"] },
  {
    part: "hidden",
    name: "a page hidden for a minute",
    command: [
      "env",
      "NODE_OPTIONS=--conditions=@rollcall/source",
      "npx",
      "playwright",
      "test",
      "--config",
      "tests/playwright.config.ts",
      "hidden-tab",
    ],
  },
  { part: "image", name: "the commands of deploy/Dockerfile", command: ["node", ...SOURCES, "scripts/check-image.ts"] },
  vitestJob("math", "packages/netcode/src/core/math/exact-math", "unit"),
  vitestJob("agreement", "packages/netcode/test/drop-", "unit"),
  vitestJob("desync", "packages/netcode/test/desync.sim", "sim"),
  vitestJob("links", "packages/netcode/test/link", "sim"),
  vitestJob("healing", "packages/netcode/test/healing.sim", "sim"),
  vitestJob("fuzz", "packages/broker/test/fuzz.test", "unit"),
  vitestJob("fuzz", "packages/broker/test/ticket-fuzz", "unit"),
  vitestJob("fuzz", "packages/broker/test/abuse.node", "node"),
  vitestJob("host", "packages/broker/test/host.sim", "sim"),
  vitestJob("cluster", "packages/broker/test/cluster.sim", "sim"),
  vitestJob("outages", "packages/broker/test/outages.node", "node"),
  vitestJob("pages", "packages/broker/test/second-page.sim", "sim"),
  vitestJob("network", "tests/network", "network"),
  vitestJob("departures", "packages/netcode/test/departures.sim", "sim"),
  vitestJob("clean", "packages/netcode/test/clean-matches.sim", "sim"),
  ...Array.from({ length: SWARM_SEEDS / SWARM_JOB_SEEDS }, (_, index) => {
    const first = SWARM_FIRST_SEED + index * SWARM_JOB_SEEDS;
    const args = ["--players", "2-8", "--seeds", String(SWARM_JOB_SEEDS), "--first", String(first)];
    return {
      part: "swarm",
      name: `seeds ${first} to ${first + SWARM_JOB_SEEDS - 1}`,
      command: ["node", ...SOURCES, "packages/netcode/scripts/sim.ts", ...args],
    };
  }),
];

const PROGRESS = fileURLToPath(new URL("../.deep/progress.json", import.meta.url));
const LOG = fileURLToPath(new URL("../.deep/log.md", import.meta.url));

function vitestJob(part: string, filter: string, project: string): Job {
  return {
    part,
    name: filter,
    command: ["npx", "vitest", "run", "--project", project, filter, "--reporter=verbose", "--testTimeout=3600000"],
  };
}

function readProgress(): Result[] {
  try {
    return JSON.parse(readFileSync(PROGRESS, "utf8")) as Result[];
  } catch {
    return [];
  }
}

function runJob({ part, name, command }: Job): Promise<Result> {
  const [program = "", ...args] = command;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    let output = "";
    // Vitest takes any `FORCE_COLOR`, 0 too, for a wish for colours, which would hide its lines from the search below.
    const { FORCE_COLOR: _, ...environment } = process.env;
    const child = spawn(program, args, { env: { ...environment, ROLLCALL_DEEP: "1", NO_COLOR: "1" } });
    const take = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const finish = (ok: boolean): void => {
      if (!ok) process.stderr.write(`${output.slice(-20_000)}\n`);
      const summary = output.split("\n").filter((line) => /^(DEEP|FIGURE) |seeds of |^ *Tests /.test(line));
      resolve({ part, name, ok, seconds: Math.round((performance.now() - startedMs) / 1_000), summary });
    };
    child.once("error", () => finish(false));
    child.once("exit", (code) => finish(code === 0));
  });
}

/** Adds up the figures of the swarm: its jobs print the same lines. */
function describePart(part: string, results: readonly Result[]): string[] {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const failed = results.filter(({ ok }) => !ok);
  const lines = [
    `## ${part}`,
    "",
    `${results.length} jobs, ${failed.length} failed, ${(seconds / 60).toFixed(1)} minutes of one core.`,
    "",
  ];
  for (const { name, ok, summary } of part === "swarm" ? failed : results) {
    lines.push(`- ${ok ? "passed" : "**failed**"}: ${name}`, ...summary.map((line) => `  - ${line.trim()}`));
  }
  if (part === "swarm")
    lines.push(`- ${(results.length - failed.length) * SWARM_JOB_SEEDS} seeds of 2–8 players with every fault kind, 0 failed among them.`);
  return [...lines, ""];
}

function writeLog(results: readonly Result[]): void {
  const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout.trim();
  const parts = [...new Set(results.map(({ part }) => part))];
  const body = [
    "# The deep tests",
    "",
    `\`npx pnpm test:deep\`, at commit ${commit}, Node ${process.versions.node}. Every part asserts that what it is about happened.`,
    "",
    ...parts.flatMap((part) =>
      describePart(
        part,
        results.filter((result) => result.part === part),
      ),
    ),
  ];
  writeFileSync(LOG, body.join("\n"));
  process.stdout.write(`The log is in ${LOG}.\n`);
}

async function runAll(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      fresh: { type: "boolean", default: false },
      jobs: { type: "string", default: String(availableParallelism()) },
    },
  });
  const jobCount = Number(values.jobs);
  if (!Number.isInteger(jobCount) || jobCount < 1) throw new Error(`--jobs is a whole number from 1 on, got "${values.jobs}".`);
  if (values.fresh) rmSync(PROGRESS, { force: true });
  const wanted = values.only?.split(",");
  const results = readProgress().filter(({ ok }) => ok);
  const isDone = (job: Job): boolean => results.some(({ part, name }) => part === job.part && name === job.name);
  const waiting = JOBS.filter((job) => (wanted === undefined || wanted.includes(job.part)) && !isDone(job));
  mkdirSync(dirname(PROGRESS), { recursive: true });
  let failures = 0;
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const result = await runJob(job);
      if (!result.ok) failures++;
      results.push(result);
      writeFileSync(PROGRESS, JSON.stringify(results, null, 1));
      process.stdout.write(
        `${result.ok ? "passed" : "FAILED"} ${result.part}: ${result.name} (${result.seconds} s, ${waiting.length} left)\n`,
      );
    }
  };
  await Promise.all(Array.from({ length: jobCount }, work));
  writeLog(results);
  return failures;
}

runAll().then(
  (failures) => process.exit(failures === 0 ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
