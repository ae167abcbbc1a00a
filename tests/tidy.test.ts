/** Style and architecture, kept by a test: what the compiler and the linter cannot see. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FILES = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "");
const SOURCES = FILES.filter((file) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file) && !file.endsWith(".test.ts"));

const NETCODE = "packages/netcode/src";
const PORTS = ["core/base", "core/wire", "core/ports"] as const;

/** The layers: which part may import which, and what may come from npm. Imports point down only. */
const LAYERS: Readonly<Record<string, { readonly parts: readonly string[]; readonly npm?: readonly string[] }>> = {
  "core/base": { parts: [] },
  "core/wire": { parts: ["core/base", "core/ports"], npm: ["msgpackr"] },
  "core/ports": { parts: ["core/base"] },
  "core/math": { parts: ["core/base"] },
  "core/determinism": { parts: ["core/game"] },
  "core/peer": { parts: PORTS },
  "core/game": { parts: PORTS },
  "core/identity": { parts: PORTS },
  "core/link": { parts: [...PORTS, "core/identity", "core/peer"] },
  "core/bulk": { parts: PORTS },
  "core/messages": { parts: PORTS },
  "core/lobby": { parts: [...PORTS, "core/peer"] },
  "core/doctor": { parts: PORTS },
  "core/rollback": { parts: [...PORTS, "core/peer"] },
  "core/replay": { parts: [...PORTS, "core/game", "core/rollback"] },
  command: { parts: ["", "core/base", "core/game", "core/replay", "facade"], npm: ["node:fs", "node:path", "node:url", "node:util"] },
  driver: { parts: PORTS },
  sim: { parts: ["core/base", "core/wire", "core/ports", "core/peer", "core/game", "core/link", "core/lobby", "core/rollback", "core"] },
  adapters: { parts: [...PORTS, "driver"], npm: ["peerjs", "node-datachannel", "ws", "@noble"] },
  facade: {
    parts: [
      "core/base",
      "core/wire",
      "core/ports",
      "core/peer",
      "core/game",
      "core/bulk",
      "core/identity",
      "core/messages",
      "core/link",
      "core/lobby",
      "core/doctor",
      "core/rollback",
      "core",
      "driver",
      "adapters",
    ],
  },
  presentation: { parts: [] },
  core: { parts: ["core/base", "core/wire", "core/ports", "core/peer", "core/game", "core/link", "core/lobby", "core/rollback"] },
  "": { parts: ["core", "core/base", "core/game", "core/ports", "core/wire", "adapters", "facade", "presentation"] },
};

/** The one file that may know each outside thing. */
const ONE_FILE: Readonly<Record<string, readonly string[]>> = {
  "@redis/client": ["packages/broker/src/redis-connection.ts"],
  "@noble/curves/ed25519.js": [`${NETCODE}/adapters/noble-crypto.ts`],
  "@noble/hashes/sha2.js": [`${NETCODE}/adapters/noble-crypto.ts`],
  jose: ["packages/broker/src/roster-signer.ts", "packages/broker/src/tickets.ts"],
  msgpackr: [`${NETCODE}/core/wire/payload-codec.ts`],
  peer: ["packages/broker/src/peer-server.ts"],
  pino: ["packages/broker/src/pino-log.ts"],
  "prom-client": ["packages/broker/src/broker-metrics.ts"],
  send: ["packages/broker/src/static-files.ts"],
};

/** What may not stand in pure code, and what to use in its place. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\b/, "time comes in as nowMs"],
  [/\bMath\.random\b/, "randomness comes in as a Random"],
  [/\bperformance\.now\b/, "time comes in as nowMs"],
  [/\bset(Timeout|Interval|Immediate)\(/, "deadlines go out through pollTimeoutMs"],
  [
    /\bMath\.(sin|cos|tan|asin|acos|atan|atan2|exp|expm1|log|log2|log10|log1p|pow|cbrt|hypot|sinh|cosh|tanh)\b/,
    "not the same in every engine",
  ],
  [/[\w)\]] \*\* [\w(]/, "not the same in every engine"],
];

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Source without comments and strings' content would need a parser; comments alone are enough for words that nobody writes in strings. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

function importsOf(file: string): string[] {
  return [
    ...withoutComments(read(file)).matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s*["']([^"']+)["']/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function partOf(file: string): string {
  const folder = dirname(relative(NETCODE, file));
  const parts = folder.split("/");
  if (folder === ".") return "";
  return parts[0] === "core" && parts.length > 1 ? `core/${parts[1]}` : (parts[0] ?? "");
}

describe("[TI1] imports point down", () => {
  test.each(SOURCES.filter((file) => file.startsWith(`${NETCODE}/`)))("%s", (file) => {
    const part = partOf(file);
    const layer = LAYERS[part];
    expect(layer, `no layer is declared for ${part}`).toBeDefined();
    const wrong = importsOf(file).filter((specifier) => {
      if (!specifier.startsWith(".")) return !(layer?.npm ?? []).includes(specifier.split("/")[0] ?? "");
      const target = partOf(normalize(join(dirname(file), specifier)));
      return target !== part && !layer?.parts.includes(target);
    });
    expect(wrong).toEqual([]);
  });
});

test("[TI2] each outside thing is known to one file", () => {
  const wrong = SOURCES.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => ONE_FILE[specifier] !== undefined && !ONE_FILE[specifier].includes(file))
      .map((specifier) => `${file} imports ${specifier}`),
  );
  expect(wrong).toEqual([]);
});

test("[TI3] pure code has no clock, no hidden randomness, no inexact arithmetic", () => {
  const pure = SOURCES.filter((file) => /^packages\/netcode\/src\/(core|sim)\/|^packages\/game-demo\/src\/sim\//.test(file));
  expect(pure.length).toBeGreaterThan(20);
  const wrong = pure.flatMap((file) =>
    withoutComments(read(file))
      .split("\n")
      .flatMap((line) => BANNED.filter(([word]) => word.test(line)).map(([, instead]) => `${file}: ${line.trim()} (${instead})`)),
  );
  expect(wrong).toEqual([]);
});

test("[TI4] real time has one owner in the library", () => {
  const wrong = SOURCES.filter(
    (file) => /^packages\/netcode\/src\/(driver|facade)\//.test(file) && !/\/driver\/(node-ticker|ticker(-worker)?)\.ts$/.test(file),
  ).filter((file) => /\bperformance\.now\b|\bDate\.now\b|\bset(Timeout|Interval)\(|\bnew Worker\(/.test(withoutComments(read(file))));
  expect(wrong).toEqual([]);
});

test("[TI5] nothing is left for later, skipped, or tied to one machine", () => {
  // The brackets keep these patterns from matching themselves.
  const marks = /\bT[O]DO\b|\bF[I]XME\b|\bX[X]X\b|@ts-[i]gnore|@ts-[n]ocheck|\bas [a]ny\b/;
  const machine = /\/[w]ork\/|\/[r]oot\/|registry\.[n]pmjs/;
  const text = FILES.filter((file) => /\.(ts|md|json|yaml|html|css|sh)$|^\.ci\//.test(file));
  const wrong = text.filter((file) => (file.endsWith(".ts") && marks.test(read(file))) || machine.test(read(file)));
  expect(wrong).toEqual([]);
});

test("[TI6] every rule of the specification is held by a test of its name, and every test's rule is in the specification", () => {
  const idIn = /\[([A-Z]{2}\d+[a-z]?)\]/g;
  const written = new Set(
    FILES.filter((file) => /^docs\/spec\/.*\.md$/.test(file)).flatMap((file) =>
      [...read(file).matchAll(/\*\*([A-Z]{2}\d+[a-z]?)\*\*/g)].map((match) => match[1] ?? ""),
    ),
  );
  const tested = new Set(
    FILES.filter((file) => /\.(test|spec)\.ts$|-(contract|suite)\.ts$/.test(file)).flatMap((file) =>
      [...read(file).matchAll(idIn)].map((match) => match[1] ?? ""),
    ),
  );
  expect({
    "in the specification, without a test": [...written].filter((id) => !tested.has(id)),
    "tested, not in the specification": [...tested].filter((id) => !written.has(id)),
  }).toEqual({
    "in the specification, without a test": [],
    "tested, not in the specification": [],
  });
});

test("[TI7] no rule of the specification has the id of another", () => {
  const ids = FILES.filter((file) => /^docs\/spec\/.*\.md$/.test(file)).flatMap((file) =>
    [...read(file).matchAll(/^- \*\*([A-Z]{2}\d+[a-z]?)\*\*/gm)].map((match) => match[1] ?? ""),
  );
  expect(ids.length).toBeGreaterThan(500);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

const PAGES = FILES.filter((file) => file.endsWith(".md"));

/** A page as it is read: code shows links that lead nowhere. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ""));
}

/** What a `#…` may name: marks, and headings in the way of GitHub. */
function anchorsOf(page: string): Set<string> {
  const text = withoutCode(read(page));
  const marks = [...text.matchAll(/<a id="([^"]+)"/g)].map((match) => match[1] ?? "");
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set([...marks, ...headings]);
}

test("[TI8] every link of a page leads to a file that is there, and to a heading of it", () => {
  const links = PAGES.flatMap((page) =>
    [...withoutCode(read(page)).matchAll(/\]\(([^()\s]+)\)/g)].map((match) => ({ page, link: match[1] ?? "" })),
  );
  const inside = links.filter(({ link }) => !/^[a-z]+:/.test(link));
  expect(inside.length).toBeGreaterThan(100);
  const dead = inside.filter(({ page, link }) => {
    const [path = "", anchor] = link.split("#", 2);
    const target = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor);
  });
  expect(dead).toEqual([]);
});

test("[TI9] the indexes name every page below them, and the specification's the ids of each", () => {
  const below = (folder: string): string[] => PAGES.filter((page) => page.startsWith(folder));
  const isNamed = (index: string, page: string): boolean => read(index).includes(`](${relative(dirname(index), page)})`);
  const idsOf = (page: string): string[] =>
    [...new Set([...read(page).matchAll(/^- \*\*([A-Z]{2})\d/gm)].map((match) => match[1] ?? ""))].toSorted();
  const rows = [...read("docs/SPEC.md").matchAll(/^\|[^|]*\| ([A-Z, ]+) \| \[[^\]]*\]\(([^)]+)\) \|$/gm)];
  const told = Object.fromEntries(rows.map(([, ids = "", page = ""]) => [`docs/${page}`, ids.split(", ").toSorted()]));
  expect(told).toEqual(Object.fromEntries(below("docs/spec/").map((page) => [page, idsOf(page)])));
  expect(below("docs/wire/").filter((page) => !isNamed("docs/WIRE.md", page))).toEqual([]);
  expect(below("docs/decisions/").filter((page) => !isNamed("docs/ARCHITECTURE.md", page))).toEqual([]);
  const reached = (page: string): boolean => PAGES.some((from) => from !== page && isNamed(from, page));
  expect([...below("docs/guides/"), ...below("docs/measurements/")].filter((page) => !reached(page))).toEqual([]);
});

test("[TI10] no page of ours reads a text as markup: what a player is called is a text", () => {
  expect(
    SOURCES.filter((file) => /\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|createContextualFragment/.test(read(file))),
  ).toEqual([]);
});
