import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";

/** A real proxy before brokers, on a plain port of the loopback, in a folder of its own. */
export abstract class ProxyServer {
  readonly port: number;
  protected readonly folder: string;
  /** The signal that ends it. */
  protected readonly endsBy: NodeJS.Signals = "SIGTERM";
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.folder = folder;
    this.port = port;
  }

  async dispose(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.kill(this.endsBy);
    await exit;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
