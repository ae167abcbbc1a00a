import { fileURLToPath } from "node:url";
import { defineConfig } from "playwright/test";
import { chromiumFlags, findChromium } from "../scripts/chromium.ts";
import { freePort } from "../scripts/free-port.ts";

/** Chosen once, in the main process; its workers inherit the environment. */
process.env["ROLLCALL_E2E_PORT"] ??= String(
  await freePort({ name: "the test page's port", wanted: 15_173, fixed: false, host: "0.0.0.0" }),
);
process.env["ROLLCALL_E2E_BROKER_PORT"] ??= String(
  await freePort({ name: "the test broker's port", wanted: 19_000, fixed: false, host: "127.0.0.1" }),
);
const url = `http://localhost:${process.env["ROLLCALL_E2E_PORT"]}/`;
const executablePath = findChromium();

/** End to end: the command that people run, and real pages in a real Chromium. */
export default defineConfig({
  testDir: fileURLToPath(new URL(".", import.meta.url)),
  testMatch: "**/*.spec.ts",
  outputDir: "../test-results",
  // Several pages simulate and draw at once in each test: two tests side by side would only slow each other on two cores.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [["list"], ["json", { outputFile: process.env["ROLLCALL_E2E_REPORT"] ?? "../test-results/report.json" }]],
  use: {
    baseURL: url,
    // No film of the pages: drawing in software, it costs them a third of their time.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: true },
    viewport: { width: 960, height: 600 },
    launchOptions: { args: chromiumFlags(), ...(executablePath === undefined ? {} : { executablePath }) },
  },
  projects: [{ name: "chromium", use: { browserName: "chromium" } }],
  webServer: {
    command: "node --conditions=@rollcall/source --import tsx scripts/start.ts",
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    url,
    timeout: 60_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
    env: { PORT: process.env["ROLLCALL_E2E_PORT"], BROKER_PORT: process.env["ROLLCALL_E2E_BROKER_PORT"] },
  },
});
