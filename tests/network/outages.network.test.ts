import { describe, expect, test } from "vitest";
import type { LabHost } from "./lab/lab-host.ts";
import { expectEqualHistories, type LabPage } from "./lab/lab-page.ts";
import { ICE_URLS } from "./lab/network-lab.ts";
import { closeAll, enterLobby, figure, useLab } from "./lab/use-lab.ts";

const lab = useLab({ still: "cone", dark: "cone", rerouted: "cone", roaming: "cone", middle: "open" });

const iceServers: readonly RTCIceServer[] = [{ urls: ICE_URLS.stun }];

const DEEP = process.env["ROLLCALL_DEEP"] === "1";
/** Longer ones take the time that they last. */
const BLACKOUTS_S = DEEP ? [4, 12, 30, 60] : [12];

type HostName = keyof typeof lab.current.hosts;

/** A match that runs on all these hosts. */
async function match(names: readonly HostName[]): Promise<LabPage[]> {
  const pages = await enterLobby(lab.current, names, { iceServers });
  await Promise.all(pages.map((page) => page.open(names.length - 1)));
  await pages[0]!.start();
  await Promise.all(pages.map((page) => page.confirmed(60)));
  return pages;
}

/** Everybody plays, in the same history. */
async function expectPlaysOn(pages: readonly LabPage[]): Promise<void> {
  await Promise.all(pages.map((page) => page.playing()));
  const frame = Math.max(...(await Promise.all(pages.map((page) => page.confirmedFrame()))));
  await Promise.all(pages.map((page) => page.confirmed(frame + 60)));
  expect(await expectEqualHistories(pages)).toBeGreaterThan(20);
  for (const page of pages) expect(page.errors).toEqual([]);
}

/** Does something to the network, and returns how long the pages took from its end to be heard again. */
async function msToRecover(pages: readonly LabPage[], disturb: () => Promise<void> | void): Promise<number> {
  const seen = await Promise.all(pages.map(async (page) => (await page.events()).length));
  await disturb();
  const endMs = Date.now();
  const opened = await Promise.all(pages.map((page, index) => page.reopened(seen[index]!)));
  return Math.max(...opened.map(({ atMs }) => atMs)) - endMs;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.concurrent("the network changes under a match", () => {
  test.each(BLACKOUTS_S)("[NW20] a pair plays on after a blackout of %d s", async (seconds) => {
    const pages = await match(["still", "dark"]);
    const host: LabHost = lab.current.hosts.dark;
    const recoveryMs = await msToRecover(pages, async () => {
      host.setCut(true);
      await sleep(seconds * 1_000);
      host.setCut(false);
    });
    figure(`blackout of ${seconds} s: from its end to heard again`, recoveryMs, "ms");
    await expectPlaysOn(pages);
    await closeAll(pages);
  });

  test.each([
    ["[NW21] a pair plays on when the public address of a router changes", "rerouted", (host: LabHost) => host.moveRouter()],
    ["[NW22] a pair plays on when the address of a computer changes", "roaming", (host: LabHost) => host.moveMachine()],
  ] as const)("%s", async (title, name, move) => {
    const pages = await match(["still", name]);
    const recoveryMs = await msToRecover(pages, () => move(lab.current.hosts[name]));
    figure(`${title.slice(7)}: to heard again`, recoveryMs, "ms");
    await expectPlaysOn(pages);
    await closeAll(pages);
  });
});

test("[NW23] a match does not notice that its broker is killed; the broker started again knows the lobby, and lets a late comer in", async () => {
  const pages = await match(["still", "dark"]);
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
  const late = await lab.current.page("middle");
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
