#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import type { BrokerOptions } from "./broker-options.ts";
import { createBroker, type Broker } from "./broker.ts";
import { failureEntry, type Log } from "./log-entry.ts";
import { createPinoLog } from "./pino-log.ts";
import { readSettings } from "./settings.ts";
import { readTicketCommand } from "./ticket-command.ts";
import { createTicket } from "./tickets.ts";

/** Beyond the drain: a goodbye is read in a third of a second. At half, a busy machine is cut off; at double, whoever waits for the end kills it first. */
const CLOSE_MS_MAX = 3_000;

/** Exit codes: 1 the broker could not start or broke, 2 the settings are wrong. */
async function main(): Promise<void> {
  const [first, ...others] = process.argv.slice(2);
  if (first === "ticket") return makeTicket(others);
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings.kind === "help") {
    console.log(settings.text);
    return;
  }
  if (settings.kind === "version") {
    console.log(ownVersion());
    return;
  }
  if (settings.kind === "refused") {
    console.error(`rollcall-broker: ${settings.message}`);
    process.exitCode = 2;
    return;
  }
  const { options, logLevel } = settings;
  const log = createPinoLog(logLevel);
  let broker: Broker;
  try {
    broker = await createBroker({ ...options, log });
  } catch (error) {
    console.error(`rollcall-broker: ${startFailure(error, options)}`);
    process.exitCode = 1;
    return;
  }
  log({
    event: "listening",
    address: broker.address,
    version: ownVersion(),
    ...(broker.metricsPort === undefined ? {} : { metricsPort: broker.metricsPort }),
  });
  endInOrder(broker, log, options.drainMs ?? 0);
}

async function makeTicket(args: readonly string[]): Promise<void> {
  const command = readTicketCommand(args, process.env);
  if (command.kind === "ticket") console.log(await createTicket(command.options));
  else {
    console.error(`rollcall-broker: ${command.message}`);
    process.exitCode = 2;
  }
}

function endInOrder(broker: Broker, log: Log, drainMs: number): void {
  let stopping = false;
  const stop = (exitCode: number, end: () => Promise<void>, msMax: number): void => {
    // Asked twice: the person means it.
    if (stopping) process.exit(exitCode);
    stopping = true;
    setTimeout(() => process.exit(exitCode), msMax).unref();
    void end().finally(() => {
      log({ event: "stopped", exitCode });
      process.exit(exitCode);
    });
  };
  const drain = (): void => stop(0, () => broker.drain(), drainMs + CLOSE_MS_MAX);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, drain);
  // Its terminal was closed; or, for a service, somebody asks it to read its files again, which it does by itself.
  process.on("SIGHUP", () => isatty(0) && drain());
  // A state that nobody foresaw is not one to go on with; members find their way back after a restart.
  process.on("uncaughtException", (error) => {
    log(failureEntry(error));
    stop(1, () => broker.close(), CLOSE_MS_MAX);
  });
}

function startFailure(error: unknown, { host, port, metricsPort }: BrokerOptions): string {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return `cannot start: ${String(error)}`;
  const code = String(error.code);
  if (error.syscall === "getaddrinfo") return `cannot find the address of ${host} (--host): ${code}`;
  if (error.syscall !== "listen") return `cannot start: ${code}`;
  const isMetrics = "port" in error && error.port === metricsPort && metricsPort !== port;
  return `cannot listen on port ${isMetrics ? `${metricsPort} (--metrics-port, --metrics-host)` : `${port} (--port, --host)`}: ${code}`;
}

function ownVersion(): string {
  const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return manifest.version;
}

await main();
