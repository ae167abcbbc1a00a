import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumFlags, findChromium } from "./scripts/chromium.ts";

const resolve = { conditions: ["@rollcall/source", "module", "import", "default"] };
const ssr = { resolve: { conditions: ["@rollcall/source", "module", "node", "import", "default"] } };
const executablePath = findChromium();

/** Kinds of test by suffix: `.test` pure, `.sim.test` virtual time, `.node.test` real sockets, `.browser.test` real Chromium, `.network.test` the network lab. End to end (`.spec`) runs under Playwright. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: ["{packages/*,tests}/{src,test,tests,scripts}/**/*.test.ts", "tests/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", "**/*.{sim,node,browser}.test.ts"],
          // Property tests and exhaustive searches take seconds; a hang is what this is for, not a busy machine.
          testTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "sim",
          include: ["{packages/*,tests}/**/*.sim.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          testTimeout: 120_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "node",
          include: ["{packages/*,tests}/**/*.node.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          globalSetup: ["./packages/broker/test/built-broker.global-setup.ts"],
          testTimeout: 60_000,
        },
      },
      {
        resolve,
        // Found on the first run otherwise, and then the page reloads under the tests. `>`: as netcode finds it, since the root has none of these.
        optimizeDeps: {
          include: [
            "fast-check",
            "peerjs",
            "@rollcall/netcode > msgpackr/pack",
            "@rollcall/netcode > msgpackr/unpack",
            "@rollcall/netcode > @noble/curves/ed25519.js",
            "@rollcall/netcode > @noble/hashes/hkdf.js",
            "@rollcall/netcode > @noble/hashes/hmac.js",
            "@rollcall/netcode > @noble/hashes/pbkdf2.js",
            "@rollcall/netcode > @noble/hashes/sha2.js",
          ],
        },
        test: {
          name: "browser",
          include: ["{packages/*,tests}/**/*.browser.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          testTimeout: 60_000,
          globalSetup: ["./packages/netcode/test/peer-server.global-setup.ts", "./tests/broker.global-setup.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: chromiumFlags(), ...(executablePath === undefined ? {} : { executablePath }) },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "network",
          include: ["tests/network/*.network.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          globalSetup: ["./tests/network/network.global-setup.ts"],
          // One lab, one machine.
          fileParallelism: false,
        },
      },
    ],
  },
});
