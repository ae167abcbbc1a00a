import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureProgram } from "../../../scripts/install-program.ts";
import { freePort } from "./free-port.ts";

/** A real Redis of this test alone: its own port of this machine, its own folder. It can be killed and started again with what it had. */
export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  readonly #more: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(program: string, port: number, more: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#more = more;
    this.#folder = mkdtempSync(join(tmpdir(), "rollcall-redis-"));
  }

  static async start(...more: readonly string[]): Promise<RedisServer> {
    const program = ensureProgram({ names: ["redis-server"], setting: "REDIS_SERVER_PATH", debianPackage: "redis-server" });
    const server = new RedisServer(program, await freePort(), more);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** As the operating guide has it, but that what was answered is in a file at once: else a slow disk decides whether a killed one has the last second. */
  async start(): Promise<void> {
    const options = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder, "--save", ""];
    const lasting = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--daemonize", "no"];
    const child = spawn(this.#program, [...options, ...lasting, ...this.#more], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      let output = "";
      child.stdout.on("data", (data: Buffer) => {
        output += data.toString();
        if (output.includes("Ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error(`Redis ended: ${output}`)));
    });
  }

  /** With TLS, at another port than without; it was started with a certificate and its key. */
  async listenTls(): Promise<number> {
    const port = await freePort();
    const answer = await this.ask("CONFIG", "SET", "tls-port", String(port));
    if (answer !== "+OK\r\n") throw new Error(answer);
    return port;
  }

  /** It stands still, with its connections open. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  /** One command, in its own words; for what a test prepares or looks at. */
  ask(...words: readonly string[]): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
    return new Promise((resolve, reject) => {
      socket.once("data", (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.once("error", reject);
    });
  }

  /** Processor time so far, its kernel time included. */
  async usedMicros(): Promise<number> {
    const text = await this.ask("INFO", "cpu");
    const seconds = ["used_cpu_user", "used_cpu_sys"].map((name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]));
    return seconds.reduce((sum, each) => sum + each * 1e6, 0);
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
