import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { AdminDesk } from "./admin-desk.ts";
import { ADMIN_PAGE_POLICY, duration, grouped, renderAdminPage, type AdminView } from "./admin-page.ts";
import { Counters } from "./counters.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { Meters } from "./meters.ts";
import { RateHistory } from "./rate-history.ts";

const EMPTY: AdminView = {
  readiness: "ready",
  uptimeMs: 0,
  figures: [],
  lobbies: [],
  lobbyCount: 0,
  storeFailed: false,
  refusals: [],
  madeAt: "2026-12-01 18:00:00 UTC",
};

const HOSTILE = [
  "</td><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "</style><style>*{display:none}",
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  "<!--",
  "]]>",
  "&lt;script&gt;",
  "\u202e\u0000\ud800",
];

/** The same page with each text of the view replaced by `fill(text)`: everything that is not text of the view stays. */
function pageWith(fill: (field: string) => string): string {
  return renderAdminPage({
    ...EMPTY,
    figures: [{ label: fill("label"), now: fill("now"), note: fill("note"), history: [1, 2] }],
    lobbies: [
      {
        mark: fill("mark"),
        game: fill("game"),
        hostName: fill("host"),
        connected: 1,
        players: 2,
        capacity: 8,
        states: [fill("state")],
        ageMs: 61_000,
      },
    ],
    lobbyCount: 3,
    refusals: [{ reason: fill("reason"), count: 1_234, lastMinutes: 5 }],
  });
}

test("[OP50] whatever people call themselves and their games stays text on the admin page", () => {
  const marks = (page: string): readonly string[] => page.match(/<[^>]*>|<!|-->/g) ?? [];
  const plain = marks(pageWith(() => "x"));
  expect(plain.length).toBeGreaterThan(60);
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary" })), (text) => {
      expect(marks(pageWith(() => text))).toEqual(plain);
    }),
    { numRuns: 100 },
  );
  expect(pageWith(() => "<b>&\"'")).toContain("<bdi>&lt;b&gt;&amp;&quot;&#39;</bdi>");
  expect(pageWith((field) => field)).toContain("1 of 3");
});

test("[OP51] the admin page may use its own style and nothing else; it asks for itself again", () => {
  const page = renderAdminPage(EMPTY);
  const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? "";
  expect(ADMIN_PAGE_POLICY).toContain(`style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  expect(ADMIN_PAGE_POLICY).toContain("default-src 'none'");
  expect(page).toMatch(/<meta http-equiv="refresh" content="\d+" \/>/);
  expect(page).not.toMatch(/<script|<form|<a |<link|<img|src=|href=| style=/);
});

test("[OP52] a store that does not answer is told on the page; the rest of it is there", async () => {
  let nowMs = 0;
  const refusals = new Counters();
  const desk = new AdminDesk({
    meters: new Meters(),
    refusals,
    codes: () => ["KXRTM" as never],
    memberCount: () => 1_234,
    store: { load: () => Promise.reject(new Error("down")) },
    limits: BROKER_LIMITS,
    readiness: () => "store",
    memoryBytes: () => 123_456_789,
    nowMs: () => nowMs,
    wallMs: () => 0,
  });
  refusals.add("socket:origin");
  for (; nowMs <= 3_600_000; nowMs += 1_000) desk.sweep(nowMs);
  refusals.add("socket:origin");
  const page = await desk.page();
  expect(page).toContain("The store of lobbies does not answer.");
  for (const shown of ["1,234", "123 MB", "up 1 h 0 min", "1970-01-01 00:00:00 UTC"]) expect(page).toContain(shown);
  expect(page.replaceAll(/\s+/g, " ")).toContain('<code>socket:origin</code></td> <td class="number">1</td> <td class="number">2</td>');
  expect(page).not.toContain("KX");
});

test("[OP53] ten minutes are remembered, a sample each five seconds, as levels and as rates", () => {
  let count = 0;
  const history = new RateHistory(() => ({ count }));
  for (let nowMs = 0; nowMs <= 3_600_000; nowMs += 1_000) {
    history.sweep(nowMs);
    count += 2;
  }
  expect(history.levels("count")).toHaveLength(121);
  expect(history.perSecond("count")).toEqual(Array.from({ length: 120 }, () => 2));
  expect([999, 1_000, 1_234_567.4].map(grouped)).toEqual(["999", "1,000", "1,234,567"]);
  expect([0, 59_999, 60_000, 3_660_000, 90_000_000].map(duration)).toEqual(["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h"]);
});
