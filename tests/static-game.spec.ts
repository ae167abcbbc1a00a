import { fileURLToPath } from "node:url";
import { expect, type Page } from "playwright/test";
import { listening, run } from "../packages/broker/test/running-command.ts";
import { test } from "./page-test.ts";
import { RubberbandPage } from "./rubberband-page.ts";

/** Built by the command that serves the pages of all other tests here. */
const BUILT = fileURLToPath(new URL("../packages/game-demo/dist-web", import.meta.url));

/**
 * Smuggles a script into the page, which must not run, and gives what the page was not allowed to do since it was opened: at the end this script, so that
 * nothing before it is missing.
 */
async function violations(page: Page): Promise<string[]> {
  const found = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const told: string[] = [];
        const observer = new ReportingObserver(
          (reports) => {
            for (const { body } of reports) {
              const { effectiveDirective = "", blockedURL = "" } = body as { effectiveDirective?: string; blockedURL?: string };
              told.push(`${effectiveDirective} ${blockedURL}`);
            }
            if (told.includes("script-src-elem inline")) resolve(told);
          },
          { types: ["csp-violation"], buffered: true },
        );
        observer.observe();
        const script = document.createElement("script");
        script.textContent = "globalThis.smuggled = true";
        document.body.append(script);
      }),
  );
  expect(await page.evaluate(() => "smuggled" in globalThis)).toBe(false);
  return found;
}

test("[OP35] the built game runs from the broker's own port under its policy: two people host, join and play", async ({ browser }) => {
  const own = run(["--port", "0", "--host", "127.0.0.1", "--static", BUILT]);
  try {
    const baseURL = `http://127.0.0.1:${await listening(own)}`;
    const ada = await RubberbandPage.open(browser, { name: "Ada", baseURL });
    const ben = await RubberbandPage.open(browser, { name: "Ben", baseURL, code: await ada.host() });
    await ada.expectPlayers(2);
    await ada.start();
    await Promise.all([ada.confirmed(60), ben.confirmed(60)]);
    expect((await ada.stats())?.peers[0]?.path).toBe("direct");
    expect([...ada.errors, ...ben.errors]).toEqual([]);
    for (const { page } of [ada, ben]) expect(await violations(page)).toEqual(["script-src-elem inline"]);
  } finally {
    own.child.kill("SIGTERM");
    await own.exit;
  }
});
