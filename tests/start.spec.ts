import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "playwright/test";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

function startCommand(environment: Readonly<Record<string, string>>): Started {
  const { PORT: _port, BROKER_PORT: _brokerPort, ...inherited } = process.env;
  // A process group of its own, as a terminal gives to a command.
  const child = spawn("npx", ["pnpm", "start"], {
    cwd: ROOT,
    env: { ...inherited, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let text = "";
  child.stdout?.on("data", (data: Buffer) => (text += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (text += data.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, output: () => text, exited };
}

function hold(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, () => resolve(server));
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}

test("[EE10] the start command prints its link, moves off a taken port, and frees both ports on SIGTERM", async () => {
  const blocked = (await canListen(5173)) ? await hold(5173) : undefined;
  const started = startCommand({});
  await expect.poll(started.output, { timeout: 60_000 }).toMatch(/Rubberband: http:\/\/localhost:\d+\//);
  const port = Number(/Rubberband: http:\/\/localhost:(\d+)\//.exec(started.output())?.[1]);
  expect(port).not.toBe(5173);
  const page = await fetch(`http://localhost:${port}/`);
  expect(await page.text()).toContain("Rubberband");
  expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200);
  process.kill(-(started.child.pid ?? 0), "SIGTERM");
  await started.exited;
  await expect.poll(() => canListen(port), { timeout: 2_000 }).toBe(true);
  blocked?.close();
});

test("[EE11] a port that was set by hand and is taken is refused by name", async () => {
  const blocked = createServer();
  await new Promise<void>((resolve) => blocked.listen({ port: 0, host: "127.0.0.1" }, resolve));
  const address = blocked.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const started = startCommand({ PORT: String(port) });
  expect(await started.exited).not.toBe(0);
  expect(started.output()).toContain(`PORT=${port} is taken`);
  blocked.close();
});
