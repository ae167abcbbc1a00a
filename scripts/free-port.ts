import { createServer } from "node:net";

/** How many ports above the wanted one are tried. */
const TRIES = 50;

/**
 * A port to listen on: `wanted` when it is free, else the next free one above it. `fixed`: it was set by hand, so another one would surprise;
 * throws with the setting's `name` when it is taken.
 */
export async function freePort(options: {
  readonly name: string;
  readonly wanted: number;
  readonly fixed: boolean;
  readonly host: string;
  readonly avoid?: number;
}): Promise<number> {
  if (options.fixed) {
    if (await isFree(options.wanted, options.host)) return options.wanted;
    throw new Error(`${options.name}=${options.wanted} is taken by another program. Stop it, or set ${options.name} to a free port.`);
  }
  for (let port = options.wanted; port < options.wanted + TRIES && port < 65_536; port++) {
    if (port !== options.avoid && (await isFree(port, options.host))) return port;
  }
  throw new Error(`No free port from ${options.wanted} to ${options.wanted + TRIES - 1}. Set ${options.name} to a free one.`);
}

/** Reads a port from the environment; `undefined` when it is not set. Throws by name on nonsense. */
export function portFromEnvironment(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`${name}=${text} is not a port: a whole number from 1 to 65535 is expected.`);
  return port;
}

/** Binding alone is not enough: on some systems a wildcard bind succeeds beside another program's bind to one address. */
async function isFree(port: number, host: string): Promise<boolean> {
  const hosts = host === "0.0.0.0" || host === "::" ? [host, "127.0.0.1", "::1"] : [host];
  for (const each of hosts) {
    if ((await tryListen(port, each)) === "taken") return false;
  }
  return true;
}

function tryListen(port: number, host: string): Promise<"free" | "taken"> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EADDRINUSE" || error.code === "EACCES" ? "taken" : "free"),
    );
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve("free")));
  });
}
