import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PeerFigures } from "./rivals/bench-peer.ts";
import { PARTY_NAMES, type PartyName } from "./rivals/party.ts";
import type { RunFigures } from "./rivals/run-party.ts";
import { SCENARIOS } from "./rivals/scenarios.ts";

const FOLDER = fileURLToPath(new URL("./rivals/", import.meta.url));
const SECONDS = 60;
/** Where CPU is measured: long enough that the code is compiled, then long enough that collections of garbage count. */
const CPU_WARM_UP_SECONDS = 60;
const CPU_SECONDS = 60;
const CPU_ROUNDS = 5;
/** A game that has not gone on for so long at the end of a run has stopped. */
const STOPPED_MS = 5_000;
const CHILD_MS_MAX = 300_000;

const TITLES: Readonly<Record<PartyName, string>> = {
  netplayjs: "netplayjs 0.4.1",
  "rollback-netcode": "rollback-netcode 0.0.6",
  "rollcall-plain": "Rollcall, plain data",
  "rollcall-typed": "Rollcall, typed arrays",
};

/** A run, or what kept it from ending. */
type Outcome = RunFigures | { readonly failure: string };

interface Figure {
  readonly name: string;
  /** Of one peer, with what its link carried. */
  readonly of: (peer: PeerFigures, seconds: number, wireBytes: number) => string;
}

const FIGURES: readonly Figure[] = [
  { name: "simulated frames per frame", of: ({ steps, frames }) => (steps / Math.max(1, frames)).toFixed(2) },
  { name: "stalls: turns of the loop without a frame", of: ({ stalls }) => String(stalls) },
  { name: "messages/s", of: ({ messages }, seconds) => (messages / seconds).toFixed(1) },
  { name: "payload of a message, median", of: ({ payloadBytesMedian }) => `${payloadBytesMedian} B` },
  { name: "payload/s", of: ({ payloadBytes }, seconds) => bytesText(payloadBytes / seconds) },
  { name: "the same with headers and acknowledgements", of: (_peer, seconds, wireBytes) => bytesText(wireBytes / seconds) },
];

/**
 * Rollcall beside two packages from npm: one game, one simulated weather, one script of inputs, each package in a process of its own and in virtual
 * time. A package that stops or throws is told in the table.
 */
export async function benchRivals(): Promise<string> {
  install();
  const lines = [
    `| 60 s of play, host / guest | ${PARTY_NAMES.map((name) => TITLES[name]).join(" | ")} |`,
    `|---|${PARTY_NAMES.map(() => "---|").join("")}`,
  ];
  for (const [index, { name }] of SCENARIOS.entries()) {
    const outcomes: Outcome[] = [];
    for (const party of PARTY_NAMES) outcomes.push(await play(party, index, 0, SECONDS));
    lines.push(`| **${name}**: frames played | ${outcomes.map(progressText).join(" | ")} |`);
    for (const figure of FIGURES) lines.push(`| ${figure.name} | ${outcomes.map((outcome) => figureText(figure, outcome)).join(" | ")} |`);
  }
  lines.push(...(await benchCpu()), "");
  return lines.join("\n");
}

/** The packages by turns, so that what else the machine does falls on all of them; medians. */
async function benchCpu(): Promise<string[]> {
  const samples = PARTY_NAMES.map((): number[] => []);
  for (let round = 0; round < CPU_ROUNDS; round++) {
    for (const [index, party] of PARTY_NAMES.entries()) {
      const outcome = await play(party, 0, CPU_WARM_UP_SECONDS, CPU_SECONDS);
      if ("failure" in outcome) continue;
      // Both sides of a match: where one resimulates more, the other does less.
      const [cpuMs, frames] = outcome.peers.reduce(([ms, count], peer) => [ms + peer.cpuMs, count + peer.frames], [0, 0]);
      samples[index]?.push((cpuMs * 1_000) / frames);
    }
  }
  const medians = samples.map((list) => list.toSorted((left, right) => left - right)[list.length >> 1] ?? Number.NaN);
  const own = medians[PARTY_NAMES.indexOf("rollcall-typed")] ?? Number.NaN;
  return [
    `| **CPU** per frame and peer, ${SCENARIOS[0]?.name ?? ""} | ${medians.map((median) => `${median.toFixed(1)} µs`).join(" | ")} |`,
    `| the same, as a multiple of the last column | ${medians.map((median) => (median / own).toFixed(2)).join(" | ")} |`,
  ];
}

/** By npm, into a folder of its own, exactly as the lockfile there says: the workspace knows nothing of these packages. */
function install(): void {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync(`${FOLDER}package.json`, "utf8"));
  const isThere = Object.entries(dependencies).every(([name, version]) => {
    const file = `${FOLDER}node_modules/${name}/package.json`;
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
  if (isThere) return;
  try {
    // Both play without their install scripts.
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: FOLDER, stdio: "inherit" });
  } catch {
    throw new Error(
      `rivals: npm could not install ${Object.keys(dependencies).join(" and ")} into scripts/bench/rivals; this part needs the network once.`,
    );
  }
}

async function play(party: PartyName, scenario: number, warmUpSeconds: number, seconds: number): Promise<Outcome> {
  const parameters = [party, scenario, warmUpSeconds, seconds].map(String);
  const file = `${FOLDER}run-party.ts`;
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@rollcall/source", "--import", "tsx", file, ...parameters],
      {
        timeout: CHILD_MS_MAX,
      },
    );
    return JSON.parse(stdout) as RunFigures;
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).split("\n");
    return { failure: lines.find((line) => line.includes("Error:"))?.trim() ?? "did not end" };
  }
}

function progressText(outcome: Outcome): string {
  if ("failure" in outcome) return cell(outcome.failure);
  return outcome.peers
    .map((peer) => {
      const atSeconds = ((peer.advancedMs - outcome.startMs) / 1_000).toFixed(1);
      if (peer.error !== undefined) return `${peer.frames}, threw at ${atSeconds} s: ${cell(peer.error)}`;
      return hasStopped(peer, outcome) ? `${peer.frames}, stopped at ${atSeconds} s` : String(peer.frames);
    })
    .join(" / ");
}

/** Nothing of who did not play to the end: figures a second would be those of waiting. */
function figureText(figure: Figure, outcome: Outcome): string {
  if ("failure" in outcome || outcome.peers.some((peer) => hasStopped(peer, outcome))) return "–";
  return outcome.peers.map((peer, index) => figure.of(peer, outcome.seconds, outcome.wireBytes[index] ?? 0)).join(" / ");
}

function hasStopped(peer: PeerFigures, { startMs, seconds }: RunFigures): boolean {
  return peer.error !== undefined || peer.advancedMs < startMs + seconds * 1_000 - STOPPED_MS;
}

function bytesText(bytes: number): string {
  return bytes < 10_000 ? `${bytes.toFixed(0)} B` : `${(bytes / 1_000).toFixed(0)} kB`;
}

function cell(text: string): string {
  return text.replaceAll("|", "/").slice(0, 100);
}
