import * as fc from "fast-check";
import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { showsToken } from "./access-token.ts";
import { BrokerCore } from "./broker-core.ts";
import { BrokerMetrics } from "./broker-metrics.ts";
import { resolveOptions } from "./broker-options.ts";
import { Counters } from "./counters.ts";
import { drainSteps } from "./drain.ts";
import { failureEntry, LOG_EVENTS, type LogEntry } from "./log-entry.ts";
import { measureStore } from "./measured-store.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";
import { Meters } from "./meters.ts";
import { RefusalLog } from "./refusal-log.ts";
import { readSettings } from "./settings.ts";
import { SocketSweep } from "./socket-sweep.ts";

test("[OP1] a drain moves everybody once, nobody in its first quarter, and as many in each tenth of a second as in any other", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (count, drainMs, numbers) => {
        const items = Array.from({ length: count }, (_, index) => index);
        const steps = drainSteps(items, { drainMs, random: () => numbers.next().value ?? 0 });
        expect(steps.flatMap((step) => step.items).toSorted((left, right) => left - right)).toEqual(items);
        for (const { atMs } of steps) {
          expect(atMs).toBeGreaterThanOrEqual(drainMs / 4);
          expect(atMs).toBeLessThanOrEqual(drainMs);
        }
        const slots = Math.max(1, Math.floor((drainMs * 0.75) / 100));
        for (const step of steps) expect(step.items.length).toBeLessThanOrEqual(Math.ceil(count / slots));
      },
    ),
    { numRuns: 100 },
  );
  const random = (
    (seed) => () =>
      (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  )(7);
  const [first] = drainSteps(
    Array.from({ length: 100 }, (_, index) => index),
    { drainMs: 600, random },
  );
  expect(first?.items).not.toEqual([...(first?.items ?? [])].toSorted((left, right) => left - right));
});

function asking(authorization?: string): IncomingMessage {
  return { headers: authorization === undefined ? {} : { authorization } } as IncomingMessage;
}

test("[OP2] the token is taken as a bearer's or as a password, whatever the name; anything else is refused", () => {
  const token = "north:star-0123456789";
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
  for (const good of [`Bearer ${token}`, `bearer ${token}`, basic(`admin:${token}`), basic(`:${token}`)]) {
    expect(showsToken(asking(good), token)).toBe(true);
  }
  for (const bad of [
    undefined,
    "",
    token,
    "Bearer",
    `Bearer ${token}x`,
    `Bearer  ${token}`,
    basic(`admin:${token} `),
    basic("admin"),
    `Digest ${token}`,
    "Basic %%%",
  ]) {
    expect(showsToken(asking(bad), token)).toBe(false);
  }
});

function createMetrics(meters: Meters, refusals = new Counters()): BrokerMetrics {
  return new BrokerMetrics({
    meters,
    refusals,
    memberCount: () => 3,
    lobbyCount: () => Promise.resolve(2),
    isReady: () => true,
    cluster: undefined,
  });
}

test("[OP3] metrics are counters and gauges with a unit in their names, and count anew from the same numbers each time", async () => {
  const meters = new Meters();
  const refusals = new Counters();
  const metrics = createMetrics(meters, refusals);
  meters.requests.add("join ok");
  meters.requests.add("join ok");
  meters.requests.add("join LOBBY_FULL");
  meters.signals.add("OFFER relayed");
  refusals.add("socket:origin");
  await metrics.text();
  const text = await metrics.text();
  for (const line of [
    'rollcall_requests_total{command="join",outcome="ok"} 2',
    'rollcall_requests_total{command="join",outcome="LOBBY_FULL"} 1',
    'rollcall_signals_total{type="OFFER",outcome="relayed"} 1',
    'rollcall_refusals_total{reason="socket:origin"} 1',
    'rollcall_sockets{kind="lobby"} 0',
    'rollcall_received_bytes_total{kind="signaling"} 0',
    "rollcall_members 3",
    "rollcall_lobbies 2",
    "rollcall_ready 1",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  const types = [...text.matchAll(/^# TYPE (rollcall_\w+) (\w+)$/gm)].map(([, name = "", type]) => ({ name, type }));
  expect(types.length).toBeGreaterThan(8);
  for (const { name, type } of types) {
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(name.endsWith("_seconds")).toBe(type === "histogram");
  }
});

test("[OP4] each operation of a store is timed, and its failures are counted", async () => {
  const metrics = createMetrics(new Meters());
  let nowMs = 0;
  const held = new MemoryLobbyStore(() => nowMs, 1_000);
  const store = measureStore(
    {
      load: (code) => held.load(code),
      compareAndSet: () => Promise.reject(new Error("down")),
      keep: (code) => held.keep(code),
      count: () => Promise.resolve((nowMs += 30)),
    },
    { observe: (...took) => metrics.observeStore(...took), nowMs: () => nowMs },
  );
  await store.count();
  await expect(store.compareAndSet("KXRTM" as never, 0, undefined)).rejects.toThrow("down");
  const text = await metrics.text();
  expect(text).toContain('rollcall_store_operation_seconds_bucket{le="0.025",operation="count"} 0');
  expect(text).toContain('rollcall_store_operation_seconds_bucket{le="0.05",operation="count"} 1');
  expect(text).toContain('rollcall_store_failures_total{operation="compareAndSet"} 1');
});

test("[OP5] a failure is logged by its name, the system's word and its place, without its text", () => {
  const entry = JSON.stringify(failureEntry(new TypeError("member said hunter2\n    at hunter2 (hunter2.ts:1:1)")));
  expect(entry).toContain("TypeError");
  expect(entry).toContain("operations.test.ts");
  expect(JSON.stringify(failureEntry("hunter2"))).toBe('{"event":"failure","error":"string"}');
  expect(entry).not.toContain("said");
  const codes = ["EMFILE", "hunter2", 5].map((code) => failureEntry(Object.assign(new Error("hunter2"), { code })));
  expect(codes.map((each) => "code" in each && each.code)).toEqual(["EMFILE", false, false]);
});

test("[OP5] of many failures ten are logged, ten more in the next minute, and all are counted", async () => {
  const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
  const log: LogEntry[] = [];
  const settings = resolveOptions({ log: (entry) => log.push(entry) });
  const core = new BrokerCore({ settings, shared: undefined, readiness: () => "ready" });
  const fail = (): void => Array.from({ length: 50 }).forEach(() => core.handleFailure(new Error("a bug")));
  fail();
  expect(log).toHaveLength(10);
  clock.mockReturnValue(61_000);
  fail();
  expect(log).toHaveLength(20);
  expect(core.counters.snapshot()).toEqual({ "broker:failure": 100 });
  core.beginClosing();
  await core.close();
  clock.mockRestore();
});

test("[OP25] what was turned away is logged each minute, by reason, and what is left of it at the end", () => {
  const counters = new Counters();
  const told: LogEntry[] = [];
  const refusals = new RefusalLog(counters, (entry) => told.push(entry), 0);
  const refused = (counts: Readonly<Record<string, number>>): LogEntry => ({ event: "refusals", counts });
  counters.add("socket:token");
  refusals.log(59_999);
  expect(told.splice(0)).toEqual([]);
  refusals.log(60_000);
  expect(told.splice(0)).toEqual([refused({ "socket:token": 1 })]);
  refusals.log(120_000);
  refusals.tell();
  expect(told.splice(0)).toEqual([]);
  for (const reason of ["socket:token", "socket:origin", "socket:origin"]) counters.add(reason);
  refusals.tell();
  expect(told.splice(0)).toEqual([refused({ "socket:origin": 2, "socket:token": 1 })]);
});

test("[OP62] a thousand silent sockets are asked for a sign of life a few at a time, and others get their turn in between", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const asked: number[] = [];
  const sweep = new SocketSweep(
    () => 0,
    Infinity,
    () => undefined,
  );
  for (let index = 0; index < 1_000; index++)
    sweep.add({ isQuiet: () => true, sweep: () => asked.push(index), unreadBytes: 0, unfinishedBytes: 0 } as never);
  const seen: number[] = [];
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  while (asked.length < 1_000) {
    seen.push(asked.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  sweep.dispose();
  expect(asked).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  expect(seen.length).toBeGreaterThan(10);
});

const guide = readFileSync(new URL("../../../docs/guides/operating.md", import.meta.url), "utf8");

test("[OP6] the guide has every event of the log, with its level", () => {
  const told = [...guide.matchAll(/^\| `([a-z-]+)` +\| (info|warn|error) +\|/gm)].map(([, event, level]) => [event, level]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(Object.entries(LOG_EVENTS).map(([event, { level }]) => [event, level])));
});

test("[OP7] the guide has every metric of the broker's own, with its labels", async () => {
  const meters = new Meters();
  const refusals = new Counters();
  meters.requests.add("join ok");
  meters.signals.add("OFFER relayed");
  refusals.add("socket:origin");
  const metrics = createMetrics(meters, refusals);
  metrics.observeStore("load", 1, true);
  const text = await metrics.text();
  const made = new Map([...text.matchAll(/^# TYPE (rollcall_\w+) /gm)].map(([, name = ""]) => [name, new Set<string>()]));
  for (const [, name = "", labels = ""] of text.matchAll(/^(rollcall_\w+?)(?:_bucket|_sum|_count)?\{([^}]*)\}/gm)) {
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) if (label !== "le") made.get(name)?.add(label);
  }
  const told = [...guide.matchAll(/^\| `(rollcall_\w+)` +\| ([^|]*)\|/gm)].map(([, name, labels = ""]) => [
    name,
    [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  ]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries([...made].map(([name, labels]) => [name, [...labels]])));
});

test.each([
  ["--drain-seconds", "soon"],
  ["--drain-seconds", "301"],
  ["--log-level", "loud"],
  ["--metrics-port", "65536"],
  ["--metrics-host", "the inside"],
  ["--admin-token", "short"],
  ["--admin-token-file", "/nowhere/at/all"],
  ["--static", "/nowhere/at/all"],
  ["--static", "x".repeat(5_000)],
  ["--redis-url", "http://redis:6379"],
  ["--redis-url", "redis://"],
  ["--redis-url", "redis://redis:6379/lobbies"],
  ["--redis-url", "redis://:100%@redis:6379"],
  ["--redis-prefix", "a{b}"],
])("[OP8] %s %s is refused by its name", (flag, value) => {
  const settings = readSettings([flag, value], {});
  expect(settings.kind === "refused" ? settings.message : "").toContain(flag);
});

test("[OP9] an unknown flag, a token given in two ways and an address without its port are refused by name; an empty variable is not set", () => {
  const message = (args: readonly string[], environment: Record<string, string> = {}): string => {
    const settings = readSettings(args, environment);
    return settings.kind === "refused" ? settings.message : settings.kind;
  };
  expect(message(["--drain-secs", "5"])).toMatch(/--drain-secs.*--help/);
  expect(message(["--port", "1", "--port=2"])).toBe("--port: expected once");
  const twice = message(["--admin-token", "0123456789abcdef"], { ROLLCALL_ADMIN_TOKEN_FILE: new URL(import.meta.url).pathname });
  expect(twice).toContain("ROLLCALL_ADMIN_TOKEN_FILE");
  expect(twice).toContain("--admin-token");
  expect(message(["--metrics-host", "0.0.0.0"])).toContain("--metrics-host");
  expect(message([], { REDIS_URL: "redis://redis:6379" })).toContain("--signing-key-file");
  expect(message(["--redis-prefix", "games"])).toBe("--redis-prefix: expected --redis-url too");
  expect(message([], { ROLLCALL_TURN_TTL: "60" })).toBe("ROLLCALL_TURN_TTL: expected --turn too");
  expect(message([], { ROLLCALL_ADMIN_TOKEN: "", ROLLCALL_METRICS_PORT: "", ROLLCALL_DRAIN_SECONDS: "" })).toBe("run");
});

test("[OP64] what is wrong with a file, a limit or a flag's value is told, and no file's name, which may be the secret itself", () => {
  const message = (...args: readonly string[]): string => {
    const settings = readSettings(args, {});
    return settings.kind === "refused" ? settings.message : settings.kind;
  };
  const here = new URL(".", import.meta.url).pathname;
  expect(message("--admin-token-file", "hunter2-hunter2-hunter2")).toMatch(/^--admin-token-file: expected (?!.*hunter2).*ENOENT/);
  expect(message("--tls-cert", here)).toMatch(/^--tls-cert: expected .*EISDIR/);
  expect(message("--static", new URL(import.meta.url).pathname)).toMatch(/^--static: expected a folder .*ENOTDIR/);
  expect(message("--limits", "sockets=0,lobbies=5")).toBe("--limits: expected sockets=number, 1 to 999999999");
  expect(message("--limits", "lobbies=5,sockets=5=6")).toBe("--limits: expected sockets=number, 1 to 999999999");
  expect(message("--limits", "sockets=5,sockets=6")).toBe("--limits: expected sockets once");
  expect(message("--limits", "socket=5")).toMatch(/^--limits: expected name=number, .* sockets, /);
  const folder = mkdtempSync(join(tmpdir(), "rollcall-pipe-"));
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const flag of ["--signing-key-file", "--ticket-secret-file", "--turn-servers-file", "--tls-cert", "--tls-key"])
    expect(message(flag, pipe)).toBe(`${flag}: expected a file that can be read again, not a pipe`);
  rmSync(folder, { recursive: true });
  expect(message("--port", "-1")).toMatch(/^[^\n]*--port[^\n]*\. All that there is: rollcall-broker --help$/);
});

test("[OP9] every setting that a refusal names is one that there is, and the first is one that was given, as it was given", () => {
  const settings = readSettings(["--help"], {});
  const help = settings.kind === "help" ? settings.text : "";
  const known = new Set([...help.matchAll(/^  (--[a-z-]+)/gm)].map(([, name = ""]) => name));
  const here = new URL(import.meta.url).pathname;
  const secret = "a secret that is long enough to be taken";
  const pairs: readonly (readonly [readonly string[], Record<string, string>, string])[] = [
    [["--ticket-secret-file", here, "--open"], {}, "--ticket-secret-file"],
    [["--ticket-secret", secret], { ROLLCALL_OPEN: "1" }, "--ticket-secret"],
    [["--turn-secret-file", here], {}, "--turn-secret-file"],
    [[], { ROLLCALL_TURN_SECRET: secret }, "ROLLCALL_TURN_SECRET"],
    [["--turn", "turn:a:1"], {}, "--turn"],
    [[], { REDIS_URL: "redis://redis:6379" }, "REDIS_URL"],
    [[], { ROLLCALL_REDIS_URL: "redis://redis:6379" }, "ROLLCALL_REDIS_URL"],
    [["--metrics-host", "127.0.0.1"], {}, "--metrics-host"],
    ...[...known].map((name) => [[`${name}=\0`], {}, name] as const),
  ];
  let refused = 0;
  for (const [args, environment, first] of pairs) {
    const read = readSettings(args, environment);
    if (read.kind !== "refused") continue;
    refused++;
    const named = read.message.match(/--[a-z-]+/g) ?? [];
    expect({ message: read.message, unknown: named.filter((name) => !known.has(name)) }).toEqual({ message: read.message, unknown: [] });
    expect(read.message).toMatch(new RegExp(`^${first}: expected |^Option '.*${first}' `));
  }
  expect(refused).toBeGreaterThan(30);
  for (const name of help.match(/--[a-z-]+/g) ?? []) expect(known).toContain(name === "--life" ? "--help" : name);
});

test("[OP3] what sockets of a kind carried is counted while they are open and once they have closed, once", async () => {
  const meters = new Meters();
  const server = createServer((socket) => meters.addSocket("lobby", socket.resume())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const clients = [5, 7].map((bytes) => {
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.write("x".repeat(bytes));
    return client;
  });
  await expect.poll(() => meters.traffic("lobby")).toEqual({ sockets: 2, bytesIn: 12, bytesOut: 0 });
  clients[0]?.end();
  await expect.poll(() => meters.traffic("lobby")).toEqual({ sockets: 1, bytesIn: 12, bytesOut: 0 });
  expect(meters.traffic("signaling")).toEqual({ sockets: 0, bytesIn: 0, bytesOut: 0 });
  clients[1]?.destroy();
  server.close();
});
