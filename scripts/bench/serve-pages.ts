import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";
import { freePort } from "../free-port.ts";

const PAGES = fileURLToPath(new URL("./pages", import.meta.url));

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export interface ServedPages {
  /** Address of a page, by the name of its file. */
  url(name: string): string;
  close(): Promise<void>;
}

/** Builds the bench's pages as for players and serves them, with a broker behind the same origin. */
export async function servePages(names: readonly string[], brokerPort: number): Promise<ServedPages> {
  const outDir = mkdtempSync(join(tmpdir(), "rollcall-bench-"));
  const port = await freePort({ name: "page port", wanted: 17_173, fixed: false, host: "127.0.0.1" });
  await build({
    root: PAGES,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rollcall/source", "module", "browser", "import", "default"] },
    build: { outDir, emptyOutDir: true, target: "es2022", rollupOptions: { input: names.map((name) => join(PAGES, name)) } },
  });
  const target = `http://127.0.0.1:${brokerPort}`;
  const proxy = { "/lobby": { target, ws: true, xfwd: true }, "/peerjs": { target, ws: true, xfwd: true } };
  const web = await preview({
    root: PAGES,
    configFile: false,
    logLevel: "silent",
    build: { outDir },
    // Isolated, so that the clock of a page ticks in 5 µs: in 100 µs an echo is 0.4 or 0.5 ms.
    preview: { port, strictPort: true, proxy, headers: ISOLATION },
  });
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    close: async () => {
      await web.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}
