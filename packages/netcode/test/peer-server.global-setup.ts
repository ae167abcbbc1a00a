import type { TestProject } from "vitest/node";
import { startPeerServer } from "./peer-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of a stock PeerServer for tests in a browser, which cannot start one. */
    peerServerUrl: string;
  }
}

/** Starts the PeerServer before the browser tests, and returns the way to stop it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPeerServer();
  project.provide("peerServerUrl", server.url.href);
  return () => server.close();
}
