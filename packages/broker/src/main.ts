#!/usr/bin/env node
import { createBroker, type Broker } from "./broker.ts";
import { readSettings } from "./settings.ts";

/** Exit codes: 1 the broker could not start or broke, 2 the settings are wrong. */
async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings.kind === "help") {
    console.log(settings.text);
    return;
  }
  if (settings.kind === "refused") {
    console.error(`rollcall-broker: ${settings.message}`);
    process.exitCode = 2;
    return;
  }
  let broker: Broker;
  try {
    broker = await createBroker({ ...settings.options, log: (line) => console.log(line) });
  } catch (error) {
    console.error(`rollcall-broker: cannot listen on port ${settings.options.port} (--port, --host): ${codeOf(error)}`);
    process.exitCode = 1;
    return;
  }
  console.log(`rollcall-broker listening on ${broker.address}`);
  let stopping = false;
  const stop = (exitCode: number): void => {
    // Asked twice: the person means it.
    if (stopping) process.exit(exitCode);
    stopping = true;
    void broker.close().finally(() => process.exit(exitCode));
  };
  process.on("SIGINT", () => stop(0));
  process.on("SIGTERM", () => stop(0));
  // A state that nobody foresaw is not one to go on with; members find their way back after a restart.
  process.on("uncaughtException", (error) => {
    console.error(`rollcall-broker: failure: ${error.stack ?? error.name}`);
    stop(1);
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : String(error);
}

await main();
