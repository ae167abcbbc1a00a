import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureProgram } from "../../../scripts/install-program.ts";
import { freePort } from "./free-port.ts";
import { ProxyServer } from "./proxy-server.ts";

const CADDYFILE = fileURLToPath(new URL("../../../deploy/Caddyfile", import.meta.url));

/** A real Caddy with the configuration in `deploy/`, on a plain port of the loopback in place of names and certificates. */
export class CaddyServer extends ProxyServer {
  protected override readonly endsBy = "SIGKILL";

  /** `brokers`: `host:port` of each. */
  static async start(brokers: readonly string[]): Promise<CaddyServer> {
    const program = ensureProgram({ names: ["caddy"], setting: "CADDY_PATH", debianPackage: "caddy" });
    const folder = mkdtempSync(join(tmpdir(), "rollcall-caddy-"));
    const port = await freePort();
    const env = {
      ...process.env,
      HOME: folder,
      BROKER_HOST: `http://127.0.0.1:${port}`,
      TURN_HOST: `http://127.0.0.1:${await freePort()}`,
      BROKERS: brokers.join(" "),
    };
    const adapted = JSON.parse(execFileSync(program, ["adapt", "--config", CADDYFILE], { env }).toString()) as object;
    // Its own door for orders is at a fixed port.
    const config = join(folder, "caddy.json");
    writeFileSync(config, JSON.stringify({ ...adapted, admin: { disabled: true } }));
    const child = spawn(program, ["run", "--config", config], { env, stdio: ["ignore", "ignore", "pipe"] });
    const server = new CaddyServer(child, folder, port);
    let output = "";
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    const isUp = (): boolean => output.includes("serving initial configuration");
    while (!isUp()) {
      await Promise.race([once(child.stderr ?? child, "data"), once(child, "exit").then(() => Promise.reject(new Error(output)))]);
    }
    return server;
  }
}
