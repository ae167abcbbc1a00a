import { expect } from "playwright/test";
import { test } from "./page-test.ts";
import { RubberbandPage } from "./rubberband-page.ts";

test("[EE43] the check of the connection runs to its verdict on the real page, and a lobby opens afterwards", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const { page } = ada;
  await page.getByRole("button", { name: "Check my connection" }).click();
  await expect(page.getByTestId("check-verdict")).toContainText("Only with players in your own network", { timeout: 40_000 });
  for (const id of ["page", "broker-http", "broker-lobby", "channel"])
    await expect(page.getByTestId(`check-${id}`)).toHaveAttribute("data-state", "ok");
  await page.getByText("Report", { exact: true }).click();
  const report = await page.getByTestId("check-report").inputValue();
  expect(report).toMatch(/\[ ok \] channel: .*\n/);
  expect(report).not.toMatch(/\d+\.\d+\.\d+\.\d+:\d+/);
  await page.keyboard.press("Escape");
  await ada.host();
  expect(ada.errors).toEqual([]);
});
