import { expect, test } from "vitest";
import { closeAll, enterLobby, useLab } from "./lab/use-lab.ts";

const LIFE_S = 4;
const UNAUTHORIZED = 401;

const lab = useLab({ symmetric1: "symmetric", symmetric2: "symmetric" }, ["--turn-ttl", String(LIFE_S)]);

test("[NW12] a pair that lives by TURN is open again after a change of address, although the credentials that it began with have expired", async () => {
  const pages = await enterLobby(lab.current, ["symmetric1", "symmetric2"]);
  await Promise.all(pages.map((page) => page.linkEvent("open turn")));
  // Expiry is an hour of the wall clock: nothing tells of it.
  await new Promise((resolve) => setTimeout(resolve, (LIFE_S + 2) * 1_000));
  for (const page of pages) expect((await page.peers())[0]).toMatchObject({ status: "open", path: "turn" });
  const seen = await Promise.all(pages.map(async (page) => (await page.events()).length));
  lab.current.hosts.symmetric2.moveRouter();
  for (const [index, page] of pages.entries()) {
    await page.reopened(seen[index]!);
    await page.linkEvent("open turn", seen[index]);
    expect(await page.page.evaluate(() => globalThis.lab.iceErrors())).not.toContain(UNAUTHORIZED);
  }
  await closeAll(pages);
});
