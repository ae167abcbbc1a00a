/**
 * `pnpm start`: the broker and the demo, with one link to share. `pnpm dev` adds hot reload.
 *
 * `PORT` (5173) and `BROKER_PORT` (9000) set the ports; a default that is taken moves to the next free port, one set by hand does not.
 */
import { networkInterfaces } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderUnicodeCompact } from "uqr";
import { freePort, portFromEnvironment } from "./free-port.ts";
import { serve, type Served } from "./serve.ts";

/** What is still open after this is cut off: the ports must be free within 2 s of the signal. */
const CLOSE_MS_MAX = 1_200;

/** Lobbies come back when this is stopped and started again. */
const SIGNING_KEY_FILE = fileURLToPath(new URL("../.rollcall-signing-key", import.meta.url));

async function start(): Promise<void> {
  const { values } = parseArgs({ options: { dev: { type: "boolean", default: false } } });
  const wantedPort = portFromEnvironment("PORT");
  const wantedBrokerPort = portFromEnvironment("BROKER_PORT");
  const port = await freePort({ name: "PORT", wanted: wantedPort ?? 5173, fixed: wantedPort !== undefined, host: "0.0.0.0" });
  const brokerPort = await freePort({
    name: "BROKER_PORT",
    wanted: wantedBrokerPort ?? 9000,
    fixed: wantedBrokerPort !== undefined,
    host: "127.0.0.1",
    avoid: port,
  });
  let served: Served | undefined;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), CLOSE_MS_MAX).unref();
    void (served?.close() ?? Promise.resolve()).finally(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  served = await serve({ port, brokerPort, development: values.dev, signingKeyFile: SIGNING_KEY_FILE });
  process.stdout.write(invitation(port));
}

/** The lines that people look for: the link, the link for phones on the same network, and that one as a QR code. */
function invitation(port: number): string {
  const lines = ["", `  Rubberband: http://localhost:${port}/`];
  const address = lanAddress();
  if (address !== undefined) {
    const link = `http://${address}:${port}/`;
    lines.push(`  On your network: ${link}`, "", indent(renderUnicodeCompact(link, { border: 1 })));
  }
  lines.push("", "  Host a game there, share the code, and play. Ctrl-C stops it.", "");
  return `${lines.join("\n")}\n`;
}

/** This machine's first IPv4 address that others can reach. */
function lanAddress(): string | undefined {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const address of addresses ?? []) {
      if (address.family === "IPv4" && !address.internal && !address.address.startsWith("169.254.")) return address.address;
    }
  }
  return undefined;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

start().catch((error: unknown) => {
  process.stderr.write(`\n  Rollcall could not start. ${error instanceof Error ? error.message : String(error)}\n\n`);
  process.exit(1);
});
