import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabPage } from "./lab-page.ts";

/** Where every heal is told step by step, whether slow or not. */
const FOLDER = process.env["ROLLCALL_TRACES"];
/** Without a folder, a heal that took longer is printed. */
const SLOW_MS = 1_000;
const BEFORE_MS = 4_000;
const AFTER_MS = 500;

/** Tells what the pages did and met around a moment at which the network was there again, if it is to be told. `freshMs` is when each of them heard something fresh. */
export async function tellTimeline(
  title: string,
  pages: readonly LabPage[],
  { endMs, freshMs }: { endMs: number; freshMs: readonly number[] },
): Promise<void> {
  const lastMs = Math.max(...freshMs);
  if (FOLDER === undefined && lastMs - endMs <= SLOW_MS) return;
  const traces = await Promise.all(pages.map(({ page }) => page.evaluate((since) => globalThis.lab.traceSince(since), endMs - BEFORE_MS)));
  const steps = traces.flatMap((trace, index) => trace.map((entry) => ({ ...entry, page: `${pages[index]?.name} ${index}` })));
  for (const [index, atMs] of freshMs.entries()) steps.push({ atMs, what: "HEARD FRESH", page: `${pages[index]?.name} ${index}` });
  steps.push({ atMs: endMs, what: "THE NETWORK IS BACK", page: "" });
  const told = steps.filter(({ atMs }) => atMs <= lastMs + AFTER_MS).toSorted((one, other) => one.atMs - other.atMs);
  const lines = told.map(({ atMs, what, page }) => `${(atMs - endMs).toFixed(0).padStart(6)} ${page.padEnd(12)} ${what}`);
  if (FOLDER === undefined) return console.log([`${title}, in ms:`, ...lines].join("\n"));
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${title.replaceAll(/[^A-Za-z0-9]+/g, "-")}-${endMs}.txt`), `${lines.join("\n")}\n`);
}
