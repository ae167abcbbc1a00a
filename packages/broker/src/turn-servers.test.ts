import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { readSettings } from "./settings.ts";
import { openTurnServers, parseTurnServers, resolveTurnServers } from "./turn-servers.ts";

const [NEWEST, BEFORE] = ["the-newest-secret", "the-one-before-it"];
const EAST = { urls: ["turn:east.example:3478?transport=udp"], secrets: [NEWEST, BEFORE] };
const WEST = { urls: ["turn:west.example:3478", "turns:west.example:443?transport=tcp"], secrets: [BEFORE], ttlSeconds: 60 };
const RESOLVED = [
  { urls: EAST.urls, secret: NEWEST, lifeMs: 600_000 },
  { urls: WEST.urls, secret: BEFORE, lifeMs: 60_000 },
];

test("[TK31] several servers have secrets and lives of their own; of two secrets the newest makes the credentials", () => {
  const servers = parseTurnServers(JSON.stringify([EAST, WEST]));
  expect(resolveTurnServers(servers)).toEqual(RESOLVED);
  expect(resolveTurnServers({ urls: EAST.urls, secret: NEWEST })).toEqual(RESOLVED.slice(0, 1));
  expect(resolveTurnServers(undefined)).toEqual([]);
});

test("[TK32] what is no list of servers is refused, whatever it is", () => {
  const one = (changed: object): string => JSON.stringify([{ ...EAST, ...changed }]);
  for (const wrong of [
    "",
    "{",
    "{}",
    "[]",
    "[null]",
    JSON.stringify(Array.from({ length: 9 }, () => EAST)),
    one({ urls: [] }),
    one({ urls: "turn:a" }),
    one({ urls: ["stun:a"] }),
    one({ urls: ["turn:user:secret@a"] }),
    one({ secrets: [] }),
    one({ secrets: ["short"] }),
    one({ secrets: [NEWEST, BEFORE, "a-third-secret-01"] }),
    one({ secrets: [NEWEST, "short"] }),
    one({ ttlSeconds: 0 }),
    one({ ttlSeconds: "600" }),
    one({ ttlSeconds: 86_401 }),
    one({ secret: NEWEST }),
  ]) {
    expect({ wrong, read: parseTurnServers(wrong) }).toEqual({ wrong, read: undefined });
  }
  fc.assert(fc.property(fc.json(), (text) => void parseTurnServers(text)));
});

test("[TK33] servers come from a setting or a file, in one way at a time; two ways are refused by name", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-turn-"));
  const path = join(folder, "turn.json");
  writeFileSync(path, JSON.stringify([EAST]));
  writeFileSync(join(folder, "secret"), NEWEST);
  const inline = JSON.stringify([WEST]);
  try {
    expect(readSettings(["--turn-servers", inline], {})).toMatchObject({
      options: { turn: [{ urls: WEST.urls, secret: [BEFORE], lifeMs: 60_000 }] },
    });
    expect(readSettings([], { ROLLCALL_TURN_SERVERS_FILE: path })).toMatchObject({ options: { turnServersFile: path } });
    const single = ["--turn", "turn:a:1", "--turn-secret", NEWEST];
    for (const [args, environment, message] of [
      [[...single, "--turn-secret-file", join(folder, "secret")], {}, "--turn-secret-file: expected without --turn-secret"],
      [single, { ROLLCALL_TURN_SECRET_FILE: join(folder, "secret") }, "ROLLCALL_TURN_SECRET_FILE: expected without --turn-secret"],
      [[...single, "--turn-servers", inline], {}, "--turn-servers: expected without --turn"],
      [["--turn-servers", inline, "--turn-servers-file", path], {}, "--turn-servers-file: expected without --turn-servers"],
    ] as const) {
      expect(readSettings(args, environment)).toEqual({ kind: "refused", message });
    }
    expect(readSettings(["--turn-servers", "[]"], {})).toMatchObject({ kind: "refused" });
    expect(readSettings(["--turn-servers-file", join(folder, "none")], {})).toMatchObject({ kind: "refused" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("[TK34] a file of servers is read again when it changes, so that a secret is rotated without a restart; nonsense in it changes nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-turn-"));
  const path = join(folder, "turn.json");
  writeFileSync(path, JSON.stringify([WEST]));
  let unreadable = 0;
  vi.useFakeTimers();
  const file = openTurnServers({ turn: [], turnServersFile: path }, () => unreadable++);
  try {
    expect(file.value).toEqual(RESOLVED.slice(1));
    writeFileSync(path, "[]");
    vi.advanceTimersByTime(4_000);
    expect(unreadable).toBe(1);
    expect(file.value).toEqual(RESOLVED.slice(1));
    writeFileSync(path, JSON.stringify([EAST, WEST]));
    vi.advanceTimersByTime(2_000);
    expect(file.value).toEqual(RESOLVED);
  } finally {
    file.close();
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  }
});
