import { rubberband } from "@rollcall/game-demo/sim";
import { botInput, joinLobby } from "@rollcall/netcode/node";
import { expect } from "playwright/test";
import { test } from "./page-test.ts";
import { RubberbandPage } from "./rubberband-page.ts";

const NODE_PEERS = 7;

test("[EE33] a page and seven Node peers play in one mesh, each linked with each, with equal histories", async ({ browser, baseURL }) => {
  if (baseURL === undefined) throw new Error("no page is served");
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const options = { game: rubberband, broker: baseURL };
  const lobbies = await Promise.all(
    Array.from({ length: NODE_PEERS }, (_, index) => joinLobby(code, { ...options, name: `Node ${index}` })),
  );
  try {
    await ada.expectPlayers(1 + NODE_PEERS);
    const isLinked = ({ peers }: (typeof lobbies)[number]): boolean =>
      peers.length === NODE_PEERS && peers.every(({ status }) => status === "open");
    while (!lobbies.every(isLinked)) await new Promise((resolve) => setTimeout(resolve, 50));
    const starting = Promise.all(lobbies.map((lobby) => lobby.nextMatch()));
    await ada.start();
    const matches = await starting;
    matches.forEach((match, index) => match.run({ input: botInput(rubberband, match, index) }));
    await ada.confirmed(200);
    await ada.play(3_000);
    // A busy machine may let one fall so far behind that the others go on without it: then it comes back to its seat first.
    const isWhole = (): boolean => matches.every((match) => match.stats().peers.length === NODE_PEERS);
    for (let compared = 0; compared <= 10 || !isWhole();) {
      await ada.confirmed(((await ada.stats())?.frame ?? 0) + 10);
      const newest = Math.min((await ada.stats())?.confirmedFrame ?? 0, ...matches.map((match) => match.stats().confirmedFrame));
      const theirs = await ada.checksums(newest - 30, newest);
      for (const [index, sum] of theirs.entries()) {
        const ours = matches.map((match) => match.checksum(newest - 30 + index));
        if (sum === null || ours.includes(undefined)) continue;
        expect(new Set(ours), `frame ${newest - 30 + index}`).toEqual(new Set([sum]));
        compared++;
      }
    }
    // One that came back counts anew.
    await expect.poll(() => Math.min(...matches.map((match) => match.stats().datagramsReceived))).toBeGreaterThan(NODE_PEERS * 30);
    await expect.poll(async () => (await ada.stats())?.peers.length).toBe(NODE_PEERS);
    expect(ada.errors).toEqual([]);
  } finally {
    await Promise.all(lobbies.map((lobby) => lobby.leave()));
  }
});
