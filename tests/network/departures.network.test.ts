import { describe, expect, test } from "vitest";
import type { LabPage } from "./lab/lab-page.ts";
import { closeAll, enterLobby, figure, useLab } from "./lab/use-lab.ts";

const lab = useLab({ stays: "cone", leaves: "cone", crashes: "cone", unplugged: "cone" });

/** One person leaves a running match. */
async function departure(
  who: "leaves" | "crashes" | "unplugged",
  reason: string,
  leave: (page: LabPage) => Promise<unknown>,
): Promise<void> {
  const pages = await enterLobby(lab.current, ["stays", who]);
  const [stays, leaver] = pages;
  await Promise.all(pages.map((page) => page.open()));
  await stays!.start();
  await Promise.all(pages.map((page) => page.confirmed(60)));
  const leftMs = Date.now();
  await leave(leaver!);
  const gone = await stays!.event("member-gone");
  expect(gone.code).toBe(reason);
  const suspect = (await stays!.events()).find(({ type }) => type === "suspect");
  figure(`${reason}: from leaving to told`, gone.atMs - leftMs, "ms");
  if (suspect !== undefined) figure(`${reason}: from leaving to suspect`, suspect.atMs - leftMs, "ms");
  const frame = await stays!.confirmedFrame();
  await stays!.confirmed(frame + 60);
  expect((await stays!.events()).filter(({ type }) => type === "member-gone")).toHaveLength(1);
  await closeAll([stays!]);
}

describe.concurrent("a member goes while a match runs", () => {
  test("[NW30] a tab that is closed is told as closed", () => departure("leaves", "closed", ({ page }) => page.close()));

  test("[NW31] a page that goes elsewhere is told as navigated", () =>
    departure("leaves", "navigated", ({ page }) => page.goto("about:blank")));

  test("[NW32] a browser that is killed is told as killed", () =>
    departure("crashes", "killed", async () => lab.current.hosts.crashes.killBrowser()));

  test("[NW33] a cable that is pulled is told as lost", () =>
    departure("unplugged", "lost", async () => lab.current.hosts.unplugged.setCut(true)));
});
