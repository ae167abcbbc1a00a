import type { ChildProcess } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "playwright";
import { chromiumFlags } from "../../../scripts/chromium.ts";
import { Namespace, printed, stop } from "./namespaces.ts";

const FORWARDER = fileURLToPath(new URL("forwarder.py", import.meta.url));

/** Of packets on a wire, each way the same. What is left out is 0. */
export interface Weather {
  readonly delayMs?: number;
  /** Up to so much more, by packet; they keep their order. */
  readonly jitterMs?: number;
  /** Part of the packets that overtake others, 0–1. */
  readonly reorderRatio?: number;
  readonly lossRatio?: number;
  /** Everything is lost for `burstMs`, about so often. */
  readonly burstsPerSecond?: number;
  readonly burstMs?: number;
}

/**
 * What stands between a host and the public segment.
 *
 * - `open`: a router without translation: the host has a public address.
 * - `cone`: one outside port for an inside port, whoever it talks to; packets come in from where something went out to.
 * - `symmetric`: another outside port for each peer it talks to, so that what STUN finds is of no use to anybody else.
 */
export type NatKind = "open" | "cone" | "symmetric";

export interface LabHostOptions {
  readonly name: string;
  /** From 1, the same for nobody else: addresses are made of it. */
  readonly index: number;
  readonly nat: NatKind;
  readonly internet: Namespace;
  /** Where programs for this host may be put. */
  readonly folder: string;
  readonly chromium: string;
}

/** What the router drops of its host's packets. */
interface Faults {
  isCut: boolean;
  blocksUdp: boolean;
  /** Public addresses that nothing goes to and nothing comes from. */
  readonly severed: Set<string>;
}

/** A machine with a browser, the router in front of it, and the wire between them. */
export class LabHost {
  readonly name: string;
  readonly #options: LabHostOptions;
  readonly #machine: Namespace;
  readonly #router: Namespace;
  readonly #faults: Faults = { isCut: false, blocksUdp: false, severed: new Set() };
  #browser: Browser | undefined;
  #forwarder: ChildProcess | undefined;
  /** Moves on with each change of an address. */
  #routerMoves = 0;
  #machineMoves = 0;

  constructor(options: LabHostOptions) {
    const { name, internet, nat } = options;
    this.name = name;
    this.#options = options;
    this.#router = Namespace.create(`router-${name}`);
    this.#machine = Namespace.create(`host-${name}`);
    internet.connect(`to-${name}`, this.#router, "wan");
    this.#router.connect("lan", this.#machine, "eth0");
    this.#router.run("sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
    this.#router.ip(`address add ${this.#routerAddress}/32 dev wan`);
    this.#routeRouter();
    this.#router.ip(`address add ${this.#gateway}/24 dev lan`);
    this.#machine.ip(`address add ${this.#machineAddress}/24 dev eth0`);
    this.#machine.ip(`route add default via ${this.#gateway} dev eth0`);
    if (nat === "open") internet.ip(`route add ${this.#network}.0/24 via ${this.#routerAddress} dev to-${name} onlink`);
    else this.#translate(nat);
  }

  /** How the public segment sees it. */
  get publicAddress(): string {
    return this.#options.nat === "open" ? this.#machineAddress : this.#routerAddress;
  }

  /** Addresses that tell where this host is, its own and its router's. */
  get addresses(): readonly string[] {
    return [this.#machineAddress, this.#routerAddress];
  }

  /** One browser for all tests; pages and contexts are theirs. */
  async browser(): Promise<Browser> {
    if (this.#browser?.isConnected() === true) return this.#browser;
    const executablePath = join(this.#options.folder, `chromium-${this.name}`);
    writeFileSync(executablePath, this.#machine.wrapper(this.#options.chromium));
    chmodSync(executablePath, 0o755);
    // Certificates: that of the TURN server is made by itself.
    this.#browser = await chromium.launch({ executablePath, args: [...chromiumFlags(), "--ignore-certificate-errors"] });
    return this.#browser;
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    if (this.#forwarder !== undefined) await stop(this.#forwarder, "SIGKILL");
  }

  /** Starts a program on this host. It ends with the lab at the latest. */
  spawn(program: string, args: readonly string[]): ChildProcess {
    return this.#machine.spawn(program, args);
  }

  /** Ends the browser and all that belongs to it in one moment, as a power cut does. */
  killBrowser(): void {
    this.#machine.kill();
  }

  /** Pulls the cable between host and router, or plugs it in. Neither end is told. */
  setCut(isCut: boolean): void {
    this.#faults.isCut = isCut;
    this.#applyFaults();
  }

  /** As some company networks do. */
  setUdpBlocked(blocksUdp: boolean): void {
    this.#faults.blocksUdp = blocksUdp;
    this.#applyFaults();
  }

  /** Lets nothing through between this host and another one, in either direction; the rest of the network is not touched. */
  sever(other: LabHost, isSevered = true): void {
    if (isSevered) this.#faults.severed.add(other.publicAddress);
    else this.#faults.severed.delete(other.publicAddress);
    this.#applyFaults();
  }

  /** Delay, jitter, loss and more on the wire. Packets then take their way through a program; before the first call they do not. */
  async setWeather(weather: Weather): Promise<void> {
    this.#forwarder ??= await this.#startForwarder();
    this.#forwarder.stdin?.write(`${JSON.stringify(weather)}\n`);
  }

  /** Most bytes a second on the wire, each way; what is more waits for up to `queueMs`, then is lost. */
  setRate(bytesPerSecond: number, queueMs: number): void {
    const bucket = `root tbf rate ${Math.round(bytesPerSecond * 8)}bit burst 8kb latency ${queueMs}ms`;
    this.#machine.run("tc", `qdisc replace dev eth0 ${bucket}`.split(" "));
    this.#router.run("tc", `qdisc replace dev lan ${bucket}`.split(" "));
  }

  /** Another public address for the router, as after a reconnect of a DSL line: all translations are forgotten. */
  moveRouter(): void {
    const before = this.#routerAddress;
    this.#routerMoves++;
    // The kernel forgets what it translated for an address that goes.
    this.#router.ip(`address delete ${before}/32 dev wan`);
    this.#options.internet.ip(`route delete ${before}/32`);
    this.#router.ip(`address add ${this.#routerAddress}/32 dev wan`);
    this.#routeRouter();
  }

  /** Another address for the host itself, as after a change from one access point to another. */
  moveMachine(): void {
    const before = this.#machineAddress;
    this.#machineMoves++;
    this.#machine.ip(`address delete ${before}/24 dev eth0`);
    this.#machine.ip(`address add ${this.#machineAddress}/24 dev eth0`);
    this.#machine.ip(`route replace default via ${this.#gateway} dev eth0`);
  }

  /** The wire's own ends stay, with their addresses; what is routed takes the other way. */
  async #startForwarder(): Promise<ChildProcess> {
    const forwarder = this.#router.spawn("python3", [FORWARDER, "to-host", "to-router"]);
    await printed(forwarder, "ready");
    this.#router.ip(`link set to-router netns ${this.#machine.name}`);
    this.#router.ip("link set to-host up");
    this.#machine.ip("link set to-router up");
    this.#router.ip(`route add ${this.#machineAddress}/32 dev to-host`);
    this.#machine.ip(`route replace default dev to-router src ${this.#machineAddress}`);
    return forwarder;
  }

  get #routerAddress(): string {
    return `203.0.113.${10 + 10 * this.#options.index + this.#routerMoves}`;
  }

  get #network(): string {
    const { index, nat } = this.#options;
    return nat === "open" ? `198.51.${100 + index}` : `10.0.${index}`;
  }

  get #gateway(): string {
    return `${this.#network}.1`;
  }

  get #machineAddress(): string {
    return `${this.#network}.${2 + this.#machineMoves}`;
  }

  #routeRouter(): void {
    this.#options.internet.ip(`route replace ${this.#routerAddress}/32 dev to-${this.name}`);
    this.#router.ip("route replace default dev wan onlink via 203.0.113.1");
  }

  #translate(nat: "cone" | "symmetric"): void {
    const ports = nat === "symmetric" ? " fully-random" : "";
    this.#router.setRules(
      "ip",
      "translation",
      [
        "chain out {",
        "type nat hook postrouting priority srcnat",
        `oifname "wan" masquerade${ports}`,
        "}",
        // Without this the router keeps a stranger's packet as a connection of its own; what its host then sends to the stranger gets another port, and no hole is punched.
        "chain unasked {",
        "type filter hook input priority filter",
        `iifname "wan" ct state new drop`,
        "}",
      ].join("\n"),
    );
  }

  #applyFaults(): void {
    const { isCut, blocksUdp, severed } = this.#faults;
    const rules = ["chain forwarded {", "type filter hook forward priority -10"];
    if (isCut) rules.push("drop");
    if (blocksUdp) rules.push("meta l4proto udp drop");
    for (const address of severed) rules.push(`ip saddr ${address} drop`, `ip daddr ${address} drop`);
    this.#router.setRules("inet", "faults", [...rules, "}"].join("\n"));
  }
}
