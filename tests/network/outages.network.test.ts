import { describe, expect, test } from "vitest";
import { IS_DEEP } from "../../scripts/deep.ts";
import type { LabHost } from "./lab/lab-host.ts";
import { expectEqualHistories, FRESH_MS, type LabPage } from "./lab/lab-page.ts";
import { ICE_URLS } from "./lab/network-lab.ts";
import { tellTimeline } from "./lab/timeline.ts";
import type { Heard } from "./page/talk.ts";
import { closeAll, enterLobby, figure, useLab } from "./lab/use-lab.ts";

const iceServers: readonly RTCIceServer[] = [{ urls: ICE_URLS.stun }];

/** Longer ones take the time that they last. */
const BLACKOUTS_S = IS_DEEP ? [4, 12, 30, 60] : [12];

/**
 * Each outage so often (up to 3 times), all at once: `ROLLCALL_REPEAT=3 … -t "blackout of (30|60)"` gives a distribution instead of a figure. With `ROLLCALL_TRACES=FOLDER` each heal is told there step by step.
 */
const RUNS = Array.from({ length: Number(process.env["ROLLCALL_REPEAT"] ?? 1) }, (_, run) => run + 1);

const BLACKOUTS = BLACKOUTS_S.flatMap((seconds) => RUNS.map((run) => [seconds, `dark${seconds}-${run}`] as const));
const MOVES = (
  [
    ["[NW21] a pair plays on when the public address of a router changes", "rerouted", (host: LabHost) => host.moveRouter()],
    ["[NW22] a pair plays on when the address of a computer changes", "roaming", (host: LabHost) => host.moveMachine()],
  ] as const
).flatMap(([title, name, move]) => RUNS.map((run) => [title, `${name}-${run}`, move] as const));

const lab = useLab<string>({
  still: "cone",
  late: "open",
  // Each by itself: they run side by side.
  ...Object.fromEntries([...BLACKOUTS, ...MOVES].map(([, name]) => [name, "cone"] as const)),
});

const ON_THE_WAY_MS = 100;
/** What a machine that stands still just then makes late; without any defence what a blackout of 12 s held back is eighty and more. */
const LATE_MAX = 20;

/** A match that runs on all these hosts. */
async function match(names: readonly string[]): Promise<LabPage[]> {
  const pages = await enterLobby(lab.current, names, { iceServers });
  await Promise.all(pages.map((page) => page.open(names.length - 1)));
  await pages[0]!.start();
  await Promise.all(pages.map((page) => page.confirmed(60)));
  return pages;
}

/** Everybody plays, in the same history. */
async function expectPlaysOn(pages: readonly LabPage[]): Promise<void> {
  await Promise.all(pages.map((page) => page.playing()));
  // A busy machine may let one fall so far behind that their histories do not meet at first: then they are compared again later.
  for (let compared = 0; compared <= 20; compared = await expectEqualHistories(pages)) {
    const frame = Math.max(...(await Promise.all(pages.map((page) => page.confirmedFrame()))));
    await Promise.all(pages.map((page) => page.confirmed(frame + 60)));
  }
  for (const page of pages) expect(page.errors).toEqual([]);
}

/**
 * Two members talk while something happens to the network. Afterwards they hear each other again over the same connection; every reliable message came once
 * and in order, and no unreliable one came late. Prints how long both took from its end to hear something fresh.
 */
async function msToHeal(title: string, pages: readonly LabPage[], disturb: () => Promise<void> | void): Promise<void> {
  const madeBefore = await Promise.all(pages.map(connectionsMade));
  const startMs = Date.now();
  await Promise.all(pages.map(({ page }) => page.evaluate(() => globalThis.lab.talk())));
  await Promise.all(pages.map((page) => page.heardFresh(startMs)));
  await disturb();
  const endMs = Date.now();
  // What was on the way at that moment is no sign of health.
  const freshMs = await Promise.all(pages.map((page) => page.heardFresh(endMs + ON_THE_WAY_MS)));
  await tellTimeline(title, pages, { endMs, freshMs });
  const said = await Promise.all(pages.map(({ page }) => page.evaluate(() => globalThis.lab.stopTalking())));
  for (const [index, page] of pages.entries()) {
    const sent = said[1 - index] ?? 0;
    expect(await page.heardKept(sent)).toEqual(Array.from({ length: sent }, (_, number) => number + 1));
    expect(lateOnes(await page.heard(), endMs)).toBeLessThan(LATE_MAX);
    expect(await connectionsMade(page)).toBe(madeBefore[index]);
  }
  figure(title, Math.max(...freshMs) - endMs, "ms");
}

/** How many came late of what was said before the first that was fresh again. */
function lateOnes({ fresh }: Heard, endMs: number): number {
  const after = fresh.filter(({ atMs }) => atMs > endMs);
  const isLate = ({ sentMs, atMs }: Heard["fresh"][number]): boolean => atMs - sentMs > FRESH_MS;
  const firstMs = after.find((message) => message.sentMs > endMs && !isLate(message))?.sentMs ?? Infinity;
  return after.filter((message) => message.sentMs < firstMs && isLate(message)).length;
}

function connectionsMade({ page }: LabPage): Promise<number> {
  return page.evaluate(() => globalThis.lab.connectionCounts().made);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.concurrent("the network changes under a match", () => {
  test.each(BLACKOUTS)("[NW20] a pair plays on after a blackout of %d s (%s)", async (seconds, name) => {
    const host = lab.current.hosts[name]!;
    const pages = await match(["still", name]);
    await msToHeal(`blackout of ${seconds} s: from its end to the first fresh message`, pages, async () => {
      host.setCut(true);
      await sleep(seconds * 1_000);
      host.setCut(false);
    });
    await expectPlaysOn(pages);
    await closeAll(pages);
  });

  test.each(MOVES)("%s (%s)", async (title, name, move) => {
    const pages = await match(["still", name]);
    await msToHeal(`${title.slice(7)}: to the first fresh message`, pages, () => move(lab.current.hosts[name]!));
    await expectPlaysOn(pages);
    await closeAll(pages);
  });
});

test("[NW23] a match does not notice that its broker is killed; the broker started again knows the lobby, and lets a late comer in", async () => {
  const pages = await match(["still", "rerouted-1"]);
  const [host] = pages;
  const code = await host!.page.evaluate(() => globalThis.lab.code());
  const seen = await Promise.all(pages.map(async (page) => (await page.events()).length));
  await lab.current.broker.stop("SIGKILL");
  await Promise.all(pages.map((page) => page.event("broker-lost")));
  const frame = await host!.confirmedFrame();
  await Promise.all(pages.map((page) => page.confirmed(frame + 300)));
  await lab.current.broker.start();
  const startMs = Date.now();
  const back = await Promise.all(pages.map((page) => page.event("broker-back")));
  figure("broker started again: from its start to back for all members", Math.max(...back.map(({ atMs }) => atMs)) - startMs, "ms");
  const late = await lab.current.page("late");
  await late.join(code, { iceServers });
  await Promise.all([...pages, late].map((page) => page.open(2)));
  for (const [index, page] of pages.entries()) {
    const types = (await page.events()).slice(seen[index]).map(({ type }) => type);
    // Who is back first sees the others come.
    const harmless = new Set(["link", "broker-lost", "broker-back", "member-disconnected", "member-returned"]);
    expect(types.filter((type) => !harmless.has(type))).toEqual([]);
  }
  await expectPlaysOn(pages);
  await closeAll([...pages, late]);
});
