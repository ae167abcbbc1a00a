import { measureStates } from "../../packages/netcode/bench/state-kinds.ts";

const THING_COUNTS = [20, 200, 2_000];

/** What each kind of state costs to save, load and hash, as a table. */
export async function benchStates(): Promise<string> {
  const lines = ["| state | entities | save | load | checksum | bytes |", "|---|---|---|---|---|---|"];
  const tables = [];
  for (const thingCount of THING_COUNTS) tables.push(await measureStates(thingCount));
  for (const index of (tables[0] ?? []).keys()) {
    for (const [size, thingCount] of THING_COUNTS.entries()) {
      const row = tables[size]?.[index];
      if (row === undefined) continue;
      lines.push(`| ${row.kind} | ${thingCount} | ${us(row.saveUs)} | ${us(row.loadUs)} | ${us(row.checksumUs)} | ${row.sizeBytes} |`);
    }
  }
  return [...lines, ""].join("\n");
}

function us(microseconds: number): string {
  return `${microseconds < 10 ? microseconds.toFixed(2) : microseconds.toFixed(0)} µs`;
}
