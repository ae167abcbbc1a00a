/** What a connect and a relayed signal take of this broker and of stock `peer`, which run side by side and are asked by turns: what else the machine does falls on both. */
import { median } from "../quantile.ts";
import type { BenchChild } from "./bench-child.ts";
import type { BrokerApi } from "./broker-process.ts";
import type { LoadApi } from "./load-process.ts";
import { PARALLEL, SIGNALS, spentMicros, startBroker, startLoad, warm, type Kind } from "./started.ts";

/** The first ones of a process, so many by turns; of fresh processes so many times, since V8 compiles what it runs through at other moments each time. */
const FRESH = { clients: 2_000, step: 500, processes: 5 } as const;
/** Clients come and go, all but some, until the program has no more to be compiled: then these rounds count. */
const WARM = { clients: 1_000, kept: 100, roundsBefore: 10, rounds: 10, processes: 2 } as const;
/** Of all clients of a fresh process, once with what is compiled meanwhile, and then by turns. */
const RELAY_ROUNDS = 2;
const KINDS = ["stock", "rollcall"] as const;

/** Of one turn, in µs. */
type Turn = Readonly<Record<Kind, number>>;

interface Side {
  readonly broker: BenchChild<BrokerApi>;
  readonly load: BenchChild<LoadApi>;
  readonly port: number;
}

type Sides = Readonly<Record<Kind, Side>>;

/** Rows of the table. */
export async function costRows(): Promise<string[]> {
  const fresh: Turn[] = [];
  const relayed: Turn[] = [];
  const measureBoth = async (sides: Sides): Promise<void> => {
    fresh.push(await measureFresh(sides));
    relayed.push(...(await measureRelay(sides)));
  };
  for (let turn = 0; turn < FRESH.processes; turn++) await withSides(measureBoth);
  const warmed: Turn[] = [];
  for (let turn = 0; turn < WARM.processes; turn++) warmed.push(...(await withSides(measureWarm)));
  process.stderr.write(`costs: ${JSON.stringify({ fresh, warmed, relayed })}\n`);
  return [
    row(`processor time of a connect, of the first ${FRESH.clients} of a process`, fresh),
    row(`the same after ${WARM.roundsBefore * WARM.clients} that came and went`, warmed),
    row("processor time of a relayed signal", relayed, 1),
  ];
}

function row(label: string, turns: readonly Turn[], digits = 0): string {
  const shown = (kind: Kind): string => `${median(turns.map((turn) => turn[kind])).toFixed(digits)} µs`;
  const ratio = median(turns.map((turn) => turn.rollcall / turn.stock)).toFixed(2);
  return `| ${label} | ${shown("rollcall")} | ${shown("stock")} | ${ratio} |`;
}

async function withSides<Result>(measure: (sides: Sides) => Promise<Result>): Promise<Result> {
  const sides = { stock: await startSide("stock"), rollcall: await startSide("rollcall") };
  try {
    return await measure(sides);
  } finally {
    await Promise.all(KINDS.flatMap((kind) => [sides[kind].broker.end(), sides[kind].load.end()]));
  }
}

async function startSide(kind: Kind): Promise<Side> {
  const broker = await startBroker(kind);
  return { broker, load: await startLoad(), port: await broker.call("port", undefined) };
}

async function measureFresh(sides: Sides): Promise<Turn> {
  for (const { broker, load, port } of Object.values(sides)) {
    await warm(load, port);
    await broker.call("settledUsage", undefined);
  }
  const micros = { stock: 0, rollcall: 0 };
  for (let done = 0; done < FRESH.clients; done += FRESH.step) {
    for (const kind of KINDS) micros[kind] += (await connectMicros(sides[kind], FRESH.step)) * (FRESH.step / FRESH.clients);
  }
  return micros;
}

/** After `measureFresh`. */
async function measureRelay(sides: Sides): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (let round = 0; round <= RELAY_ROUNDS; round++) {
    const micros = { stock: 0, rollcall: 0 };
    for (const kind of KINDS) {
      const { broker, load } = sides[kind];
      micros[kind] = (await spentMicros(broker, () => load.call("relay", SIGNALS))) / (FRESH.clients * SIGNALS);
    }
    turns.push(micros);
  }
  return turns.slice(1);
}

/** No garbage is asked for: with the last socket gone, V8 would throw away what it compiled for sockets. */
async function measureWarm(sides: Sides): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (let round = 0; round < WARM.roundsBefore + WARM.rounds; round++) {
    const micros = { stock: 0, rollcall: 0 };
    for (const kind of KINDS) {
      micros[kind] = await connectMicros(sides[kind], WARM.clients);
      await sides[kind].load.call("close", WARM);
    }
    turns.push(micros);
  }
  return turns.slice(WARM.roundsBefore);
}

async function connectMicros({ broker, load, port }: Side, count: number): Promise<number> {
  return (await spentMicros(broker, () => load.call("connect", { port, count, parallel: PARALLEL }))) / count;
}
