import { createBroker } from "@rollcall/broker";
import { fileURLToPath } from "node:url";
import { build, createServer, preview } from "vite";

const DEMO = fileURLToPath(new URL("../packages/game-demo", import.meta.url));

/**
 * Friends on one network come from few addresses, and whoever develops reloads all day: the limits for strangers on the internet would only
 * be in their way. `rollcall-broker` keeps its own.
 */
const LIMITS = { socketsPerAddress: 1_000, opensPerMinute: 5_000, wrongCodesPerMinute: 500, lobbiesPerMinute: 500 };

export interface ServeOptions {
  readonly port: number;
  readonly brokerPort: number;
  /** Serves the sources with hot reload instead of a production build. */
  readonly development?: boolean;
  /** Lobbies survive a restart by the key in this file, which is made when missing. */
  readonly signingKeyFile?: string;
}

export interface Served {
  close(): Promise<void>;
}

/** Starts the broker, and the demo in front of it: pages reach the broker through the demo's own origin. */
export async function serve(options: ServeOptions): Promise<Served> {
  // The proxy in front is the one trusted hop, so that limits count each visitor and not the proxy.
  const broker = await createBroker({
    host: "127.0.0.1",
    port: options.brokerPort,
    trustedProxyHops: 1,
    limits: LIMITS,
    ...(options.signingKeyFile === undefined ? {} : { signingKeyFile: options.signingKeyFile }),
  });
  try {
    const web = await serveDemo(options);
    return {
      close: async () => {
        await Promise.all([web.close(), broker.close()]);
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/** The ports and the proxy are the demo's own configuration, which reads them from the environment. */
async function serveDemo(options: ServeOptions): Promise<Served> {
  process.env["PORT"] = String(options.port);
  process.env["BROKER_PORT"] = String(options.brokerPort);
  if (options.development === true) {
    const server = await createServer({ root: DEMO, logLevel: "warn" });
    await server.listen();
    return { close: () => server.close() };
  }
  await build({ root: DEMO, logLevel: "error" });
  // Silent: the proxy reports every page that closes its socket as an error.
  const server = await preview({ root: DEMO, logLevel: "silent" });
  return { close: () => server.close() };
}
