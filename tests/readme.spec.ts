import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, type Browser } from "playwright/test";
import { build, preview } from "vite";
import { freePort } from "../scripts/free-port.ts";

const SNIPPETS = fileURLToPath(new URL("./snippets", import.meta.url));
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const QUICK_START = readFileSync(new URL("../docs/guides/quick-start.md", import.meta.url), "utf8");
const LINES_MAX = 25;

test("[EE12] the snippet of the README is at most 25 lines and makes a plain canvas game multiplayer", async ({ browser }) => {
  const source = readFileSync(join(SNIPPETS, "squares.ts"), "utf8");
  expect(README).toContain(`\`\`\`ts\n${source}\`\`\``);
  expect(source.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(LINES_MAX);

  const outDir = mkdtempSync(join(tmpdir(), "rollcall-readme-"));
  try {
    await buildAndPlay(browser, outDir, {});
    expect(readScripts(outDir)).toContain("adapter.js shimming");
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
});

test("[EE44] two pages play without webrtc-adapter, where the game's bundler puts the quick start's line in its place", async ({
  browser,
}) => {
  const alias = { "webrtc-adapter": "/no-webrtc-adapter.js" };
  expect(QUICK_START).toContain(readFileSync(join(SNIPPETS, "no-webrtc-adapter.js"), "utf8"));
  for (const [name, file] of Object.entries(alias)) expect(QUICK_START).toContain(`alias: { "${name}": "${file}" }`);
  const outDir = mkdtempSync(join(tmpdir(), "rollcall-light-"));
  try {
    await buildAndPlay(browser, outDir, alias);
    expect(readScripts(outDir)).not.toContain("adapter.js shimming");
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
});

function readScripts(outDir: string): string {
  const files = readdirSync(outDir, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  return files.map((file) => readFileSync(join(outDir, file), "utf8")).join("");
}

/** The snippet, by Vite with these aliases; played by two pages. */
async function buildAndPlay(browser: Browser, outDir: string, alias: Readonly<Record<string, string>>): Promise<void> {
  const target = `http://127.0.0.1:${process.env["ROLLCALL_E2E_BROKER_PORT"]}`;
  const proxy = { "/lobby": { target, ws: true, xfwd: true }, "/peerjs": { target, ws: true, xfwd: true } };
  await build({
    root: SNIPPETS,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rollcall/source", "module", "browser", "import", "default"], alias },
    build: { outDir, emptyOutDir: true, target: "es2022", rollupOptions: { input: join(SNIPPETS, "squares.html") } },
  });
  const port = await freePort({ name: "the snippet's port", wanted: 16_173, fixed: false, host: "127.0.0.1" });
  const server = await preview({
    root: SNIPPETS,
    configFile: false,
    logLevel: "silent",
    build: { outDir },
    preview: { port, strictPort: true, proxy },
  });
  const context = await browser.newContext();
  const [host, guest] = [await context.newPage(), await context.newPage()];
  try {
    await host.goto(`http://localhost:${port}/squares.html`);
    await expect(host).toHaveTitle(/^[BCDFGHJKMNPQRSTVWXYZ]{5}$/);
    await guest.goto(`http://localhost:${port}/squares.html#${await host.title()}`);
    await expect(guest).toHaveTitle(await host.title());
    await host.click("canvas");
    // Each player's square is drawn on both pages; the guest's arrow key moves the second one on the host's page.
    const paintedAt = (x: number) =>
      host.evaluate((column) => document.querySelector("canvas")?.getContext("2d")?.getImageData(column, 220, 1, 1).data[3] ?? 0, x);
    await expect.poll(() => paintedAt(140)).toBe(255);
    await guest.keyboard.down("ArrowRight");
    await expect.poll(() => paintedAt(140)).toBe(0);
    await guest.keyboard.up("ArrowRight");
    await expect.poll(() => paintedAt(70)).toBe(255);
  } finally {
    await context.close();
    await server.close();
  }
}
