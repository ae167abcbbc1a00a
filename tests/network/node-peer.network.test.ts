import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PUBLIC_ADDRESS } from "./lab/network-lab.ts";
import { stop } from "./lab/namespaces.ts";
import { closeAll, useLab } from "./lab/use-lab.ts";

const COMMAND = fileURLToPath(new URL("../../packages/netcode/src/command/rollcall-bot.ts", import.meta.url));
const GAME = `${fileURLToPath(new URL("page/lab-game.ts", import.meta.url))}#labGame`;

const lab = useLab({ symmetric1: "symmetric", symmetric2: "symmetric" });

test("[NW50] a Node peer and a page, each behind a symmetric NAT, play by TURN", async () => {
  const page = await lab.current.page("symmetric1");
  const code = await page.host();
  const sources = ["--conditions=@rollcall/source", "--import", "tsx"];
  const bot = lab.current.hosts.symmetric2.spawn(process.execPath, [
    ...sources,
    COMMAND,
    code,
    "--game",
    GAME,
    "--broker",
    `http://${PUBLIC_ADDRESS}:9000/`,
  ]);
  await page.linkEvent("open turn");
  await page.start();
  await page.confirmed(120);
  const stats = await page.page.evaluate(() => globalThis.lab.stats());
  expect(stats?.datagramsReceived).toBeGreaterThan(60);
  await stop(bot);
  expect((await page.event("member-gone")).code).toBe("left");
  expect(page.errors).toEqual([]);
  await closeAll([page]);
});
