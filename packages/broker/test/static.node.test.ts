/** A game's files beside the broker, over real sockets: what a browser asks for, and what nobody should. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { LobbyClient } from "./lobby-client.ts";

const folder = mkdtempSync(join(tmpdir(), "rollcall-static-"));
const game = join(folder, "game");
const TOKEN = "an-operator-of-this-test";
const SCRIPT = "console.log('game');".repeat(4_000);
let broker: Broker;

beforeAll(async () => {
  mkdirSync(join(game, "assets"), { recursive: true });
  mkdirSync(join(game, "maps"));
  mkdirSync(join(folder, "game-of-somebody-else"));
  const files: Readonly<Record<string, string>> = {
    "game/index.html": "<!doctype html><title>game</title>",
    "game/maps/index.html": "maps",
    "game/assets/index-DkS2bO1f.js": SCRIPT,
    "game/assets/two words.txt": "two words",
    "game/.env": "hunter2",
    "secret.txt": "hunter2",
    "game-of-somebody-else/secret.txt": "hunter2",
  };
  for (const name of ["lobby", "peerjs", "healthz", "readyz", "metrics", "admin"]) writeFileSync(join(game, name), "shadow");
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  symlinkSync(join(folder, "secret.txt"), join(game, "link.txt"));
  symlinkSync(join(folder, "game-of-somebody-else"), join(game, "linked"));
  symlinkSync(join(game, "assets"), join(game, "inside"));
  broker = await createBroker({ host: "127.0.0.1", staticFolder: game, adminToken: TOKEN });
});

afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true });
});

function get(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Response> {
  return fetch(`${broker.address}${path}`, { headers, method, redirect: "manual" });
}

/** The whole answer to a request line as it stands, which `fetch` would tidy up. */
function raw(target: string, headers = "", method = "GET"): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(broker.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data: Buffer) => (answer += data.toString("latin1")));
    socket.once("close", () => resolve(answer));
    socket.once("error", reject);
    socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`, "latin1"));
  });
}

test("[OP30] hashed files are kept for good, all others are asked for again and not sent again while they are the same", async () => {
  const hashed = await get("/assets/index-DkS2bO1f.js");
  expect(await hashed.text()).toBe(SCRIPT);
  expect(hashed.headers.get("content-type")).toMatch(/^(text|application)\/javascript/);
  expect(hashed.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  const page = await get("/?fx=off");
  expect(await page.text()).toContain("<title>game</title>");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  // `fetch` would ask for the whole again.
  const again = await raw("/", `If-None-Match: ${page.headers.get("etag")}\r\n`);
  expect([again.slice(0, 12), again.split("\r\n\r\n")[1]]).toEqual(["HTTP/1.1 304", ""]);
  expect(await (await get("/assets/two%20words.txt")).text()).toBe("two words");
  expect(await (await get("/inside/two%20words.txt")).text()).toBe("two words");
  const head = await get("/assets/index-DkS2bO1f.js", {}, "HEAD");
  expect([head.headers.get("content-length"), await head.text()]).toEqual([String(SCRIPT.length), ""]);
  writeFileSync(join(game, "later.txt"), "later");
  expect(await (await get("/later.txt")).text()).toBe("later");
});

test("[OP31] nothing outside the folder, nothing hidden and no odd address is answered with a file", async () => {
  const odd = [
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/%252e%252e/secret.txt",
    "/..%c0%afsecret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/../game-of-somebody-else/secret.txt",
    `/${folder}/secret.txt`,
    `/%2f${folder}/secret.txt`,
    "/link.txt",
    "/linked/secret.txt",
    "/linked/",
    "/.env",
    "/%2eenv",
    "/assets/./../.env",
    "/secret.txt%00.js",
    "/%00",
    "/%",
    "/%zz",
    "/%E0%A4%A",
    "//etc/passwd",
    "//evil.example/maps",
    "/maps//",
    "/assets/",
    "/index.html/",
    "/index.html/x",
    "http://evil.example/secret.txt",
    "*",
    "/C:%5cwindows",
    `/${"a".repeat(300)}`,
    `/${"a/".repeat(700)}`,
    "/\x80\xff",
  ];
  for (const target of odd) {
    const answer = await raw(target);
    expect([target, answer.slice(0, 12)]).toEqual([target, target.includes("\x80") ? "HTTP/1.1 400" : "HTTP/1.1 404"]);
    expect(answer).not.toContain("hunter2");
    expect(answer).not.toMatch(/^location:/im);
  }
  expect(await (await get("/maps/")).text()).toBe("maps");
  expect(await raw("/maps?x=//evil.example")).toMatch(/^HTTP\/1\.1 308 [^]*^location: \/maps\/\?x=\/\/evil\.example\r$/im);
  expect((await get("/", {}, "POST")).status).toBe(405);
  expect(await (await get("/healthz")).json()).toMatchObject({ status: "ok" });
});

test("[OP32] ranges are served within the file, and refused or ignored beyond it", async () => {
  const ask = async (range: string): Promise<readonly [number, number]> => {
    const answer = await get("/assets/index-DkS2bO1f.js", { range });
    return [answer.status, (await answer.arrayBuffer()).byteLength];
  };
  expect(await ask("bytes=0-9")).toEqual([206, 10]);
  expect(await ask("bytes=-10")).toEqual([206, 10]);
  expect(await ask(`bytes=10-${"9".repeat(300)}`)).toEqual([206, SCRIPT.length - 10]);
  expect(await ask("bytes=99999999999999999999-")).toEqual([416, 0]);
  expect(await ask("bytes=9-1")).toEqual([416, 0]);
  expect(await ask(`bytes=${Array.from({ length: 2_000 }, (_, index) => `${index}-`).join(",")}`)).toEqual([206, SCRIPT.length]);
  expect(await ask("bytes=0-1,5-6")).toEqual([200, SCRIPT.length]);
  expect(await ask("lines=1-2")).toEqual([200, SCRIPT.length]);
});

test("[OP33] the broker's own paths are never a file's, however they are written", async () => {
  const seat = await (await LobbyClient.open(broker.port)).create();
  expect(seat.lobby.code).toHaveLength(5);
  expect((await get("/healthz")).headers.get("content-type")).toBe("application/json");
  expect((await get("/metrics")).status).toBe(401);
  for (const path of [
    "/lobby",
    "/LOBBY",
    "/%6cobby",
    "/peerjs",
    "/peerjs/id",
    "/Metrics",
    "/%61dmin",
    "/readyz/",
    "/admin/x",
    "/healthz%2f",
  ]) {
    expect(await raw(path)).not.toContain("shadow");
  }
  expect(await raw("/LOBBY")).toMatch(/^HTTP\/1\.1 404 /);
});

test("[OP34] every page of it may run its own scripts, workers and this broker's sockets, and nothing else", async () => {
  const policy = (await get("/")).headers.get("content-security-policy") ?? "";
  const rules = Object.fromEntries(policy.split("; ").map((rule) => [rule.split(" ", 1)[0] ?? "", rule.split(" ").slice(1)]));
  expect(rules).toMatchObject({
    "default-src": ["'none'"],
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
    "worker-src": ["'self'", "blob:"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
  });
  expect(policy).not.toMatch(/\*|https?:|unsafe-eval'(?<!wasm-unsafe-eval')/);
  for (const answer of [await get("/"), await get("/missing"), await get("/", {}, "POST")]) {
    expect(answer.headers.get("content-security-policy")).toBe(policy);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  }
});
