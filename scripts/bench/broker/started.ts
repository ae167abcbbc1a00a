/** Processes of `pnpm bench:broker`, and what they take. */
import { fileURLToPath } from "node:url";
import { BenchChild, type Calls } from "./bench-child.ts";
import type { BrokerApi } from "./broker-process.ts";
import type { LoadApi } from "./load-process.ts";

export type Kind = "stock" | "rollcall";

/** Handshakes at a time. */
export const PARALLEL = 50;
/** Signals of each client: an offer, an answer, ten candidates, twice over. */
export const SIGNALS = 24;

export function startBroker(kind: Kind, ...redisUrl: readonly string[]): Promise<BenchChild<BrokerApi>> {
  return startChild<BrokerApi>("broker-process", kind, ...redisUrl);
}

/** `firstAddress`: clients of two of them that go to one broker should not share theirs. */
export function startLoad(firstAddress = 0): Promise<BenchChild<LoadApi>> {
  return startChild<LoadApi>("load-process", String(firstAddress));
}

export function startChild<Api extends Calls<Api>>(name: string, ...parameters: readonly string[]): Promise<BenchChild<Api>> {
  return BenchChild.start<Api>(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), ...parameters);
}

export async function usedMicros(broker: BenchChild<BrokerApi>): Promise<number> {
  return (await broker.call("usage", undefined)).cpuMicros;
}

export async function spentMicros(broker: BenchChild<BrokerApi>, work: () => Promise<unknown>): Promise<number> {
  const before = await usedMicros(broker);
  await work();
  return (await usedMicros(broker)) - before;
}

/** What all sockets share is made with the first ones. */
export async function warm(load: BenchChild<LoadApi>, port: number): Promise<void> {
  await load.call("connect", { port, count: 200, parallel: PARALLEL });
  await load.call("relay", SIGNALS);
  await load.call("close", { kept: 0 });
}
