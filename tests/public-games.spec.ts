import { expect } from "playwright/test";
import { test } from "./page-test.ts";
import { RubberbandPage } from "./rubberband-page.ts";

test("[EE70] a game is made public with a password, found in the list, entered; another comes by quick match, only watches, and sees the match; who was banned is let in again", async ({
  browser,
}) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const button = ({ page }: RubberbandPage, name: string) => page.getByRole("button", { name, exact: true });
  await ada.page.getByRole("switch", { name: "Public" }).click();
  await button(ada, "Password…").click();
  await ada.page.getByRole("textbox", { name: "Password" }).fill("open sesame");
  await button(ada, "Save").click();
  await expect(button(ada, "Change the password…")).toBeVisible();

  const bob = await RubberbandPage.open(browser, { name: "Bob" });
  await button(bob, "Public lobbies").click();
  const row = bob.page.getByRole("list", { name: "Public lobbies" }).getByRole("button", { name: /Ada/ });
  await expect(row).toBeVisible();
  await row.click();
  const password = bob.page.getByRole("textbox", { name: "Password" });
  await password.fill("open barley");
  await password.press("Enter");
  await expect(bob.page.getByText("This is not the password of this lobby.")).toBeVisible();
  await password.fill("open sesame");
  await password.press("Enter");
  await Promise.all([ada.expectPlayers(2), bob.expectPlayers(2)]);
  expect(await bob.code()).toBe(code);

  await button(ada, "Change the password…").click();
  await button(ada, "Save").click();
  await expect(button(ada, "Password…")).toBeVisible();
  const cyd = await RubberbandPage.open(browser, { name: "Cyd" });
  await button(cyd, "Quick match").click();
  await ada.expectPlayers(3);
  expect(await cyd.code()).toBe(code);
  await button(cyd, "Spectate").click();
  await expect(ada.page.getByTestId("audience")).toHaveText(/Cyd.*Watches/);

  await ada.start();
  await cyd.page.waitForFunction(() => globalThis.rollcall.match?.role === "watcher");
  await Promise.all([ada, bob, cyd].map((page) => page.confirmed(60)));
  await ada.page.evaluate(() => globalThis.rollcall.match?.stop());
  await Promise.all([ada, bob, cyd].map(({ page }) => expect(page.getByTestId("lobby-code")).toBeVisible()));

  await button(ada, "Options for Bob").click();
  await button(ada, "Ban").click();
  await expect(bob.page.getByRole("alert").filter({ hasText: /banned/i })).toBeVisible();
  await bob.typeCode(code);
  await expect(bob.page.getByRole("alert").filter({ hasText: /no lobby/i })).toBeVisible();
  await button(ada, "Banned players…").click();
  await button(ada, "Let Bob in again").click();
  await button(ada, "Close").click();
  await bob.typeCode("");
  await bob.typeCode(code);
  await ada.expectPlayers(2);
  for (const page of [ada, bob, cyd]) expect(page.errors).toEqual([]);
});
