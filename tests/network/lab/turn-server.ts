import { execFileSync, type ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { stop, type Namespace } from "./namespaces.ts";

export const TURN_SECRET = "shared-by-broker-and-turn-server";

export interface TurnServerOptions {
  readonly address: string;
  readonly folder: string;
}

/** coturn: STUN and TURN at port 3478 over UDP and TCP, and over TLS at port 443. Takes credentials that expire (TURN REST). */
export class TurnServer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(internet: Namespace, { address, folder }: TurnServerOptions): Promise<TurnServer> {
    const key = join(folder, "turn.key");
    const certificate = join(folder, "turn.crt");
    const subject = ["-subj", "/CN=turn.lab", "-addext", `subjectAltName=IP:${address}`];
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7", "-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", ...made, ...subject], { stdio: "ignore" });
    const child = internet.spawn("turnserver", [
      "-n", // No configuration file but these.
      "--no-cli",
      "--no-dtls",
      "--use-auth-secret",
      `--static-auth-secret=${TURN_SECRET}`,
      "--realm=rollcall.lab",
      `--listening-ip=${address}`,
      `--relay-ip=${address}`,
      "--listening-port=3478",
      "--tls-listening-port=443",
      // Another destination for a NAT: the check of connections compares two.
      `--aux-server=${address}:3480`,
      `--cert=${certificate}`,
      `--pkey=${key}`,
      "--log-file=stdout",
      "--simple-log",
      `--pidfile=${join(folder, "turn.pid")}`,
      `--userdb=${join(folder, "turn.db")}`,
    ]);
    // It writes its log late, in blocks.
    await internet.listening(443);
    return new TurnServer(child);
  }

  async close(): Promise<void> {
    await stop(this.#child);
  }
}

/** Credentials of draft-uberti-behave-turn-rest-00. */
export function turnCredentials(lifeSeconds: number): { readonly username: string; readonly credential: string } {
  const username = `${Math.floor(Date.now() / 1_000) + lifeSeconds}:lab`;
  return { username, credential: createHmac("sha1", TURN_SECRET).update(username).digest("base64") };
}
