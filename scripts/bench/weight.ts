import { execFileSync } from "node:child_process";
import type { Row } from "./row.ts";

/** What size-limit holds in the test run, as figures. Builds first: the published files are what is weighed. */
export function benchWeight(): Row[] {
  execFileSync("tsc", ["-b"], { stdio: "inherit" });
  const report: { name: string; size: number }[] = JSON.parse(execFileSync("size-limit", ["--json"], { encoding: "utf8" }));
  return report.map(({ name, size }) => ({ name: `brotli: ${name}`, value: `${(size / 1000).toFixed(1)} kB` }));
}
