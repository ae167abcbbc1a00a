import { expect, type Page } from "playwright/test";
import { LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { rubberband } from "@rollcall/game-demo/sim";
import { test } from "./page-test.ts";
import { expectPlaysOn, RubberbandPage } from "./rubberband-page.ts";

/** A lobby that no page made: by the control socket itself, as another client of the protocol would. Runs in a page for its WebSocket. */
async function rawLobby(page: Page, changes: { readonly version?: number; readonly capacity?: number }): Promise<string> {
  return page.evaluate(
    ({ game, capacity, protocol }) =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/lobby`);
        Object.assign(globalThis, { rawSocket: socket });
        socket.addEventListener("open", () => {
          const command = {
            type: "create",
            protocol,
            key: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
              .replaceAll("+", "-")
              .replaceAll("/", "_")
              .replace("=", ""),
            game,
            profile: { name: "Raw", colour: 0, choices: null },
            capacity,
            settings: null,
            metadata: null,
          };
          socket.send(JSON.stringify({ request: 1, command }));
        });
        socket.addEventListener("message", (event: MessageEvent<string>) => {
          const message: { reply?: number; ok?: boolean; result?: { lobby: { code: string } }; error?: unknown } = JSON.parse(event.data);
          if (message.reply !== 1) return;
          if (message.ok === true && message.result !== undefined) resolve(message.result.lobby.code);
          else reject(new Error(JSON.stringify(message.error)));
        });
        socket.addEventListener("error", () => reject(new Error("the control socket failed")));
      }),
    {
      game: { id: rubberband.id, version: changes.version ?? rubberband.version, contentHash: rubberband.contentHash },
      capacity: changes.capacity ?? 8,
      protocol: LOBBY_PROTOCOL_VERSION,
    },
  );
}

async function expectRefusal(page: RubberbandPage, code: string, sentence: RegExp): Promise<void> {
  await page.typeCode(code);
  const alert = page.page.getByRole("alert").filter({ hasText: sentence });
  await expect(alert).toBeVisible();
  // The typed code is kept, so that one wrong letter can be mended.
  await expect(page.page.getByRole("textbox", { name: "Lobby code" })).toBeVisible();
}

test("[EE6] a wrong code, a full lobby, a locked lobby and another version each give their sentence", async ({ browser }) => {
  const outsider = await RubberbandPage.open(browser, { name: "Out" });
  await expectRefusal(outsider, "ZZZZZ", /no lobby/i);

  const keeper = await RubberbandPage.open(browser, { name: "Keeper" });
  const full = await rawLobby(keeper.page, { capacity: 1 });
  await expectRefusal(outsider, full, /full/i);

  const other = await RubberbandPage.open(browser, { name: "Other" });
  const foreign = await rawLobby(other.page, { version: 99 });
  await expectRefusal(outsider, foreign, /version/i);

  const host = await RubberbandPage.open(browser, { name: "Host" });
  const code = await host.host();
  await host.page.getByRole("switch", { name: /lock/i }).click();
  await expectRefusal(outsider, code, /locked/i);
});

test("[SC106] the browser's way back leads from the room to the title, and from there out of the page", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  await ada.page.goBack();
  await expect(ada.page.getByRole("textbox", { name: "Lobby code" })).toHaveValue(code);
  await ada.page.goBack();
  expect(ada.page.url()).toBe("about:blank");
});

test("[EE7] the host bans a player, who is told and cannot come back, while others of the same address can", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const mal = await RubberbandPage.open(browser, { name: "Mal", code });
  await Promise.all([ada.expectPlayers(2), mal.expectPlayers(2)]);
  await ada.page.getByRole("button", { name: "Options for Mal" }).click();
  await ada.page.getByRole("button", { name: "Ban", exact: true }).click();
  await ada.expectPlayers(1);
  await expect(mal.page.getByRole("alert").filter({ hasText: /banned/i })).toBeVisible();
  await mal.typeCode(code);
  await expect(mal.page.getByRole("alert").filter({ hasText: /no lobby/i })).toBeVisible();
  await RubberbandPage.open(browser, { name: "Eve", code });
  await ada.expectPlayers(2);
});

test("[EE8] a reload comes back to the same seat, and who joins during a match plays in the next one", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const ben = await RubberbandPage.open(browser, { name: "Ben", code });
  // Both are in the room: before the broker has answered, a page has no seat to come back to.
  await Promise.all([ada.expectPlayers(2), ben.expectPlayers(2)]);
  await ben.page.reload();
  await ben.expectPlayers(2);
  expect(await ben.code()).toBe(code);
  await ada.start();
  await Promise.all([ada.confirmed(30), ben.confirmed(30)]);
  const late = await RubberbandPage.open(browser, { name: "Late", code });
  await expect(late.page.getByText(/you play in the next one/i)).toBeVisible();
  await ada.page.evaluate(async () => {
    const { lobby, match } = globalThis.rollcall;
    if (lobby === undefined || match === undefined) throw new Error("a lobby with a match");
    match.stop();
    while (lobby.match !== undefined || lobby.state.match !== undefined) await new Promise(requestAnimationFrame);
    await lobby.start({ playerCount: 3 });
  });
  await Promise.all([ada, ben, late].map((page) => page.confirmed(30)));
  await expectPlaysOn([ada, ben, late]);
});

test("[EE13] a page that comes back from the cache of the back button comes back to its seat", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const code = await ada.host();
  const ben = await RubberbandPage.open(browser, { name: "Ben", code });
  await Promise.all([ada.expectPlayers(2), ben.expectPlayers(2)]);
  // What the browser says then; Chromium keeps no page with a peer connection, so it cannot be brought about.
  const reloaded = ben.page.waitForEvent("load");
  await ben.page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  await reloaded;
  await ben.expectPlayers(2);
  expect(await ben.code()).toBe(code);
  await ada.expectPlayers(2);
});

test("[EE9] the whole way from hosting to playing works by keyboard alone", async ({ browser }) => {
  const ada = await RubberbandPage.open(browser, { name: "Ada" });
  const ben = await RubberbandPage.open(browser, { name: "Ben" });
  const press = async (page: Page, name: string): Promise<void> => {
    const button = page.getByRole("button", { name, exact: true });
    await expect(button).toBeVisible();
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      if (await button.evaluate((element) => element === document.activeElement)) return page.keyboard.press("Enter");
    }
    throw new Error(`"${name}" cannot be reached by Tab`);
  };
  await press(ada.page, "Host a game");
  const code = await ada.code();
  const field = ben.page.getByRole("textbox", { name: "Lobby code" });
  for (let step = 0; step < 60 && !(await field.evaluate((element) => element === document.activeElement)); step++)
    await ben.page.keyboard.press("Tab");
  await ben.page.keyboard.type(code);
  await ben.expectPlayers(2);
  await press(ben.page, "Ready");
  await press(ada.page, "Start");
  await Promise.all([ada.confirmed(60), ben.confirmed(60)]);
});
