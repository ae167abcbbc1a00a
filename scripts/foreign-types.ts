import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Node's own types come with Node, and ours are looked at by themselves. */
const OURS = /^(?:node:|@rollcall\/)/;

/** What the typings of a built package import from elsewhere, beginning at what it exports: `peerjs: dist/a.d.ts < dist/index.d.ts`, each file with those that lead to it. */
export function foreignTypes(folder: string): string[] {
  const { publishConfig }: { publishConfig: { exports: Record<string, string | { readonly types: string }> } } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const entries = Object.values(publishConfig.exports).flatMap((target) => (typeof target === "string" ? [] : [join(target.types)]));
  if (entries.length === 0) throw new Error(`${folder} exports no types`);
  const ways = new Map(entries.map((entry) => [entry, entry]));
  const foreign: string[] = [];
  // What is found is looked at, too: a map goes on with what was added meanwhile.
  for (const [file, way] of ways) {
    for (const [, name = ""] of readFileSync(join(folder, file), "utf8").matchAll(/(?:\bfrom |\bimport\(|\bimport )"([^"]+)"/g)) {
      if (!name.startsWith(".")) {
        if (!OURS.test(name)) foreign.push(`${name}: ${way}`);
        continue;
      }
      const found = join(dirname(file), name).replace(/(?<!\.d)\.ts$/, ".d.ts");
      if (!ways.has(found)) ways.set(found, `${found} < ${way}`);
    }
  }
  return foreign;
}
