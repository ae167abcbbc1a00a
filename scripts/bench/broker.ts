/**
 * `pnpm bench:broker`: this broker, open and with all limits on, beside stock `peer` 1.0.2, each twice by turns in one run, each time in a fresh process; then two nodes of this broker on a
 * Redis of their own. Clients are sockets of a second process, each from an address of its own. Processor time is the broker process's own, its kernel time included.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RedisServer } from "../../packages/broker/test/redis-server.ts";
import { BenchChild } from "./broker/bench-child.ts";
import type { BrokerApi } from "./broker/broker-process.ts";
import type { LoadApi, Passage } from "./broker/load-process.ts";
import { median, quantile } from "./quantile.ts";

const CLIENTS = 2_000;
const PARALLEL = 50;
/** Signals of each client: an offer, an answer, ten candidates, twice over. */
const SIGNALS = 24;
const PACE = { perSecond: 400, seconds: 3 } as const;
/** Of the pace without a flood, while one floods another process of the same server, and while one floods this one, by turns. */
const FLOODS = 3;
/** Before what is measured each client says its heartbeat once, which PeerJS does five seconds after it came. */
const IDLE = { clients: 5_000, firstSeconds: 5, seconds: 10 } as const;
/** Clients come and go, all but some, until the program has no more to be compiled: then these rounds count. */
const WARM = { clients: 1_000, kept: 100, roundsBefore: 10, rounds: 5 } as const;
const TURNS = ["stock", "rollcall", "stock", "rollcall"] as const;
/** Pairs at one node, as many with an end at each, and as many with Redis alone between them. */
const NODE_PAIRS = 200;
const NODE_ROUNDS = 5;
/** A third of it by Redis alone. */
const NODE_PACE = { perSecond: 600, seconds: 3, parts: 3 } as const;

type Kind = (typeof TURNS)[number];

interface Figures {
  readonly connectMicros: number;
  readonly warmConnectMicros: number;
  readonly relayMicros: number;
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
    figures[kind].push({ ...(await measureLoad(kind)), ...(await measureWarm(kind)), ...(await measureIdle(kind)) });
    process.stderr.write(`${kind}: ${JSON.stringify(figures[kind].at(-1))}\n`);
  }
  return [...comparison(figures), "", ...(await measureNodes()), ""].join("\n");
}

function comparison(figures: Readonly<Record<Kind, readonly Figures[]>>): string[] {
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
    row(`processor time of a connect, of the first ${CLIENTS} of a process`, "connectMicros", " µs", 0),
    row(`the same after ${WARM.roundsBefore * WARM.clients} that came and went`, "warmConnectMicros", " µs", 0),
    row("processor time of a relayed signal", "relayMicros", " µs", 1),
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

const fileOf = (name: string): string => fileURLToPath(new URL(`broker/${name}.ts`, import.meta.url));

async function spentMicros(broker: BenchChild<BrokerApi>, work: () => Promise<unknown>): Promise<number> {
  const before = await usedMicros(broker);
  await work();
  return (await usedMicros(broker)) - before;
}

async function usedMicros(broker: BenchChild<BrokerApi>): Promise<number> {
  return (await broker.call("usage", undefined)).cpuMicros;
}

/** What all sockets share is made with the first ones. */
async function warm(load: BenchChild<LoadApi>, port: number): Promise<void> {
  await load.call("connect", { port, count: 200, parallel: PARALLEL });
  await load.call("relay", SIGNALS);
  await load.call("close", { kept: 0 });
}

type LoadFigures = Omit<Figures, keyof WarmFigures | keyof IdleFigures>;

async function measureLoad(kind: Kind): Promise<LoadFigures> {
  const broker = await BenchChild.start<BrokerApi>(fileOf("broker-process"), kind);
  const load = await BenchChild.start<LoadApi>(fileOf("load-process"));
  const flooder = await BenchChild.start<LoadApi>(fileOf("load-process"), "100000");
  const other = await BenchChild.start<BrokerApi>(fileOf("broker-process"), kind);
  try {
    const port = await broker.call("port", undefined);
    await warm(load, port);
    const empty = await broker.call("settledUsage", undefined);
    const connectMicros = (await spentMicros(broker, () => load.call("connect", { port, count: CLIENTS, parallel: PARALLEL }))) / CLIENTS;
    const idle = await broker.call("settledUsage", undefined);
    const relayMicros = (await spentMicros(broker, () => load.call("relay", SIGNALS))) / (CLIENTS * SIGNALS);
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
      connectMicros,
      relayMicros,
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

type WarmFigures = Pick<Figures, "warmConnectMicros">;

/** Of a process that runs for a while. No garbage is asked for: with the last socket gone, V8 would throw away what it compiled for sockets. */
async function measureWarm(kind: Kind): Promise<WarmFigures> {
  const broker = await BenchChild.start<BrokerApi>(fileOf("broker-process"), kind);
  const load = await BenchChild.start<LoadApi>(fileOf("load-process"));
  try {
    const port = await broker.call("port", undefined);
    const connect = (): Promise<void> => load.call("connect", { port, count: WARM.clients, parallel: PARALLEL });
    const micros: number[] = [];
    for (let round = 0; round < WARM.roundsBefore + WARM.rounds; round++) {
      micros.push((await spentMicros(broker, connect)) / WARM.clients);
      await load.call("close", WARM);
    }
    return { warmConnectMicros: median(micros.slice(WARM.roundsBefore)) };
  } finally {
    await Promise.all([broker.end(), load.end()]);
  }
}

type IdleFigures = Pick<Figures, "bytesPerIdleOfMany" | "idleMicrosPerSecond" | "idleDelayP99Ms" | "idleDelayMaxMs">;

/** Clients that say nothing but that they live. */
async function measureIdle(kind: Kind): Promise<IdleFigures> {
  const broker = await BenchChild.start<BrokerApi>(fileOf("broker-process"), kind);
  const load = await BenchChild.start<LoadApi>(fileOf("load-process"));
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

/** Pairs with an end at each node, pairs at one node and pairs that have nothing but Redis between them signal side by side, so that whatever else the machine does falls on all. */
async function measureNodes(): Promise<string[]> {
  const redis = await RedisServer.start();
  const nodes = [
    await BenchChild.start<BrokerApi>(fileOf("broker-process"), "rollcall", redis.url),
    await BenchChild.start<BrokerApi>(fileOf("broker-process"), "rollcall", redis.url),
  ] as const;
  const load = await BenchChild.start<LoadApi>(fileOf("load-process"));
  try {
    const [port, otherPort] = await Promise.all([nodes[0].call("port", undefined), nodes[1].call("port", undefined)]);
    const count = 2 * NODE_PAIRS;
    await load.call("connect", { port, otherPort, count, parallel: PARALLEL });
    // Warm, as nodes are that run for longer than a bench.
    await load.call("relay", SIGNALS);
    const used = async (): Promise<readonly number[]> => [
      (await usedMicros(nodes[0])) + (await usedMicros(nodes[1])),
      await redis.usedMicros(),
    ];
    const before = await used();
    await load.call("relay", SIGNALS);
    const micros = (await used()).map((after, index) => (after - (before[index] ?? 0)) / (count * SIGNALS));
    await load.call("connect", { port, count, parallel: PARALLEL });
    await load.call("connectBare", { redisPort: redis.port, pairs: NODE_PAIRS });
    await load.call("relay", SIGNALS);
    await load.call("pace", NODE_PACE);
    const rounds: (readonly (readonly Passage[])[])[] = [];
    for (let round = 0; round < NODE_ROUNDS; round++) {
      const passages = await load.call("pace", NODE_PACE);
      rounds.push([0, 1, 2].map((kind) => passages.filter(({ pair }) => Math.floor(pair / NODE_PAIRS) === kind)));
    }
    return nodesTable(rounds, micros);
  } finally {
    await Promise.all([...nodes.map((node) => node.end()), load.end(), redis.dispose()]);
  }
}

/** Of each round what was under way between two nodes, at one node, and by Redis alone; `micros`: processor time that a signal from node to node takes of both nodes, and of Redis. */
function nodesTable(rounds: readonly (readonly (readonly Passage[])[])[], micros: readonly number[]): string[] {
  const row = (label: string, share: number): string => {
    const times = rounds.map((kinds) => kinds.map((passages) => shareOf(passages, share)));
    const [cross, same, bare] = [0, 1, 2].map((kind) => median(times.map((each) => each[kind] ?? Number.NaN)).toFixed(2));
    const ratio = median(times.map(([ofCross = 0, ofSame = 0]) => ofCross / ofSame)).toFixed(2);
    const least = median(times.map(([, ofSame = 0, ofBare = 0]) => (ofSame + ofBare) / ofSame)).toFixed(2);
    return `| a signal under way, ${label} | ${same} ms | ${bare} ms | ${cross} ms | ${ratio} | ${least} |`;
  };
  const [ofNodes, ofRedis] = micros.map((each) => each.toFixed(1));
  return [
    `| two nodes on Redis, ${NODE_PACE.perSecond} signals a second | at one node | by Redis alone | from node to node | third by first | least |`,
    "|---|---|---|---|---|---|",
    row("median", 0.5),
    row("p99", 0.99),
    `| processor time of a signal, of both nodes and of Redis | | ${ofRedis} µs | ${ofNodes} µs | | |`,
  ];
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
