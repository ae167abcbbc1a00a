/**
 * `pnpm test`: everything that must hold, in one run. Static checks count as one test each. The summary names what failed; the last line is `N passed, N failed`.
 *
 * `pnpm test --only unit,e2e` runs some of the steps. `ROLLCALL_NETLAB=off` leaves out the network lab, for machines that cannot run it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { cwd } from "node:process";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { ensureChromium } from "./install-chromium.ts";

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What failed, by name, each with the first lines of why. */
  readonly failures?: readonly string[];
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Reads the counts from the report that the step wrote; without it the step is one test. */
  readonly count?: (report: string) => Outcome;
}

/** Of each failure in the summary. */
const FAILURE_LINES = 6;

const folder = mkdtempSync(join(tmpdir(), "rollcall-test-"));

const STEPS: readonly Step[] = [
  { name: "types", command: ["tsc", "-b"] },
  { name: "lint", command: ["oxlint", "--type-aware", "--deny-warnings"] },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "unused", command: ["knip"] },
  { name: "packages", command: ["node", "--import", "tsx", "scripts/check-packages.ts"] },
  { name: "size", command: ["size-limit"] },
  // Pure and virtual time do not mind a busy machine: every core, where Vitest would leave one free.
  vitestStep("unit", "--maxWorkers=100%"),
  vitestStep("sim", "--maxWorkers=100%"),
  // Mostly waits for sockets and processes.
  vitestStep("node", "--maxWorkers=2"),
  vitestStep("network"),
  vitestStep("browser"),
  {
    name: "e2e",
    command: ["playwright", "test", "--config", "tests/playwright.config.ts"],
    environment: { NODE_OPTIONS: "--conditions=@rollcall/source", ROLLCALL_E2E_REPORT: join(folder, "e2e.json") },
    count: countPlaywright,
  },
];

function vitestStep(project: string, ...options: readonly string[]): Step {
  const report = join(folder, `${project}.json`);
  return {
    name: project,
    command: ["vitest", "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...options],
    count: countVitest,
  };
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function countVitest(report: string): Outcome {
  const parsed: VitestReport = JSON.parse(report);
  const failures = parsed.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((each) => each.status === "failed");
    if (failed.length === 0) return status === "failed" ? [failureOf(relative(cwd(), name), message)] : [];
    return failed.map((each) => failureOf(each.fullName, each.failureMessages.join("\n")));
  });
  return {
    passed: parsed.numPassedTests,
    failed: parsed.numFailedTests === 0 ? parsed.numFailedTestSuites : parsed.numFailedTests,
    failures,
  };
}

function failureOf(name: string, why: string): string {
  const lines = why.split("\n").filter((line) => line.trim() !== "" && !line.includes("node_modules"));
  return [name, ...lines.slice(0, FAILURE_LINES)].join("\n      ");
}

interface PlaywrightSuite {
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly { readonly status: string; readonly results: readonly { readonly error?: { readonly message: string } }[] }[];
  }[];
  readonly suites?: readonly PlaywrightSuite[];
}

interface PlaywrightReport {
  readonly stats: { readonly expected: number; readonly unexpected: number; readonly flaky: number; readonly skipped: number };
  readonly errors: readonly { readonly message: string }[];
  readonly suites: readonly PlaywrightSuite[];
}

/** A flaky test, one that passed only on a second try, has failed. */
function countPlaywright(report: string): Outcome {
  const { stats, errors, suites }: PlaywrightReport = JSON.parse(report);
  const { expected, unexpected, flaky, skipped } = stats;
  const failures = [...suites.flatMap(playwrightFailures), ...errors.map(({ message }) => failureOf("e2e", message))];
  return { passed: expected, failed: unexpected + flaky + skipped + errors.length, failures };
}

function playwrightFailures({ specs = [], suites = [] }: PlaywrightSuite): string[] {
  const own = specs.flatMap(({ title, tests }) =>
    tests
      .filter(({ status }) => status !== "expected")
      .map(({ status, results }) =>
        failureOf(`${title} (${status})`, stripVTControlCharacters(results.flatMap((result) => result.error?.message ?? []).join("\n"))),
      ),
  );
  return [...own, ...suites.flatMap(playwrightFailures)];
}

function run(step: Step): Promise<number> {
  const [program = "", ...args] = step.command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "inherit", "inherit"],
      env: { FORCE_COLOR: "0", ...process.env, ...step.environment },
    });
    child.once("error", (error) => {
      process.stderr.write(`${step.name}: ${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

function outcomeOf(step: Step, code: number): Outcome {
  if (step.count === undefined) return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  try {
    const outcome = step.count(readFileSync(join(folder, `${step.name}.json`), "utf8"));
    // A run that ended badly or tested nothing has failed, whatever it counted.
    const broken = outcome.failed === 0 && (code !== 0 || outcome.passed === 0);
    const why = `It ended with code ${code}, and ${outcome.passed} tests passed. What it printed has more.`;
    return broken ? { ...outcome, failed: 1, failures: [failureOf("no test by itself", why)] } : outcome;
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** The network lab needs root on Linux. Where it cannot run it fails, unless somebody says that they know. */
function isLeftOut({ name }: Step): boolean {
  return name === "network" && process.env["ROLLCALL_NETLAB"] === "off";
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const wanted = values.only?.split(",");
  const unknown = wanted?.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) throw new Error(`--only: there is no step "${unknown}". Steps: ${STEPS.map((step) => step.name).join(", ")}.`);
  process.env["CHROMIUM_PATH"] = ensureChromium();
  const rows: { name: string; outcome: Outcome; seconds: number }[] = [];
  const chosen = STEPS.filter(({ name }) => wanted?.includes(name) ?? true);
  for (const step of chosen.filter((each) => !isLeftOut(each))) {
    process.stdout.write(`\n== ${step.name}: ${step.command[0]}\n`);
    const startedMs = performance.now();
    const code = await run(step);
    rows.push({ name: step.name, outcome: outcomeOf(step, code), seconds: (performance.now() - startedMs) / 1000 });
  }
  const total = (key: "passed" | "failed"): number => rows.reduce((sum, row) => sum + row.outcome[key], 0);
  process.stdout.write("\n== summary\n");
  for (const { name, outcome } of rows) {
    for (const failure of outcome.failures ?? []) process.stdout.write(`FAILED ${name}: ${failure}\n`);
  }
  for (const { name, outcome, seconds } of rows) {
    process.stdout.write(
      `${outcome.failed === 0 ? "ok    " : "FAILED"} ${name.padEnd(9)} ${outcome.passed} passed, ${outcome.failed} failed, ${seconds.toFixed(1)} s\n`,
    );
  }
  for (const { name } of chosen.filter(isLeftOut)) {
    process.stdout.write(`NOT RUN ${name}: ROLLCALL_NETLAB=off. Nothing that this step is about was tested.\n`);
  }
  // The last line is plain on purpose: it is what programs read.
  process.stdout.write(`\n${total("passed")} passed, ${total("failed")} failed\n`);
  process.exitCode = total("failed") === 0 ? 0 : 1;
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stdout.write("\n0 passed, 1 failed\n");
    process.exitCode = 1;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));
