/**
 * What `deploy/Dockerfile` does, as processes, for machines where no engine runs: copies the sources as they are committed, runs its commands in order, starts
 * its entry point, asks whether it is healthy, and stops it. Part of `pnpm test:deep`.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LINES = readFileSync(join(ROOT, "deploy/Dockerfile"), "utf8").split("\n");

function after(word: string): readonly string[] {
  return LINES.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

function run(command: string, folder: string): void {
  process.stdout.write(`$ ${command}\n`);
  // As in a fresh container: nothing of the workspace that this runs in.
  const { status } = spawnSync("sh", ["-ec", command], { cwd: folder, stdio: "inherit" });
  if (status !== 0) throw new Error(`ended with ${status}: ${command}`);
}

async function serve(app: string): Promise<void> {
  const [program = "", ...args]: string[] = JSON.parse(after("ENTRYPOINT")[0] ?? "[]");
  const child = spawn(program, [...args, "--port", "0", "--host", "127.0.0.1"], {
    cwd: app,
    env: { NODE_ENV: "production", PATH: process.env["PATH"] },
  });
  child.stderr.pipe(process.stderr);
  const exit = once(child, "exit");
  const [line] = (await Promise.race([once(child.stdout, "data"), exit])) as [unknown];
  const { address }: { address: string } = JSON.parse(String(line));
  const { status } = await fetch(`${address}/healthz`);
  child.kill("SIGTERM");
  const [code] = (await exit) as [number | null];
  if (status !== 200 || code !== 0) throw new Error(`answered ${status}, ended with ${code}`);
  process.stdout.write("FIGURE the commands of deploy/Dockerfile make a broker that serves and stops\n");
}

const folder = mkdtempSync(join(tmpdir(), "rollcall-image-"));
try {
  const [source, app] = [join(folder, "source"), join(folder, "app")];
  mkdirSync(source);
  run(`git archive HEAD | tar -x -C ${source}`, ROOT);
  for (const command of after("RUN")) run(command.replaceAll("/app", app), source);
  await serve(app);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
