/**
 * `pnpm bench:broker`: this broker, open and with all limits on, beside stock `peer` 1.0.2, each twice by turns in one run, each time in a fresh process. Clients are
 * 2,000 sockets of a second process, from 2,000 addresses of the loopback. Processor time is the broker process's own, its kernel time included.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BenchChild } from "./broker/bench-child.ts";
import type { BrokerApi } from "./broker/broker-process.ts";
import type { LoadApi } from "./broker/load-process.ts";

const CLIENTS = 2_000;
const PARALLEL = 50;
/** Signals of each client: an offer, an answer, ten candidates, twice over. */
const SIGNALS = 24;
const PACE = { perSecond: 400, seconds: 4 } as const;
const TURNS = ["stock", "rollcall", "stock", "rollcall"] as const;

interface Figures {
  readonly connectMicros: number;
  readonly relayMicros: number;
  readonly bytesPerIdle: number;
  readonly calmP99Ms: number;
  readonly floodedP99Ms: number;
}

type Kind = (typeof TURNS)[number];

/** A table. Of two turns the better one counts, of memory the worse one. */
export async function benchBroker(): Promise<string> {
  execFileSync("npx", ["tsc", "-b", "packages/broker"], { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: "inherit" });
  const figures: Record<Kind, Figures[]> = { stock: [], rollcall: [] };
  for (const kind of TURNS) figures[kind].push(await measure(kind));
  const of = (kind: Kind, name: keyof Figures): number => {
    const turns = figures[kind].map((each) => each[name]);
    return name === "bytesPerIdle" ? Math.max(...turns) : Math.min(...turns);
  };
  const row = (label: string, name: keyof Figures, unit: string, digits: number): string => {
    const [ours, stock] = [of("rollcall", name), of("stock", name)];
    return `| ${label} | ${ours.toFixed(digits)} ${unit} | ${stock.toFixed(digits)} ${unit} | ${stock > 0 ? (ours / stock).toFixed(2) : ""} |`;
  };
  const [calm, flooded] = ["calmP99Ms", "floodedP99Ms"] as const;
  return [
    "| | this broker | `peer` | ratio |",
    "|---|---|---|---|",
    row("processor time of a connect", "connectMicros", "µs", 0),
    row("processor time of a relayed signal", "relayMicros", "µs", 1),
    row(`memory of an idle connection, among ${CLIENTS}`, "bytesPerIdle", "B", 0),
    row(`a signal under way, p99, at ${PACE.perSecond} a second`, calm, "ms", 2),
    row("the same while one client sends as fast as it can", flooded, "ms", 2),
    "",
  ].join("\n");
}

async function measure(kind: Kind): Promise<Figures> {
  const fileOf = (name: string): string => fileURLToPath(new URL(`broker/${name}.ts`, import.meta.url));
  const broker = await BenchChild.start<BrokerApi>(fileOf("broker-process"), kind);
  const load = await BenchChild.start<LoadApi>(fileOf("load-process"));
  const flooder = await BenchChild.start<LoadApi>(fileOf("load-process"), "100000");
  try {
    const port = await broker.call("port", undefined);
    const spent = async (work: () => Promise<unknown>): Promise<number> => {
      const before = await broker.call("usage", undefined);
      await work();
      return (await broker.call("usage", undefined)).cpuMicros - before.cpuMicros;
    };
    // The program is warm, and its first sockets have made what all of them share.
    await load.call("connect", { port, count: 200, parallel: PARALLEL });
    await load.call("relay", 200);
    await load.call("close", undefined);
    const empty = await broker.call("settledUsage", undefined);
    const connectMicros = (await spent(() => load.call("connect", { port, count: CLIENTS, parallel: PARALLEL }))) / CLIENTS;
    const idle = await broker.call("settledUsage", undefined);
    const relayMicros = (await spent(() => load.call("relay", SIGNALS))) / (CLIENTS * SIGNALS);
    const calm = await load.call("pace", PACE);
    const flooding = flooder.call("flood", { port, seconds: PACE.seconds + 1 });
    const flooded = await load.call("pace", PACE);
    await flooding;
    const bytesPerIdle = (idle.residentBytes - empty.residentBytes) / CLIENTS;
    return { connectMicros, relayMicros, bytesPerIdle, calmP99Ms: p99(calm), floodedP99Ms: p99(flooded) };
  } finally {
    await Promise.all([broker.end(), load.end(), flooder.end()]);
  }
}

function p99(times: readonly number[]): number {
  const sorted = times.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}
