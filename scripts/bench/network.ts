import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import type { Row } from "./row.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUN_MS_MAX = 1_200_000;

/** How a test of the network lab prints a figure. */
const FIGURE = /^FIGURE (?<name>.+): (?<value>\S+ ?\S*)$/gm;

/** The figures that the tests of the network lab print, outages at full length. Root on Linux; some minutes. */
export async function benchNetwork(): Promise<string> {
  const { stdout } = await promisify(execFile)("npx", ["vitest", "run", "--project", "network"], {
    cwd: ROOT,
    timeout: RUN_MS_MAX,
    maxBuffer: 2 ** 26,
    env: { ...process.env, ROLLCALL_DEEP: "1" },
  });
  const rows: Row[] = [...stripVTControlCharacters(stdout).matchAll(FIGURE)].map(({ groups }) => ({
    name: groups?.["name"] ?? "",
    value: groups?.["value"] ?? "",
  }));
  if (rows.length === 0) throw new Error(`The network lab printed no figures:\n${stdout}`);
  return ["| figure | value |", "|---|---|", ...rows.map(({ name, value }) => `| ${name} | ${value} |`).sort(), ""].join("\n");
}
