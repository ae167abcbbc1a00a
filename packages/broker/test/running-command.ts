import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The command as a process of its own. */
export interface Run {
  readonly child: ChildProcessWithoutNullStreams;
  /** All that it printed. */
  output: string;
  /** Its exit code, once all that it printed is here; `null`: a signal ended it. */
  readonly exit: Promise<number | null>;
}

export function run(args: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ["--conditions=@rollcall/source", "--import", "tsx", MAIN, ...args], {
    env: { ...process.env, ...environment },
  });
  const own: Run = { child, output: "", exit: once(child, "close").then(([code]) => code as number | null) };
  child.stdout.on("data", (data: Buffer) => (own.output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (own.output += data.toString()));
  return own;
}

/** The port, once it listens. */
export async function listening(own: Run): Promise<number> {
  for (;;) {
    const port = /listening on https?:\/\/\S+:(\d+)/.exec(own.output)?.[1];
    if (port !== undefined) return Number(port);
    await Promise.race([once(own.child.stdout, "data"), own.exit.then(() => Promise.reject(new Error(`it ended: ${own.output}`)))]);
  }
}
