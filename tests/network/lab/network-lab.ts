import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChildProcess } from "node:child_process";
import { LabBroker } from "./lab-broker.ts";
import { LabHost, type NatKind } from "./lab-host.ts";
import { LabPage } from "./lab-page.ts";
import { Namespace, printed, removeNamespaces, stop } from "./namespaces.ts";
import { TURN_SECRET, TurnServer } from "./turn-server.ts";

/** Where broker, web server and TURN server are. From the addresses for documentation, like all of the lab's (RFC 5737). */
export const PUBLIC_ADDRESS = "203.0.113.1";

/** One address of each kind that the TURN server has; the first is for STUN too. */
export const ICE_URLS = {
  stun: `stun:${PUBLIC_ADDRESS}:3478`,
  udp: `turn:${PUBLIC_ADDRESS}:3478?transport=udp`,
  tcp: `turn:${PUBLIC_ADDRESS}:3478?transport=tcp`,
  tls: `turns:${PUBLIC_ADDRESS}:443?transport=tcp`,
} as const;

const VITE = fileURLToPath(new URL("../../node_modules/.bin/vite", import.meta.url));

export interface NetworkLabOptions<Name extends string> {
  readonly hosts: Readonly<Record<Name, NatKind>>;
  /** With the built page in `page`; for files of the lab's own. */
  readonly folder: string;
  readonly chromium: string;
  /** Further arguments of the broker's command. */
  readonly brokerArguments?: readonly string[];
}

/**
 * A small internet on one machine: a public segment with the broker, a web server, STUN and TURN, and hosts behind routers of their own. Made of network
 * namespaces, so the packets, the NATs and the programs are real ones.
 */
export class NetworkLab<Name extends string> {
  readonly hosts: Readonly<Record<Name, LabHost>>;
  readonly broker: LabBroker;
  readonly #internet: Namespace;
  readonly #folder: string;
  #turn: TurnServer | undefined;
  #web: ChildProcess | undefined;

  private constructor(options: NetworkLabOptions<Name>) {
    removeNamespaces();
    const internet = createInternet();
    const hosts: Partial<Record<Name, LabHost>> = {};
    let index = 0;
    for (const name in options.hosts) {
      const host = { name, index: ++index, nat: options.hosts[name], internet, folder: options.folder, chromium: options.chromium };
      hosts[name] = new LabHost(host);
    }
    this.hosts = hosts as Record<Name, LabHost>;
    const turnUrls = [ICE_URLS.udp, ICE_URLS.tcp, ICE_URLS.tls].join(",");
    const ice = ["--ice-servers", ICE_URLS.stun, "--turn", turnUrls, "--turn-secret", TURN_SECRET];
    // Known to a broker that is started again.
    const keyFile = join(options.folder, "signing-key");
    writeFileSync(keyFile, "the-signing-key-of-the-broker-in-the-lab-before-and-after");
    this.broker = new LabBroker(internet, PUBLIC_ADDRESS, [...ice, "--signing-key-file", keyFile, ...(options.brokerArguments ?? [])]);
    this.#internet = internet;
    this.#folder = options.folder;
  }

  static async open<Name extends string>(options: NetworkLabOptions<Name>): Promise<NetworkLab<Name>> {
    const lab = new NetworkLab(options);
    try {
      await lab.#start();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** The lab's page in the browser of a host, in a context of its own. */
  async page(name: Name): Promise<LabPage> {
    const host: LabHost = this.hosts[name];
    return LabPage.open(await host.browser(), name, `http://${PUBLIC_ADDRESS}/`);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values<LabHost>(this.hosts).map((host) => host.close()));
    await Promise.all([this.broker.stop(), this.#turn?.close(), this.#web === undefined ? undefined : stop(this.#web)]);
    removeNamespaces();
  }

  async #start(): Promise<void> {
    this.#web = this.#internet.spawn(VITE, [
      "preview",
      "--host",
      PUBLIC_ADDRESS,
      "--port",
      "80",
      "--strictPort",
      "--outDir",
      join(this.#folder, "page"),
    ]);
    const turn = TurnServer.start(this.#internet, { address: PUBLIC_ADDRESS, folder: this.#folder });
    [this.#turn] = await Promise.all([turn, this.broker.start(), printed(this.#web, PUBLIC_ADDRESS)]);
  }
}

/** The public segment: one router in the middle, on which the public services run too. */
function createInternet(): Namespace {
  const internet = Namespace.create("internet");
  internet.run("sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
  internet.ip(`address add ${PUBLIC_ADDRESS}/32 dev lo`);
  // coturn gives an allocation up when a packet cannot be routed (a player's private address, say): on the internet such packets leave and are lost.
  internet.connect("sink", internet, "drain");
  internet.ip("address add 192.0.2.1/24 dev sink");
  internet.ip("neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev sink nud permanent");
  internet.ip("route add default via 192.0.2.2 dev sink");
  return internet;
}
