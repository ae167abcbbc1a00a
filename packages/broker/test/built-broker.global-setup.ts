import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Builds the broker's command, so that tests which run it as people do run what is here. A second when nothing has changed. */
export function setup(): void {
  execFileSync("npx", ["tsc", "-b", "packages/broker"], { cwd: fileURLToPath(new URL("../../..", import.meta.url)), stdio: "inherit" });
}
