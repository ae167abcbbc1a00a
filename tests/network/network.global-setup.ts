import { rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { TestProject } from "vitest/node";
import { ensureChromium } from "../../scripts/install-chromium.ts";
import { removeNamespaces } from "./lab/namespaces.ts";
import { ensureLabTools } from "./lab/lab-tools.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the lab may put files; its page is built into `page` there. */
    labFolder: string;
    chromiumPath: string;
  }
}

/** The same in every run: there is one lab at a time, and it takes away what the one before it left. */
const FOLDER = join(tmpdir(), "rollcall-lab");
const PAGE = fileURLToPath(new URL("page", import.meta.url));

/** Prepares the network lab once, and returns the way to leave nothing of it behind. */
export async function setup(project: TestProject): Promise<() => void> {
  const lock = await takeLock();
  ensureLabTools();
  const clean = (): void => {
    removeNamespaces();
    rmSync(FOLDER, { recursive: true, force: true });
  };
  // What a run left behind that was killed.
  clean();
  await build({
    root: PAGE,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rollcall/source", "module", "browser", "import", "default"] },
    build: { outDir: join(FOLDER, "page"), emptyOutDir: true, target: "es2022" },
  });
  project.provide("labFolder", FOLDER);
  project.provide("chromiumPath", ensureChromium());
  process.once("exit", clean);
  return () => {
    process.off("exit", clean);
    clean();
    lock.close();
  };
}

/** One lab at a time on a machine: the names are its own. The kernel drops an abstract socket with its process. */
function takeLock(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", () => reject(new Error("Another run of the network lab is under way on this machine. Wait for its end.")));
    server.listen("\0rollcall-network-lab", () => resolve(server));
    server.unref();
  });
}
