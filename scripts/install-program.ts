import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const INSTALL_MS_MAX = 600_000;

interface Wanted {
  /** What the program may be called, the first one that is found counts. */
  readonly names: readonly string[];
  /** The environment variable that names one by hand. */
  readonly setting: string;
  readonly debianPackage: string;
}

/** Path of a program for tests: named by hand, or in the PATH, or installed from Debian's packages as root. Throws with what to install when it cannot be had. */
export function ensureProgram(wanted: Wanted): string {
  const found = find(wanted);
  if (found !== undefined) return found;
  if (process.platform === "linux" && process.getuid?.() === 0) {
    const command = `apt-get update && apt-get install -y --no-install-recommends ${wanted.debianPackage}`;
    process.stderr.write(`No ${wanted.names[0]} found: ${command}\n`);
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("sh", ["-c", command], { stdio: ["ignore", "ignore", "inherit"], timeout: INSTALL_MS_MAX, env: environment });
    const installed = find(wanted);
    if (installed !== undefined) return installed;
  }
  throw new Error(
    `No ${wanted.names.join(" or ")} could be found. Install it (Debian: ${wanted.debianPackage}), or set ${wanted.setting} to it.`,
  );
}

function find({ names, setting }: Wanted): string | undefined {
  const named = process.env[setting];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`${setting} names ${named}, which does not exist.`);
    return named;
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}
