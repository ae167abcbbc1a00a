import { expect, test } from "vitest";
import { expectEqualHistories } from "./lab/lab-page.ts";
import { ICE_URLS } from "./lab/network-lab.ts";
import { closeAll, enterLobby, figure, useLab } from "./lab/use-lab.ts";

const lab = useLab({ public: "open", symmetric1: "symmetric", symmetric2: "symmetric", cone1: "cone", cone2: "cone" });

const STUN: RTCIceServer = { urls: ICE_URLS.stun };

test("[NW10] two symmetric NATs without TURN play over a third member", async () => {
  const pages = await enterLobby(lab.current, ["public", "symmetric1", "symmetric2"], { iceServers: [STUN] });
  const [, , last] = pages;
  await Promise.all(pages.map((page) => page.open(2)));
  const entered = await last!.event("entered");
  const opened = (await last!.events()).find(({ code }) => code === "open peer");
  for (const page of pages.slice(1)) expect((await page.peers()).map(({ path }) => path).sort()).toEqual(["direct", "peer"]);
  figure("symmetric NATs without TURN: from joining to open over a third member", opened!.atMs - entered.atMs, "ms");
  await pages[0]!.start();
  await Promise.all(pages.map((page) => page.confirmed(300)));
  expect(await expectEqualHistories(pages)).toBeGreaterThan(20);
  for (const page of pages) {
    expect(page.errors).toEqual([]);
    expect((await page.events()).filter(({ type }) => type === "seat-to-bot" || type === "suspect")).toEqual([]);
  }
  await closeAll(pages);
});

test("[NW11] a path that breaks while the broker is dead is healed over a third member", async () => {
  const names = ["public", "cone1", "cone2"] as const;
  const pages = await enterLobby(lab.current, names, { iceServers: [STUN] });
  await Promise.all(pages.map((page) => page.open(2)));
  await pages[0]!.start();
  await Promise.all(pages.map((page) => page.confirmed(60)));
  await lab.current.broker.stop("SIGKILL");
  await Promise.all(pages.map((page) => page.event("broker-lost")));
  const cutMs = Date.now();
  lab.current.hosts.cone1.sever(lab.current.hosts.cone2);
  const healed = await pages[2]!.linkEvent("open peer");
  figure("a path breaks while the broker is dead: to open over a third member", healed.atMs - cutMs, "ms");
  const frame = Math.max(...(await Promise.all(pages.map((page) => page.confirmedFrame()))));
  await Promise.all(pages.map((page) => page.confirmed(frame + 120)));
  expect(await expectEqualHistories(pages)).toBeGreaterThan(20);
  for (const page of pages) {
    expect(page.errors).toEqual([]);
    expect((await page.events()).filter(({ type }) => type === "seat-to-bot")).toEqual([]);
  }
  await lab.current.broker.start();
  lab.current.hosts.cone1.sever(lab.current.hosts.cone2, false);
  await closeAll(pages);
});
