import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePeerId } from "@rollcall/netcode/lobby-protocol";
import { expect, test } from "vitest";
import { AddressLimits } from "./address-limits.ts";
import { addressKey, clientAddress } from "./client-address.ts";
import { parseIceServers } from "./ice-servers.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { OriginPolicy } from "./origin-policy.ts";
import { createSecrets } from "./secrets.ts";
import { readSettings, type Settings } from "./settings.ts";
import { Allowance } from "./allowance.ts";

function request(options: { readonly from?: string; readonly headers?: Record<string, string> }): IncomingMessage {
  const partial: Partial<IncomingMessage> = { headers: options.headers ?? {} };
  return { ...partial, socket: { remoteAddress: options.from ?? "192.0.2.1" } } as IncomingMessage;
}

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/64"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["0:0:0:0:0:FFFF:192.0.2.1", "192.0.2.1"],
  ["::fffe:c000:201", "0:0:0:0::/64"],
  ["192.0.2.1:50000", "192.0.2.1"],
  ["[2001:db8:1:2::9]:50000", "2001:db8:1:2::/64"],
  ["192.0.2.1:port", undefined],
  ["192.0.2.1:1:2", undefined],
  ["192.0.2.256", undefined],
  ["<script>", undefined],
  ["", undefined],
])("[BR20] the address %j counts as %j", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test("[BR21] behind N trusted proxies the client is the Nth address from the right; what it claims itself does not count", () => {
  const forwarded = request({ from: "10.0.0.1", headers: { "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.0.0.2" } });
  expect(clientAddress(forwarded, 0)).toBe("10.0.0.1");
  expect(clientAddress(forwarded, 1)).toBe("10.0.0.2");
  expect(clientAddress(forwarded, 2)).toBe("192.0.2.7");
  const ported = request({ from: "10.0.0.1", headers: { "x-forwarded-for": "6.6.6.6, 192.0.2.7:61234" } });
  expect(clientAddress(ported, 1)).toBe("192.0.2.7");
  expect(clientAddress(request({ from: "192.0.2.9" }), 1)).toBe("192.0.2.9");
  expect(clientAddress(request({ from: "192.0.2.9", headers: { "x-forwarded-for": "junk" } }), 1)).toBe("192.0.2.9");
});

test.each([
  [undefined, undefined, true],
  ["https://play.example", undefined, true],
  ["https://play.example:8443", undefined, true],
  ["http://localhost:5173", undefined, true],
  ["http://127.0.0.1:5173", undefined, true],
  ["https://evil.example", undefined, false],
  ["https://play.example.evil.example", undefined, false],
  ["null", undefined, false],
  ["https://evil.example", ["*"], true],
  ["https://game.example", ["https://game.example"], true],
  ["http://game.example", ["https://game.example"], false],
  ["https://play.example", ["https://game.example"], false],
  // A sandboxed frame, of whatever page.
  ["null", undefined, false],
  ["null", ["https://game.example"], false],
  ["null", ["https://game.example", "null"], true],
  [undefined, ["https://game.example"], true],
  ["https://evil-localhost", undefined, false],
  ["https://localhost.evil.example", undefined, false],
  ["https://127.0.0.1.evil.example", undefined, false],
] as const)("[BR22] a page of %j with the list %j is allowed: %j", (origin, origins, allowed) => {
  const headers = { host: "play.example:9000", ...(origin === undefined ? {} : { origin }) };
  expect(new OriginPolicy(origins).allows(request({ headers }), false)).toBe(allowed);
});

test("[BR22] the host that a trusted proxy forwards counts, a claimed one does not", () => {
  const headers = { host: "broker:9000", origin: "https://play.example", "x-forwarded-host": "play.example" };
  expect(new OriginPolicy(undefined).allows(request({ headers }), true)).toBe(true);
  expect(new OriginPolicy(undefined).allows(request({ headers }), false)).toBe(false);
});

test("[BR23] a bucket lets its burst through, then its rate, and says how long to wait", () => {
  const bucket = new Allowance(0, { perSecond: 50, burst: 200 });
  const taken = (nowMs: number): number => Array.from({ length: 1_000 }, () => bucket.take(nowMs)).filter(Boolean).length;
  expect(taken(0)).toBe(200);
  expect(bucket.waitMs(0)).toBe(20);
  expect(taken(1_000)).toBe(50);
  expect(taken(1_000_000)).toBe(200);
  // A clock that goes back gives nothing.
  expect(taken(0)).toBe(0);
});

test("[BR24] an address has so many sockets, opens and guesses, and is forgotten when there is nothing to remember", () => {
  const limits = new AddressLimits({ ...BROKER_LIMITS, socketsPerAddress: 2, opensPerMinute: 5, wrongCodesPerMinute: 3 });
  expect(limits.mayOpen(0, "a")).toBe(true);
  limits.addSocket("a");
  limits.addSocket("a");
  expect(limits.mayOpen(0, "a")).toBe(false);
  expect(limits.mayOpen(0, "b")).toBe(true);
  limits.removeSocket("a");
  expect([limits.mayOpen(0, "a"), limits.mayOpen(0, "a"), limits.mayOpen(0, "a"), limits.mayOpen(0, "a")]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([1, 2, 3, 4].map(() => limits.take(0, "a", "wrongCodes"))).toEqual([true, true, true, false]);
  expect(limits.waitMs(0, "a", "wrongCodes")).toBe(20_000);
  limits.refund(0, "a", "wrongCodes");
  expect(limits.take(0, "a", "wrongCodes")).toBe(true);
  limits.sweep(120_000);
  expect(limits.size).toBe(1);
  limits.removeSocket("a");
  limits.sweep(240_000);
  expect(limits.size).toBe(0);
});

test("[BR25] codes are five letters of the alphabet and evenly spread; ids and secrets do not repeat", () => {
  const secrets = createSecrets();
  for (const codeAt of [() => secrets.newCode(), (index: number) => secrets.codeOf("entrance", index)]) {
    const codes = Array.from({ length: 4_000 }, (_, index) => codeAt(index));
    expect(codes.every((item) => /^[BCDFGHJKMNPQRSTVWXYZ]{5}$/.test(item))).toBe(true);
    const counts = new Map<string, number>();
    for (const letter of codes.join("")) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    // 20,000 letters, 1,000 of each expected; the standard deviation is 31.
    expect(counts.size).toBe(20);
    expect(Math.min(...counts.values())).toBeGreaterThan(800);
    expect(Math.max(...counts.values())).toBeLessThan(1_200);
  }
  const [ours, same, other] = ["key", "key", "another"].map((key) => createSecrets(key).codeOf("entrance", 0));
  expect([same === ours, other === ours]).toEqual([true, false]);
});

test("[BR26] a signaling token opens one peer id, with one key", () => {
  const [ada, bob] = [parsePeerId("ada"), parsePeerId("bob")];
  if (ada === undefined || bob === undefined) throw new Error("not peer ids");
  const secrets = createSecrets("k".repeat(32));
  const token = secrets.signalingToken(ada);
  expect(secrets.isSignalingToken(ada, token)).toBe(true);
  expect(secrets.isSignalingToken(bob, token)).toBe(false);
  expect(secrets.isSignalingToken(ada, `${token}x`)).toBe(false);
  expect(createSecrets("k".repeat(32)).isSignalingToken(ada, token)).toBe(true);
  expect(createSecrets().isSignalingToken(ada, token)).toBe(false);
});

test.each([
  ["", []],
  ["stun:stun.example:3478", [{ urls: ["stun:stun.example:3478"] }]],
  [
    "stun:s.example, turn:ada:p%40ss%2Cword@t.example:3478?transport=tcp",
    [{ urls: ["stun:s.example"] }, { urls: ["turn:t.example:3478?transport=tcp"], username: "ada", credential: "p@ss,word" }],
  ],
  ['[{"urls":"stun:s.example"}]', [{ urls: ["stun:s.example"] }]],
  ['[{"urls":["turn:t"],"username":"u","credential":"c"}]', [{ urls: ["turn:t"], username: "u", credential: "c" }]],
  ["turn:t.example", undefined],
  ["http://t.example", undefined],
  ["turn:a:%zz@t.example", undefined],
  ['[{"urls":5}]', undefined],
  ["[{]", undefined],
  ['["stun:x"]', undefined],
] as const)("[BR27] the ICE servers %j are read as %j", (text, servers) => {
  expect(parseIceServers(text)).toEqual(servers);
});

test("[BR94] a signing key file is made when missing, for its owner alone, and read from then on", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-key-"));
  try {
    const path = join(folder, "key");
    const fileOf = (settings: Settings): string | undefined => (settings.kind === "run" ? settings.options.signingKeyFile : undefined);
    expect(fileOf(readSettings(["--signing-key-file", path], {}))).toBe(path);
    const made = readFileSync(path, "utf8");
    expect(made).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(fileOf(readSettings([], { ROLLCALL_SIGNING_KEY_FILE: path }))).toBe(path);
    expect(readFileSync(path, "utf8")).toBe(made);
    writeFileSync(path, "too short");
    expect(readSettings(["--signing-key-file", path], {})).toMatchObject({ kind: "refused" });
    expect(readFileSync(path, "utf8")).toBe("too short");
    expect(readSettings(["--signing-key-file", join(folder, "no", "such", "folder")], {})).toMatchObject({ kind: "refused" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("[BR28] settings come from the command line, else from the environment", () => {
  const environment = {
    ROLLCALL_PORT: "1",
    ROLLCALL_OPEN: "true",
    ROLLCALL_ORIGINS: "",
    ROLLCALL_LIMITS: "socketsPerAddress=5, sockets=9",
  };
  expect(readSettings(["--port", "0", "--trusted-proxy-hops=1"], environment)).toEqual({
    kind: "run",
    logLevel: "info",
    options: { port: 0, trustedProxyHops: 1, open: true, limits: { socketsPerAddress: 5, sockets: 9 } },
  });
  expect(readSettings([], {})).toEqual({ kind: "run", logLevel: "info", options: { port: 9_000 } });
  const secret = "0123456789abcdef";
  expect(
    readSettings(["--turn", "turn:a:1?transport=udp, turns:b:443?transport=tcp", "--turn-ttl", "4"], { ROLLCALL_TURN_SECRET: secret }),
  ).toEqual({
    kind: "run",
    logLevel: "info",
    options: { port: 9_000, turn: { urls: ["turn:a:1?transport=udp", "turns:b:443?transport=tcp"], secret, lifeMs: 4_000 } },
  });
  expect(readSettings(["--help"], {})).toMatchObject({ kind: "help" });
});

test.each([
  [["--port", "70000"], {}, "--port"],
  [["--port", "9e3"], {}, "--port"],
  [["--host", "a b"], {}, "--host"],
  [["--origins", "play.example"], {}, "--origins"],
  [["--ice-servers", "turn:t"], {}, "--ice-servers"],
  [["--turn", "turn:user:password@host"], {}, "--turn:"],
  [["--turn", "stun:host"], {}, "--turn:"],
  [["--turn", "turn:host"], {}, "--turn-secret"],
  [["--turn-secret", "0123456789abcdef"], {}, "--turn too"],
  [["--turn-secret-file", "no such file"], {}, "--turn-secret-file"],
  [["--turn", "turn:host"], { ROLLCALL_TURN_SECRET: "short" }, "ROLLCALL_TURN_SECRET"],
  [["--turn-ttl", "0"], {}, "--turn-ttl"],
  [["--trusted-proxy-hops", "-1"], {}, "--trusted-proxy-hops"],
  [["--limits", "sockets=0"], {}, "--limits"],
  [["--limits", "toString=1"], {}, "--limits"],
  [["--signing-key-file", "/nonexistent/key"], {}, "--signing-key-file"],
  [["--wat"], {}, "--wat"],
  [["extra"], {}, "extra"],
  [[], { ROLLCALL_PORT: "x" }, "ROLLCALL_PORT"],
  [[], { ROLLCALL_UNIFORM_ERRORS: "yes please" }, "ROLLCALL_UNIFORM_ERRORS"],
] as const)("[BR29] %j with %j is refused by name", (args, environment, name) => {
  const settings = readSettings(args, environment);
  expect(settings.kind === "refused" ? settings.message : "").toContain(name);
});
