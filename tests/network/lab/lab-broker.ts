import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { printed, stop, type Namespace } from "./namespaces.ts";

const COMMAND = fileURLToPath(new URL("../../../packages/broker/src/main.ts", import.meta.url));

/** All pages of a host come from one address, and come and go all the time. */
const LIMITS = "socketsPerAddress=1000,opensPerMinute=5000,wrongCodesPerMinute=500,lobbiesPerMinute=500";

/** The broker's command, as an operator starts it. */
export class LabBroker {
  readonly #internet: Namespace;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(internet: Namespace, address: string, args: readonly string[]) {
    this.#internet = internet;
    this.#args = ["--host", address, "--port", "9000", "--limits", LIMITS, ...args];
  }

  async start(): Promise<void> {
    this.#child = this.#internet.spawn("node", ["--conditions=@rollcall/source", "--import", "tsx", COMMAND, ...this.#args]);
    await printed(this.#child, "listening on");
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#child !== undefined) await stop(this.#child, signal);
    this.#child = undefined;
  }
}
