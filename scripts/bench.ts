/**
 * `pnpm bench`: the figures of the docs. Sizes and counts are exact, ratios are of one run, and times are this machine's.
 *
 * `--readme` writes the tables where the docs show them. `--only rollback,pacing,hostile,rubberband,broker,connect,weight,sim,states,mesh,flood,network,rivals` runs some parts; `rivals`, which
 * installs other packages for itself, `network`, which needs root on Linux, `broker` and `flood` take minutes and run only when they are asked for. `--seconds 300`: how long `mesh` measures, twice; default 30.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchHostile } from "../packages/netcode/bench/hostile.ts";
import { benchPacing } from "../packages/netcode/bench/pacing.ts";
import { benchRollback, type BenchRow } from "../packages/netcode/bench/rollback.ts";
import { benchRollbackCost } from "../packages/netcode/bench/rollback-cost.ts";
import { benchBroker } from "./bench/broker.ts";
import { benchConnect } from "./bench/connect.ts";
import { benchFlood } from "./bench/flood.ts";
import { benchMesh } from "./bench/mesh.ts";
import { benchNetwork } from "./bench/network.ts";
import { benchRivals } from "./bench/rivals.ts";
import { benchRubberband } from "./bench/rubberband.ts";
import { benchSimulator } from "./bench/simulator.ts";
import { benchStates } from "./bench/states.ts";
import { benchWeight } from "./bench/weight.ts";
import type { Row } from "./bench/row.ts";

const PARTS: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  rollback: () => [...benchRollback(), ...benchRollbackCost()].map(rowOf),
  pacing: () => benchPacing().map(rowOf),
  hostile: () => benchHostile().map(rowOf),
  rubberband: benchRubberband,
  sim: benchSimulator,
  connect: benchConnect,
  weight: benchWeight,
};

/** Parts with a table of their own, and the page that shows it. */
const TABLES: Readonly<Record<string, { readonly page: string; readonly bench: (seconds: number) => string | Promise<string> }>> = {
  broker: { page: "../docs/measurements/broker.md", bench: benchBroker },
  states: { page: "../docs/guides/states.md", bench: benchStates },
  mesh: { page: "../docs/measurements/mesh.md", bench: benchMesh },
  flood: { page: "../docs/measurements/flood.md", bench: benchFlood },
  network: { page: "../docs/measurements/network.md", bench: benchNetwork },
  rivals: { page: "../docs/measurements/rivals.md", bench: benchRivals },
};
const ASKED_FOR_ONLY: ReadonlySet<string> = new Set(["broker", "flood", "network", "rivals"]);

const README = "../README.md";
const TABLE = /(?<=<!-- bench:start -->\n)[\s\S]*(?=<!-- bench:end -->)/;

function rowOf({ name, value, unit }: BenchRow): Row {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(2);
  return { name, value: unit === "" ? text : `${text} ${unit}` };
}

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, readme: { type: "boolean", default: false }, seconds: { type: "string", default: "30" } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1)) throw new Error("--seconds: a number from 1 on.");
  const known = [...Object.keys(PARTS), ...Object.keys(TABLES)];
  const wanted = values.only?.split(",") ?? known.filter((name) => !ASKED_FOR_ONLY.has(name));
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only: there is no part "${unknown}". Parts: ${known.join(", ")}.`);
  const rows: Row[] = [];
  for (const name of wanted) rows.push(...((await PARTS[name]?.()) ?? []));
  const table = ["| figure | value |", "|---|---|", ...rows.map(({ name, value }) => `| ${name} | ${value} |`), ""].join("\n");
  if (rows.length > 0) show(table, README, values.readme);
  for (const name of wanted) {
    const part = TABLES[name];
    if (part !== undefined) show(await part.bench(seconds), part.page, values.readme);
  }
}

/** Prints a table, and puts it between the marks of its page. */
function show(table: string, page: string, isWritten: boolean): void {
  process.stdout.write(`\n${table}`);
  if (!isWritten) return;
  const file = fileURLToPath(new URL(page, import.meta.url));
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(TABLE, () => table),
  );
}

bench().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
