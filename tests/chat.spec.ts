import { expect, type Page } from "playwright/test";
import { test } from "./page-test.ts";
import { RubberbandPage } from "./rubberband-page.ts";

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("chat-field").fill(text);
  await page.keyboard.press("Enter");
}

function linesOf(page: Page): Promise<string[]> {
  return page.getByTestId("chat-line").allTextContents();
}

test("[EE50] people talk in the room and over the match, past the broker; who is muted is not heard", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const bob = await RubberbandPage.open(browser, { name: "Bob", code: await ada.host() });
  await Promise.all([ada.expectPlayers(2), bob.expectPlayers(2)]);
  await expect(ada.page.getByTestId("peer-status").nth(1)).toHaveText(/ms$/);
  await expect(bob.page.getByTestId("peer-status").first()).toHaveText(/ms$/);
  await say(ada.page, "Hello Bob <b>!</b>");
  await expect.poll(() => linesOf(bob.page)).toEqual(["Ada Hello Bob <b>!</b>"]);
  await say(bob.page, "Hi Ada, ready when you are");
  await expect.poll(() => linesOf(ada.page)).toEqual(["Ada Hello Bob <b>!</b>", "Bob Hi Ada, ready when you are"]);
  await ada.start();
  await Promise.all([ada.confirmed(60), bob.confirmed(60)]);
  // A key that opens, and letters of the game that reach the field only.
  await bob.page.keyboard.press("Enter");
  await expect(bob.page.getByTestId("chat-field")).toBeFocused();
  await bob.page.keyboard.type("map time");
  await bob.page.keyboard.press("Enter");
  await expect.poll(() => linesOf(ada.page)).toEqual(["Bob map time"]);
  await expect(bob.page.getByTestId("chat-field")).toBeHidden();
  await expect(bob.page.getByTestId("paused")).toBeHidden();
  await bob.page.evaluate(() => {
    const { lobby } = globalThis.rollcall;
    const other = lobby?.state.members.find(({ peerId }) => peerId !== lobby.me.peerId);
    if (other !== undefined) lobby?.mute(other.peerId);
  });
  await ada.page.keyboard.press("t");
  await say(ada.page, "can you hear me?");
  await expect.poll(() => linesOf(ada.page)).toContain("Ada can you hear me?");
  // What comes after it is there, so it would be.
  await ada.confirmed(((await ada.stats())?.confirmedFrame ?? 0) + 60);
  expect(await linesOf(bob.page)).not.toContain("Ada can you hear me?");
  expect([ada.errors, bob.errors]).toEqual([[], []]);
});

test("[EE51] a file goes from page to page while they play", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const bob = await RubberbandPage.open(browser, { name: "Bob", code: await ada.host() });
  await Promise.all([ada.expectPlayers(2), bob.expectPlayers(2)]);
  await ada.start();
  await Promise.all([ada.confirmed(60), bob.confirmed(60)]);
  await bob.page.evaluate(() => {
    globalThis.rollcall.lobby?.on("blob", (incoming) => {
      Object.assign(globalThis, { incomingName: incoming.name, incomingFile: incoming.accept() });
    });
  });
  const sum = await ada.page.evaluate(async () => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
    const transfer = await globalThis.rollcall.lobby?.send("all", new File([bytes], "arena.map"));
    await transfer?.done;
    return bytes.reduce((total, byte, index) => (total + byte * (index % 251)) % 1_000_003, 0);
  });
  const received = await bob.page.evaluate(async () => {
    const { incomingName, incomingFile } = globalThis as { incomingName?: string; incomingFile?: Promise<Uint8Array> };
    const file = (await incomingFile) ?? new Uint8Array(0);
    const sum = file.reduce((total, byte, index) => (total + byte * (index % 251)) % 1_000_003, 0);
    return { name: incomingName, length: file.length, sum };
  });
  expect(received).toEqual({ name: "arena.map", length: 1_000_000, sum });
  const before = (await bob.stats())?.confirmedFrame ?? 0;
  await Promise.all([ada.confirmed(before + 60), bob.confirmed(before + 60)]);
  expect([ada.errors, bob.errors]).toEqual([[], []]);
});
