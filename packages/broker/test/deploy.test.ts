/** The files in `deploy/`, as far as they can be checked where no container runs. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { isIPv4 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BROKER_LIMITS } from "../src/limits.ts";
import { readSettings } from "../src/settings.ts";
import { COMPOSE_SERVICES as services, DEPLOY_ENVIRONMENT, readDeployFile } from "./deploy-files.ts";

const folder = mkdtempSync(join(tmpdir(), "rollcall-deploy-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** `name=value` lines; a name alone is a switch. */
const TURN_CONFIG = readDeployFile("turnserver.conf")
  .split("\n")
  .filter((line) => /^[a-z]/.test(line))
  .map((line) => line.split("=", 2) as [name: string, value?: string]);

test.each(["broker-1", "broker-2"])(
  "[BR110] %s of the compose file takes every setting that is in it, with TURN, the Redis beside it, and the key that all of them have",
  (name) => {
    const { command, environment, stop_grace_period: grace } = services[name] ?? {};
    const known = readSettings(["--help"], {});
    for (const variable of Object.keys(environment ?? {})) expect(known.kind === "help" ? known.text : "").toContain(`(${variable})`);
    const args = String(command).split(" ");
    const settings = readSettings(
      args.map((arg) => arg.replace("/data", folder)),
      environment ?? {},
    );
    expect(settings).toMatchObject({
      kind: "run",
      options: {
        port: 9_000,
        trustedProxyHops: 1,
        origins: ["https://play.example"],
        iceServers: [{ urls: ["stun:turn.example:3478"] }],
        turn: { secret: DEPLOY_ENVIRONMENT["TURN_SECRET"] },
        signingKeyFile: join(folder, "signing-key"),
        redisUrl: "redis://redis:6379",
      },
    });
    // Whoever stops it waits for the end of its drain.
    const drainMs = settings.kind === "run" ? (settings.options.drainMs ?? 0) : Infinity;
    expect(Number.parseInt(grace ?? "", 10) * 1_000).toBeGreaterThanOrEqual(drainMs + 5_000);
    expect(services["redis"]?.networks).toEqual(["back"]);
  },
);

test("[BR115] the image is made of the sources that are here, has the program of the package, and is not run by root", () => {
  const { build } = services["broker-1"] ?? {};
  expect([build?.context, build?.dockerfile]).toEqual(["..", "deploy/Dockerfile"]);
  const lines = readDeployFile("Dockerfile").split("\n");
  const after = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { bin: Record<string, string> };
  expect(JSON.parse(after("ENTRYPOINT")[0] ?? "")).toEqual(["node", manifest.bin["rollcall-broker"]?.replace("./", "")]);
  expect(after("USER")).toEqual(["node"]);
  expect(after("FROM").every((image) => /^node:2[2-9]-slim/.test(image))).toBe(true);
  const ignored = readDeployFile("Dockerfile.dockerignore").split("\n");
  for (const secret of [".git", ".rollcall-signing-key", "deploy/.env"]) expect(ignored).toContain(secret);
});

test("[BR111] the TURN server of the compose file listens where the broker sends members, has its secret, and is new enough", () => {
  const { command = [], image = "" } = services["turn"] ?? {};
  const [, major = 0, minor = 0] = (/^coturn\/coturn:(\d+)\.(\d+)$/.exec(image) ?? []).map(Number);
  expect(major * 1_000 + minor).toBeGreaterThanOrEqual(4_009);
  expect(command).toContain(`--static-auth-secret=${DEPLOY_ENVIRONMENT["TURN_SECRET"]}`);
  const { entrypoint, environment, volumes } = services["turn"] ?? {};
  expect([entrypoint, environment]).toEqual([["sh", "/etc/coturn/turn.sh"], { TURN_HOST: "turn.example", CERTIFICATES: "/certificates" }]);
  for (const volume of ["./turn.sh:/etc/coturn/turn.sh:ro", "caddy:/certificates:ro"]) expect(volumes).toContain(volume);
  const urls = services["broker-1"]?.environment?.["ROLLCALL_TURN"]?.split(",") ?? [];
  const portOf = (name: string): string => TURN_CONFIG.find(([found]) => found === name)?.[1] ?? "";
  expect(urls).toEqual([
    `turn:turn.example:${portOf("listening-port")}?transport=udp`,
    `turn:turn.example:${portOf("listening-port")}?transport=tcp`,
    `turns:turn.example:${portOf("tls-listening-port")}?transport=tcp`,
  ]);
  const switches = TURN_CONFIG.filter(([, value]) => value === undefined).map(([name]) => name);
  for (const name of ["use-auth-secret", "no-cli", "no-multicast-peers", "no-tcp-relay"]) expect(switches).toContain(name);
  for (const name of ["user-quota", "total-quota", "max-bps"]) expect(Number(portOf(name))).toBeGreaterThan(0);
});

/** A number for each address: IPv4 and IPv6 apart. */
function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}

test.each([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Not ::, which coturn refuses by itself: see the file.
  "::1/128",
  "::ffff:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "2001::/23",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "100::/64",
  "2001:db8::/32",
  "3fff::/20",
  "4000::/2",
  "5f00::/16",
  "fec0::/10",
  "ff00::/8",
])("[BR112] the TURN server relays nothing to %s", (network) => {
  const [address = "", prefix = ""] = network.split("/");
  const isOld = isIPv4(address);
  const first = numberOf(address);
  const last = first + (1n << (BigInt(isOld ? 32 : 128) - BigInt(prefix))) - 1n;
  const denied = TURN_CONFIG.filter(([name]) => name === "denied-peer-ip").map(([, range = ""]) => range.split("-"));
  const covers = denied.some(([from = "", to = from]) => isIPv4(from) === isOld && numberOf(from) <= first && numberOf(to) >= last);
  expect(covers).toBe(true);
});

test("[BR113] the proxy passes what the broker answers and nothing else, and every name that the files use is in the example", () => {
  const caddy = readDeployFile("Caddyfile");
  expect(caddy).toMatch(/@broker path \/lobby \/peerjs \/healthz\n/);
  expect(caddy).toMatch(/handle @broker \{\n\s+reverse_proxy \{\$BROKERS:broker-1:9000 broker-2:9000\} \{\n/);
  expect(caddy.match(/reverse_proxy/g)).toHaveLength(1);
  const used = [...caddy.matchAll(/\{\$([A-Z_]+)\}/g)].map(([, name = ""]) => name);
  expect(used.length).toBeGreaterThan(0);
  for (const name of used) expect(Object.keys(services["proxy"]?.environment ?? {})).toContain(name);
});

test.each(Object.keys(services))("[BR117] the log of %s does not grow for ever", (name) => {
  expect(services[name]?.logging).toEqual({ driver: "local" });
});

test("[BR118] the unit for systemd is one that the command can be run by", () => {
  const unit = new Map(
    readDeployFile("rollcall-broker.service")
      .split("\n")
      .flatMap((line) => /^([A-Za-z]+)=(.*)$/.exec(line)?.slice(1) ?? [])
      .flatMap((word, index, words) => (index % 2 === 0 ? [[word, words[index + 1] ?? ""] as const] : [])),
  );
  const [program = "", ...args] = unit.get("ExecStart")?.split(" ") ?? [];
  expect(program).toMatch(/\/node_modules\/\.bin\/rollcall-broker$/);
  const state = `/var/lib/${unit.get("StateDirectory")}`;
  expect(args.some((arg) => arg.startsWith(`${state}/`))).toBe(true);
  const settings = readSettings(
    args.map((arg) => arg.replace(state, folder)),
    {},
  );
  if (settings.kind !== "run") throw new Error("expected: settings that are taken");
  // Sockets, other connections, and its own files.
  expect(Number(unit.get("LimitNOFILE"))).toBeGreaterThan(BROKER_LIMITS.sockets + 1_000 + 64);
  expect(Number(unit.get("TimeoutStopSec")) * 1_000).toBeGreaterThanOrEqual((settings.options.drainMs ?? 0) + 5_000);
  // What the command ends with when a setting is wrong.
  expect([unit.get("Restart"), unit.get("RestartPreventExitStatus")]).toEqual(["always", "2"]);
  expect(unit.has("MemoryDenyWriteExecute")).toBe(false);
});
