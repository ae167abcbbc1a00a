import { execFileSync, spawn, type ChildProcess } from "node:child_process";

/** Everything that the lab makes has this prefix, so that what a killed run left behind can be told from what is not ours. */
const PREFIX = "rollcall-lab-";

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 3_000;
const POLL_MS = 50;

/** One network namespace: a machine of the lab, as far as the network can tell. */
export class Namespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** A namespace whose loopback is up, and which takes packets from wherever they come. */
  static create(role: string): Namespace {
    const namespace = new Namespace(`${PREFIX}${role}`);
    run("ip", ["netns", "add", namespace.name]);
    namespace.ip("link set lo up");
    namespace.run("sysctl", [
      "-qw",
      "net.ipv6.conf.all.disable_ipv6=1",
      "net.ipv4.conf.all.rp_filter=0",
      "net.ipv4.conf.default.rp_filter=0",
    ]);
    return namespace;
  }

  run(program: string, args: readonly string[], input?: string): string {
    return run("ip", ["netns", "exec", this.name, program, ...args], input);
  }

  /** One command of iproute2, as one writes it. */
  ip(command: string): void {
    run("ip", ["-n", this.name, ...command.split(" ")]);
  }

  /** Replaces the table `name` by `rules`. */
  setRules(family: "ip" | "inet", name: string, rules: string): void {
    this.run("nft", ["-f", "-"], `table ${family} ${name}\ndelete table ${family} ${name}\ntable ${family} ${name} {\n${rules}\n}\n`);
  }

  /** A cable to another namespace, with one end in each. */
  connect(end: string, other: Namespace, otherEnd: string): void {
    run("ip", ["link", "add", end, "netns", this.name, "type", "veth", "peer", "name", otherEnd, "netns", other.name]);
    this.ip(`link set ${end} up`);
    other.ip(`link set ${otherEnd} up`);
  }

  /** Starts a program here. It ends with the lab at the latest. */
  spawn(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn("ip", ["netns", "exec", this.name, program, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0", ...environment },
    });
  }

  /** Resolves when a program listens on a TCP port here: for one that does not say so. */
  async listening(port: number): Promise<void> {
    const untilMs = performance.now() + START_MS_MAX;
    while (this.run("ss", ["-Hltn", `sport = :${port}`]) === "") {
      if (performance.now() > untilMs) throw new Error(`Nothing listens on port ${port} of ${this.name}.`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Ends every program that runs here. */
  kill(): void {
    killAll(this.name);
  }

  /** A program that runs another one here, for what takes the path of a program and nothing else. */
  wrapper(program: string): string {
    return `#!/bin/sh\nexec ip netns exec ${this.name} "${program}" "$@"\n`;
  }
}

/** Ends every process in namespaces of the lab, and removes these. Safe to call at any time. */
export function removeNamespaces(): void {
  for (const line of run("ip", ["netns", "list"]).split("\n")) {
    const name = line.split(" ", 1)[0] ?? "";
    if (!name.startsWith(PREFIX)) continue;
    killAll(name);
    run("ip", ["netns", "delete", name]);
  }
}

function killAll(namespace: string): void {
  for (const pid of run("ip", ["netns", "pids", namespace]).split(/\s+/).filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/** Resolves when the program has printed `mark`; rejects with what it printed when it ends before, or takes too long. */
export function printed(child: ChildProcess, mark: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (how: string): void => reject(new Error(`${child.spawnargs.join(" ")} ${how} before "${mark}":\n${output}`));
    setTimeout(() => fail("took too long"), START_MS_MAX).unref();
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      if (output.includes(mark)) resolve();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", reject);
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}

/** Ends a program, and waits until it is gone. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}

function run(program: string, args: readonly string[], input?: string): string {
  try {
    return execFileSync(program, args, { encoding: "utf8", input: input ?? "", stdio: ["pipe", "pipe", "pipe"] });
  } catch (cause) {
    const text = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : "";
    throw new Error(`The network lab could not run ${program} ${args.join(" ")}: ${text}${input ?? ""}`, { cause });
  }
}
