/**
 * `pnpm bench`: the figures of the docs. Sizes and counts are exact, ratios are of one run, and times are this machine's.
 *
 * `--readme` writes the table into README.md. `--only rollback,rubberband,connect,weight,sim` runs some parts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchRollback, type BenchRow } from "../packages/netcode/bench/rollback.ts";
import { benchConnect } from "./bench/connect.ts";
import { benchRubberband } from "./bench/rubberband.ts";
import { benchSimulator } from "./bench/simulator.ts";
import { benchWeight } from "./bench/weight.ts";
import type { Row } from "./bench/row.ts";

const PARTS: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  rollback: () => benchRollback().map(rowOf),
  rubberband: benchRubberband,
  sim: benchSimulator,
  connect: benchConnect,
  weight: benchWeight,
};

const README = fileURLToPath(new URL("../README.md", import.meta.url));
const TABLE = /(?<=<!-- bench:start -->\n)[\s\S]*(?=<!-- bench:end -->)/;

function rowOf({ name, value, unit }: BenchRow): Row {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(2);
  return { name, value: unit === "" ? text : `${text} ${unit}` };
}

async function bench(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string" }, readme: { type: "boolean", default: false } } });
  const wanted = values.only?.split(",") ?? Object.keys(PARTS);
  const rows: Row[] = [];
  for (const name of wanted) {
    const part = PARTS[name];
    if (part === undefined) throw new Error(`--only: there is no part "${name}". Parts: ${Object.keys(PARTS).join(", ")}.`);
    rows.push(...(await part()));
  }
  const table = ["| figure | value |", "|---|---|", ...rows.map(({ name, value }) => `| ${name} | ${value} |`), ""].join("\n");
  process.stdout.write(`\n${table}`);
  if (values.readme) writeFileSync(README, readFileSync(README, "utf8").replace(TABLE, table));
}

bench().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
