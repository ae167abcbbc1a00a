import { readFileSync } from "node:fs";

/** What the program itself has open: its log, its files, two connections to Redis, a port or two. At half, a look at a file fails now and then; double is for nobody. */
const OWN_FILES = 64;

/** How many connections the system lets this process have, each of which is a file. `Infinity`: it does not say (other than Linux). */
export function connectionsAllowed(limits: string = systemLimits()): number {
  // Node has raised its own limit to the hard one at its start.
  const files = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return files === undefined ? Infinity : Math.max(1, Number(files) - OWN_FILES);
}

function systemLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
