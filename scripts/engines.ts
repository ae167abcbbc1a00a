/**
 * `pnpm engines`: the golden games, a million frames each, on V8 in Node, Chromium, Firefox and JavaScriptCore. Fails when a digest is not the
 * pinned one. Missing engines are installed where that can be done (root on Debian); else it says which package has them.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { EngineReport } from "../packages/netcode/test/engine-report.ts";
import { chromiumFlags } from "./chromium.ts";
import { ensureChromium } from "./install-chromium.ts";
import { ensureProgram } from "./install-program.ts";

const PROGRAM = fileURLToPath(new URL("../packages/netcode/test/engine-program.ts", import.meta.url));
const RUN = "JSON.stringify(rollcallEngine.runOnEngine())";
/** The slowest engine takes under a minute; this is for one that hangs. */
const RUN_MS_MAX = 600_000;

interface Engine {
  readonly name: string;
  readonly version: string;
  run(script: string, folder: string): Promise<EngineReport>;
}

/** The program as one script, which leaves `rollcallEngine` behind. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rollcall/source", "module", "import", "default"] },
    build: { write: false, minify: false, target: "es2023", lib: { entry: PROGRAM, formats: ["iife"], name: "rollcallEngine" } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
  if (chunk?.type !== "chunk") throw new Error("The program for the engines could not be bundled.");
  return chunk.code;
}

/** An engine with a command line of its own; `say` prints a text there. */
function shellEngine(options: { readonly name: string; readonly version: string; readonly path: string; readonly say: string }): Engine {
  return {
    name: options.name,
    version: options.version,
    run: async (script, folder) => {
      const file = join(folder, "program.js");
      writeFileSync(file, `${script}\n${options.say}(${RUN});\n`);
      const child = spawn(options.path, [file], { stdio: ["ignore", "pipe", "inherit"], timeout: RUN_MS_MAX });
      const ended = once(child, "close");
      const output = await text(child.stdout);
      await ended;
      if (child.exitCode !== 0) throw new Error(`${options.name} ended with ${child.exitCode ?? child.signalCode ?? "an error"}.`);
      return JSON.parse(output) as EngineReport;
    },
  };
}

/** A browser, which is sent to a page of ours; a worker there runs the program and posts what came out. */
function browserEngine(options: {
  readonly name: string;
  readonly path: string;
  readonly flags: (profile: string) => readonly string[];
}): Engine {
  return {
    name: options.name,
    version: versionOf(options.path),
    run: async (script, folder) => {
      const page = new ReportPage(`${script}\nfetch("/report", { method: "POST", body: ${RUN} });\n`);
      const url = await page.open();
      // Firefox waits for ever on a profile folder that is not there.
      const profile = mkdtempSync(join(folder, "profile-"));
      const child = spawn(options.path, [...options.flags(profile), url], {
        stdio: "ignore",
        detached: true,
      });
      try {
        const ended = once(child, "exit").then(() => Promise.reject(new Error(`${options.name} ended before it reported.`)));
        return JSON.parse(await Promise.race([page.report, ended, timeout(options.name)])) as EngineReport;
      } finally {
        stop(child);
        page.close();
      }
    },
  };
}

/** A page whose worker runs a program and posts its report. */
class ReportPage {
  readonly report: Promise<string>;
  readonly #server: Server;
  #resolve: (report: string) => void = () => {};

  constructor(program: string) {
    this.report = new Promise((resolve) => (this.#resolve = resolve));
    this.#server = createServer((request, response) => {
      if (request.url === "/program.js") {
        response.setHeader("content-type", "text/javascript").end(program);
      } else if (request.url === "/report") {
        void text(request).then(this.#resolve);
        response.end();
      } else {
        response.setHeader("content-type", "text/html").end(`<!doctype html><script>new Worker("/program.js")</script>`);
      }
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The page for the browsers has no port.");
    return `http://127.0.0.1:${address.port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function timeout(name: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${name} did not report within ${RUN_MS_MAX / 60_000} minutes.`)), RUN_MS_MAX).unref();
  });
}

/** A browser is several processes in one group. */
function stop(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  process.kill(-child.pid, "SIGKILL");
}

function versionOf(path: string): string {
  return spawnSync(path, ["--version"], { encoding: "utf8" }).stdout.trim();
}

/** `jsc` does not tell its version; the package does. */
function debianVersionOf(name: string): string {
  const { status, stdout } = spawnSync("dpkg-query", ["-W", "-f", "${Version}", name], { encoding: "utf8" });
  return status === 0 ? `WebKitGTK ${stdout.trim()}` : "WebKitGTK, version unknown";
}

function engines(): Engine[] {
  const chromium = ensureChromium();
  const firefox = ensureProgram({ names: ["firefox-esr", "firefox"], setting: "FIREFOX_PATH", debianPackage: "firefox-esr" });
  const jsc = ensureProgram({ names: ["jsc"], setting: "JSC_PATH", debianPackage: "libjavascriptcoregtk-4.0-bin" });
  return [
    shellEngine({
      name: "node",
      version: `Node ${process.versions.node}, V8 ${process.versions.v8}`,
      path: process.execPath,
      say: "console.log",
    }),
    browserEngine({
      name: "chromium",
      path: chromium,
      flags: (profile) => ["--headless=new", ...chromiumFlags(), `--user-data-dir=${profile}`],
    }),
    browserEngine({ name: "firefox", path: firefox, flags: (profile) => ["--headless", "--no-remote", "--profile", profile] }),
    shellEngine({ name: "jsc", version: debianVersionOf("libjavascriptcoregtk-4.0-bin"), path: jsc, say: "print" }),
  ];
}

function hex(digest: number): string {
  return digest.toString(16).padStart(8, "0");
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-engines-"));
  try {
    const script = await bundle();
    process.stdout.write(
      `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; program ${(script.length / 1024).toFixed(0)} KiB\n\n`,
    );
    process.stdout.write(
      "| engine | version | 50,000 frames | the same, poisoned | 1,000,000 frames | own `Math` differs in | ns per call, exact / own | s |\n|---|---|---|---|---|---|---|---|\n",
    );
    let isGolden = true;
    for (const engine of engines()) {
      const startedMs = performance.now();
      const report = await engine.run(script, folder);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const { prefixDigest, poisonedDigest, digest, ownMathDiffers, exactNs, ownNs } = report;
      isGolden &&= report.isGolden;
      process.stdout.write(
        `| ${engine.name} | ${engine.version} | ${hex(prefixDigest)} | ${hex(poisonedDigest)} | ${hex(digest)} | ${ownMathDiffers.join(" ")} | ${exactNs.toFixed(0)} / ${ownNs.toFixed(0)} | ${seconds} |\n`,
      );
    }
    process.stdout.write(isGolden ? "\nall equal, and as pinned\n" : "\nNOT as pinned\n");
    process.exitCode = isGolden ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
