import { createBroker } from "@rollcall/broker";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of a real broker for tests in a browser, which cannot start one. */
    brokerUrl: string;
  }
}

/** Starts the broker before the browser tests, and returns the way to stop it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await createBroker({ host: "127.0.0.1" });
  project.provide("brokerUrl", broker.address);
  return () => broker.close();
}
