/**
 * `pnpm bench:broker`: this broker, open and with all limits on, beside stock `peer` 1.0.2, each twice by turns in one run, each time in a fresh process; then two nodes of this broker on a
 * Redis of their own. Clients are sockets of a second process, each from an address of its own. Processor time is the broker process's own, its kernel time included.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { costRows } from "./broker/costs.ts";
import type { Passage } from "./broker/load-process.ts";
import { nodeTable } from "./broker/nodes.ts";
import { PARALLEL, SIGNALS, spentMicros, startBroker, startLoad, warm, type Kind } from "./broker/started.ts";
import { median, quantile } from "./quantile.ts";

const CLIENTS = 2_000;
const PACE = { perSecond: 400, seconds: 3 } as const;
/** Of the pace without a flood, while one floods another process of the same server, and while one floods this one, by turns. */
const FLOODS = 3;
/** Before what is measured each client says its heartbeat once, which PeerJS does five seconds after it came. */
const IDLE = { clients: 5_000, firstSeconds: 5, seconds: 10 } as const;
const TURNS = ["stock", "rollcall", "stock", "rollcall"] as const;
interface Figures {
  readonly bytesPerIdle: number;
  readonly calmP99Ms: number;
  readonly besideP99Ms: number;
  readonly floodedP99Ms: number;
  readonly besideRatios: readonly number[];
  readonly floodRatios: readonly number[];
  readonly bytesPerIdleOfMany: number;
  readonly idleMicrosPerSecond: number;
  readonly idleDelayP99Ms: number;
  readonly idleDelayMaxMs: number;
}

type Single = Exclude<keyof Figures, "besideRatios" | "floodRatios">;

/** Two tables. Of two turns the better one counts, of memory the worse one, of ratios the median of all rounds. */
export async function benchBroker(): Promise<string> {
  execFileSync("npx", ["tsc", "-b", "packages/broker"], { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: "inherit" });
  const figures: Record<Kind, Figures[]> = { stock: [], rollcall: [] };
  for (const kind of TURNS) {
    figures[kind].push({ ...(await measureLoad(kind)), ...(await measureIdle(kind)) });
    process.stderr.write(`${kind}: ${JSON.stringify(figures[kind].at(-1))}\n`);
  }
  return [...comparison(await costRows(), figures), "", ...(await nodeTable()), ""].join("\n");
}

function comparison(costs: readonly string[], figures: Readonly<Record<Kind, readonly Figures[]>>): string[] {
  const of = (kind: Kind, name: Single): number => {
    const turns = figures[kind].map((each) => each[name]);
    return name.startsWith("bytes") ? Math.max(...turns) : Math.min(...turns);
  };
  const ratios = (label: string, name: "besideRatios" | "floodRatios"): string => {
    const [ours, stock] = (["rollcall", "stock"] as const).map((kind) => median(figures[kind].flatMap((each) => each[name])).toFixed(2));
    return `| ${label} | ${ours} | ${stock} | |`;
  };
  const row = (label: string, name: Single, unit: string, digits: number): string => {
    const [ours, stock] = [of("rollcall", name), of("stock", name)];
    return `| ${label} | ${ours.toFixed(digits)}${unit} | ${stock.toFixed(digits)}${unit} | ${stock > 0 ? (ours / stock).toFixed(2) : ""} |`;
  };
  return [
    "| | this broker | `peer` | ratio |",
    "|---|---|---|---|",
    ...costs,
    row(`memory of an idle connection, among ${CLIENTS}`, "bytesPerIdle", " B", 0),
    row(`memory of an idle connection, among ${IDLE.clients}`, "bytesPerIdleOfMany", " B", 0),
    row(`processor time that ${IDLE.clients} idle clients take of a second`, "idleMicrosPerSecond", " µs", 0),
    row("event loop late meanwhile, p99", "idleDelayP99Ms", " ms", 2),
    row("event loop late meanwhile, at most", "idleDelayMaxMs", " ms", 2),
    row(`a signal under way, p99, at ${PACE.perSecond} a second`, "calmP99Ms", " ms", 2),
    row("the same while one client sends as fast as it can to another process of the same server", "besideP99Ms", " ms", 2),
    row("the same while one client sends as fast as it can to this one", "floodedP99Ms", " ms", 2),
    ratios("the second by the first, round by round: what is the machine's", "besideRatios"),
    ratios("the third by the first", "floodRatios"),
  ];
}

type LoadFigures = Omit<Figures, keyof IdleFigures>;

async function measureLoad(kind: Kind): Promise<LoadFigures> {
  const broker = await startBroker(kind);
  const load = await startLoad();
  const flooder = await startLoad(100_000);
  const other = await startBroker(kind);
  try {
    const port = await broker.call("port", undefined);
    await warm(load, port);
    const empty = await broker.call("settledUsage", undefined);
    await load.call("connect", { port, count: CLIENTS, parallel: PARALLEL });
    const idle = await broker.call("settledUsage", undefined);
    await load.call("relay", SIGNALS);
    const otherPort = await other.call("port", undefined);
    const rounds: { readonly calmMs: number; readonly besideMs: number; readonly floodedMs: number }[] = [];
    const flooded = async (floodedPort: number): Promise<number> => {
      const flooding = flooder.call("flood", { port: floodedPort, seconds: PACE.seconds + 1 });
      const passages = await load.call("pace", PACE);
      await flooding;
      return p99(passages);
    };
    for (let round = 0; round < FLOODS; round++) {
      const calmMs = p99(await load.call("pace", PACE));
      const besideMs = await flooded(otherPort);
      rounds.push({ calmMs, besideMs, floodedMs: await flooded(port) });
    }
    return {
      bytesPerIdle: (idle.residentBytes - empty.residentBytes) / CLIENTS,
      calmP99Ms: median(rounds.map(({ calmMs }) => calmMs)),
      besideP99Ms: median(rounds.map(({ besideMs }) => besideMs)),
      floodedP99Ms: median(rounds.map(({ floodedMs }) => floodedMs)),
      besideRatios: rounds.map(({ calmMs, besideMs }) => besideMs / calmMs),
      floodRatios: rounds.map(({ calmMs, floodedMs }) => floodedMs / calmMs),
    };
  } finally {
    await Promise.all([broker, load, flooder, other].map((child) => child.end()));
  }
}

type IdleFigures = Pick<Figures, "bytesPerIdleOfMany" | "idleMicrosPerSecond" | "idleDelayP99Ms" | "idleDelayMaxMs">;

/** Clients that say nothing but that they live. */
async function measureIdle(kind: Kind): Promise<IdleFigures> {
  const broker = await startBroker(kind);
  const load = await startLoad();
  try {
    const port = await broker.call("port", undefined);
    await warm(load, port);
    const empty = await broker.call("settledUsage", undefined);
    await load.call("connect", { port, count: IDLE.clients, parallel: PARALLEL });
    const idle = await broker.call("settledUsage", undefined);
    // In one go: a client that is late with its heartbeat is asked for a sign of life.
    const idling = load.call("idle", IDLE.firstSeconds + IDLE.seconds);
    await new Promise((resolve) => setTimeout(resolve, 1_000 * IDLE.firstSeconds));
    await broker.call("loopDelay", undefined);
    const micros = await spentMicros(broker, () => idling);
    const { p99Ms, maxMs } = await broker.call("loopDelay", undefined);
    return {
      bytesPerIdleOfMany: (idle.residentBytes - empty.residentBytes) / IDLE.clients,
      idleMicrosPerSecond: micros / IDLE.seconds,
      idleDelayP99Ms: p99Ms,
      idleDelayMaxMs: maxMs,
    };
  } finally {
    await Promise.all([broker.end(), load.end()]);
  }
}

function p99(passages: readonly Passage[]): number {
  return shareOf(passages, 0.99);
}

function shareOf(passages: readonly Passage[], share: number): number {
  return quantile(
    passages.map(({ ms }) => ms),
    share,
  );
}
