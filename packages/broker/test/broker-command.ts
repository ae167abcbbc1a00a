import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrokerLimits } from "../src/limits.ts";

/** The built command. */
export const BROKER_MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** The built command as a process of its own, on a free port of the loopback. */
export class BrokerCommand {
  readonly port: number;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #output: readonly string[];
  readonly #startTicks: string;
  readonly #exit: Promise<number | null>;

  private constructor(child: ChildProcessWithoutNullStreams, output: readonly string[], port: number) {
    this.#child = child;
    this.#output = output;
    this.port = port;
    this.#exit = once(child, "close").then(([code]) => code as number | null);
    this.#startTicks = this.#startTicksNow();
  }

  /** `environment`: beside that of this process. */
  static async start(
    args: readonly string[] = [],
    limits: Partial<BrokerLimits> = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<BrokerCommand> {
    const list = Object.entries(limits).map(([name, value]) => `${name}=${value}`);
    const anyPort = args.includes("--port") ? [] : ["--port", "0"];
    const all = [...anyPort, "--host", "127.0.0.1", ...args, ...(list.length === 0 ? [] : ["--limits", list.join(",")])];
    const child = spawn(process.execPath, [BROKER_MAIN, ...all], { env: { ...process.env, ...environment } });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => output.push(data.toString()));
    for (;;) {
      const port = /listening on http:\/\/\S+?:(\d+)/.exec(output.join(""))?.[1];
      if (port !== undefined) return new BrokerCommand(child, output, Number(port));
      await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => Promise.reject(new Error(output.join(""))))]);
    }
  }

  /** All that it printed. */
  get output(): string {
    return this.#output.join("");
  }

  /** Bytes of memory that it holds. */
  get rssBytes(): number {
    return this.#statusBytes("VmRSS");
  }

  /** The most that it ever held. */
  get rssBytesMost(): number {
    return this.#statusBytes("VmHWM");
  }

  /** Files, connections among them, that it has open. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  /** True while it is the process that was started: this id with this start time. */
  get isSameProcess(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#startTicksNow() === this.#startTicks;
  }

  /** What `/healthz` says was refused, by reason. */
  async refusals(): Promise<Readonly<Record<string, number>>> {
    const health = (await (await fetch(`http://127.0.0.1:${this.port}/healthz`)).json()) as { refusals: Record<string, number> };
    return health.refusals;
  }

  /** Its exit code, after SIGTERM, once all that it printed is here. Idempotent. */
  close(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#exit;
  }

  /** It stands still, with its connections open. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  /** No word to anybody. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  /** A field of proc(5) status. */
  #statusBytes(name: string): number {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"))?.[1];
    return Number(kilobytes) * 1_024;
  }

  /** Field 22 of proc(5) stat: when the process started. The name before it is in brackets, and may have anything in it. */
  #startTicksNow(): string {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  }
}
