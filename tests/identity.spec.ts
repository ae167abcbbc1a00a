import { chromium, expect } from "playwright/test";
import { chromiumFlags, findChromium } from "../scripts/chromium.ts";
import { test } from "./page-test.ts";
import { expectPlaysOn, RubberbandPage } from "./rubberband-page.ts";

/** An address of no machine here, which the browser of these tests is told to reach at this one: to it the page comes over plain http from afar. */
const LAN_ADDRESS = "192.0.2.7";

const securityOf = ({ page }: RubberbandPage): Promise<unknown> =>
  page.evaluate(() => [
    isSecureContext,
    globalThis.rollcall.lobby?.security.crypto,
    globalThis.rollcall.lobby?.peers.map((peer) => peer.verified),
  ]);

test("[EE60] a phone in the local network joins by the link over plain http, signs in JavaScript and says so, and both know each other by the link", async ({
  browser,
  baseURL,
}) => {
  const executablePath = findChromium();
  const phone = await chromium.launch({
    args: [...chromiumFlags(), `--host-resolver-rules=MAP ${LAN_ADDRESS} 127.0.0.1`],
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  try {
    const ada = await RubberbandPage.open(browser, { name: "Ada" });
    await ada.host();
    const invite = await ada.page.evaluate(() => globalThis.rollcall.lobby?.invite);
    const lanURL = new URL(baseURL ?? "");
    lanURL.hostname = LAN_ADDRESS;
    const bob = await RubberbandPage.open(phone, { name: "Bob", code: invite ?? "", baseURL: lanURL.href });
    await ada.expectPlayers(2);
    await expect.poll(() => securityOf(ada)).toEqual([true, "webcrypto", ["invite"]]);
    await expect.poll(() => securityOf(bob)).toEqual([false, "fallback", ["invite"]]);
    // The secret does not stay in the address.
    expect(new URL(bob.page.url()).hash).toBe(`#j=${await bob.code()}`);
    await ada.start();
    await expect.poll(async () => (await bob.stats())?.confirmedFrame ?? 0).toBeGreaterThan(120);
    await expectPlaysOn([ada, bob]);
  } finally {
    await phone.close();
  }
});

test("[EE61] a page that typed the code is known by its key, and a reloaded one still by the link", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const invite = await ada.page.evaluate(() => globalThis.rollcall.lobby?.invite);
  const bob = await RubberbandPage.open(browser, { name: "Bob", code: invite ?? "" });
  const cyd = await RubberbandPage.open(browser, { name: "Cyd" });
  await cyd.typeCode(code);
  await ada.expectPlayers(3);
  await expect.poll(() => securityOf(ada)).toEqual([true, "webcrypto", ["invite", "key"]]);
  await expect.poll(() => securityOf(cyd)).toEqual([true, "webcrypto", ["key", "key"]]);
  expect(await cyd.page.evaluate(() => globalThis.rollcall.lobby?.invite)).toBeUndefined();
  await bob.page.reload();
  await expect.poll(() => securityOf(bob)).toEqual([true, "webcrypto", expect.arrayContaining(["invite", "key"])]);
});
