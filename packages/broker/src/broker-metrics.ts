/** The one file that knows `prom-client`. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Counters } from "./counters.ts";
import type { StoreOperation } from "./measured-store.ts";
import { SOCKET_KINDS, type Meters } from "./meters.ts";

export interface BrokerMetricsOptions {
  readonly meters: Meters;
  /** What was refused, by reason. */
  readonly refusals: Counters;
  /** Who has a seat in a lobby of which somebody is connected here. */
  readonly memberCount: () => number;
  readonly lobbyCount: () => Promise<number>;
  readonly isReady: () => boolean;
  /** What nodes share; `undefined`: this process is alone. */
  readonly cluster: { readonly isUp: boolean; readonly nodeCount: number } | undefined;
}

/** From a memory store's tenth of a millisecond to the second after which a join is told to come again. */
const STORE_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/**
 * What `/metrics` tells, in the text format of Prometheus. Labels are words of the broker's own, each with few values: never an id, a code, an address or
 * a text that somebody sent. Numbers are read when they are asked for.
 */
export class BrokerMetrics {
  readonly #registry = new Registry();
  readonly #storeSeconds: Histogram<"operation">;
  readonly #storeFailures: Counter<"operation">;

  constructor(options: BrokerMetricsOptions) {
    const registers = [this.#registry];
    // The process: CPU, memory, handles, event-loop lag, garbage collection.
    collectDefaultMetrics({ register: this.#registry });
    this.#storeSeconds = new Histogram({
      name: "rollcall_store_operation_seconds",
      help: "How long the store of lobbies took to answer.",
      labelNames: ["operation"],
      buckets: STORE_SECONDS,
      registers,
    });
    this.#storeFailures = new Counter({
      name: "rollcall_store_failures_total",
      help: "Operations that the store of lobbies did not do.",
      labelNames: ["operation"],
      registers,
    });
    this.#addGauges(options);
    this.#addCounters(options);
  }

  observeStore(operation: StoreOperation, tookMs: number, failed: boolean): void {
    this.#storeSeconds.observe({ operation }, tookMs / 1_000);
    if (failed) this.#storeFailures.inc({ operation });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #addGauges({ meters, memberCount, lobbyCount, isReady, cluster }: BrokerMetricsOptions): void {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
      const made: Gauge = new Gauge({
        name,
        help,
        registers,
        async collect() {
          made.set(await read());
        },
      });
    };
    const sockets = new Gauge({
      name: "rollcall_sockets",
      help: "Open sockets, by kind: lobby (control) and signaling.",
      labelNames: ["kind"],
      registers,
      collect() {
        for (const kind of SOCKET_KINDS) sockets.set({ kind }, meters.traffic(kind).sockets);
      },
    });
    gauge("rollcall_members", "Members that this process knows, connected or with a kept seat.", memberCount);
    gauge("rollcall_lobbies", "Lobbies in the store. With a shared store all nodes tell the same number: take the maximum.", () =>
      // Away: the other figures are wanted all the more.
      lobbyCount().catch(() => Number.NaN),
    );
    gauge("rollcall_ready", "1 while new members are taken: neither draining nor without a usable store.", () => (isReady() ? 1 : 0));
    gauge("rollcall_store_up", "1 while the store answers: always, where lobbies live in this process.", () =>
      cluster?.isUp === false ? 0 : 1,
    );
    gauge("rollcall_nodes", "Brokers that share the store and were heard of lately, this one too.", () => cluster?.nodeCount ?? 1);
  }

  #addCounters({ meters, refusals }: BrokerMetricsOptions): void {
    const table = (name: string, help: string, labelNames: readonly string[], read: () => Iterable<readonly [string, number]>): void => {
      const counter: Counter = new Counter({
        name,
        help,
        labelNames: [...labelNames],
        registers: [this.#registry],
        collect() {
          counter.reset();
          for (const [key, count] of read()) counter.inc(labelsOf(labelNames, key), count);
        },
      });
    };
    const entries = (counters: Counters) => () => Object.entries(counters.snapshot());
    table(
      "rollcall_requests_total",
      "Answered requests of members: create, join, kick, …; ok or why not.",
      ["command", "outcome"],
      entries(meters.requests),
    );
    table(
      "rollcall_signals_total",
      "Signals between members, by type and what became of them.",
      ["type", "outcome"],
      entries(meters.signals),
    );
    table("rollcall_refusals_total", "What was turned away, by reason.", ["reason"], entries(refusals));
    for (const [name, help, key] of [
      ["rollcall_received_bytes_total", "Bytes that came over sockets.", "bytesIn"],
      ["rollcall_sent_bytes_total", "Bytes that went over sockets.", "bytesOut"],
    ] as const) {
      table(name, help, ["kind"], () => SOCKET_KINDS.map((kind) => [kind, meters.traffic(kind)[key]] as const));
    }
  }
}

/** `join ok` under `command`, `outcome`. */
function labelsOf(names: readonly string[], key: string): Record<string, string> {
  const values = names.length === 1 ? [key] : key.split(" ", names.length);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}
