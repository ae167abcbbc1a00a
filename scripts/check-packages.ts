/**
 * Packs each published package and has publint and attw look at the tarball: what npm would get, without the source condition. And looks that no type of theirs needs the types of another package, which a
 * game's compiler would have to understand, too (those of peerjs are wrong under `moduleResolution: node16`).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreignTypes } from "./foreign-types.ts";

const PUBLISHED = ["packages/netcode", "packages/broker"];

let isClean = true;
for (const folder of PUBLISHED) {
  const target = mkdtempSync(join(tmpdir(), "rollcall-pack-"));
  try {
    execFileSync("pnpm", ["pack", "--pack-destination", target], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    const name = readdirSync(target).find((file) => file.endsWith(".tgz"));
    if (name === undefined) throw new Error(`${folder}: pnpm pack made no tarball`);
    const tarball = join(target, name);
    for (const command of [
      ["publint", "run", tarball, "--strict"],
      ["attw", tarball, "--profile", "esm-only", "--no-emoji"],
    ] as const) {
      process.stdout.write(`${folder}: ${command[0]}\n`);
      const [program, ...args] = command;
      execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
    }
    const foreign = foreignTypes(folder);
    if (foreign.length > 0) throw new Error(`types of other packages in what is published:\n  ${foreign.join("\n  ")}`);
  } catch (error) {
    isClean = false;
    process.stderr.write(`${folder}: ${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
process.exitCode = isClean ? 0 : 1;
