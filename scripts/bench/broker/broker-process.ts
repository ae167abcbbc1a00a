/** A broker of `pnpm bench:broker` in a process of its own, so that its processor time and memory are its own. Parameters: `stock` or `rollcall`, and the address of a Redis if it is one of several nodes. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createBroker } from "@rollcall/broker";
import { PeerServer } from "peer";
import { answerCalls } from "./bench-child.ts";

export interface Usage {
  /** Of all threads, in the program and in the kernel for it. */
  readonly cpuMicros: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

export interface BrokerApi {
  port(): number;
  usage(): Usage;
  /** The same after garbage is collected and the heap has settled. */
  settledUsage(): Promise<Usage>;
  /** How late the event loop came to what was due, since it was asked before. */
  loopDelay(): LoopDelay;
}

export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Looked at so often; what the histogram holds is this and the delay. */
const DELAY_STEP_MS = 5;
const delays = monitorEventLoopDelay({ resolution: DELAY_STEP_MS });
const SIGNING_KEY = "of the nodes of one bench, and of nothing else";

const port = process.argv[2] === "stock" ? await startStock() : await startOurs();

/** As it is after `npm install peer`, but for its number of clients: its 5,000 would refuse who is on the way out of a round beside who comes in. */
async function startStock(): Promise<number> {
  const server = await new Promise<Server>((resolve) => {
    PeerServer({ port: 0, host: "127.0.0.1", concurrent_limit: 10_000 }, (listening) => resolve(listening));
  });
  if (!server.listening) await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Open to stock clients. Every limit as it is by default. */
async function startOurs(): Promise<number> {
  const redisUrl = process.argv[3];
  const shared = redisUrl === undefined ? {} : { redisUrl, signingKey: SIGNING_KEY };
  const broker = await createBroker({ port: 0, host: "127.0.0.1", open: true, ...shared });
  // Redis has answered.
  while (!(await fetch(`${broker.address}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
  return broker.port;
}

function loopDelay(): LoopDelay {
  const delayMs = (nanos: number): number => Math.max(0, nanos / 1e6 - DELAY_STEP_MS);
  const seen = { p99Ms: delayMs(delays.percentile(99)), maxMs: delayMs(delays.max) };
  delays.reset();
  delays.enable();
  return seen;
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuMicros: user + system, residentBytes: rss, heapBytes: heapUsed };
}

answerCalls<BrokerApi>({
  port: () => port,
  usage,
  settledUsage: async () => {
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return usage();
  },
  loopDelay,
});
