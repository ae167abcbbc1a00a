import { spawnSync } from "node:child_process";
import { findChromium } from "./chromium.ts";

const INSTALL_MS_MAX = 600_000;

/** Makes sure that there is a Chromium to test with: finds one, or installs Playwright's, or Debian's. Throws when neither can be had. */
export function ensureChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  const isRootOnLinux = process.platform === "linux" && process.getuid?.() === 0;
  const attempts: (readonly [string, readonly string[]])[] = [
    ["npx", ["playwright", "install", ...(isRootOnLinux ? ["--with-deps"] : []), "chromium"]],
  ];
  if (isRootOnLinux) attempts.push(["sh", ["-c", "apt-get update && apt-get install -y --no-install-recommends chromium"]]);
  for (const [command, args] of attempts) {
    process.stdout.write(`No Chromium found: ${command} ${args.join(" ")}\n`);
    const { status } = spawnSync(command, args, {
      stdio: ["ignore", "inherit", "inherit"],
      timeout: INSTALL_MS_MAX,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    const installed = status === 0 ? findChromium() : undefined;
    if (installed !== undefined) return installed;
  }
  throw new Error("No Chromium could be found or installed. Install one, or set CHROMIUM_PATH to it.");
}
