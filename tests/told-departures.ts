import type { Page } from "playwright/test";
import "./rubberband-page.ts";

interface WatchedLobby {
  on(name: "member-gone", listener: (member: { readonly profile: { readonly name: string } }, reason: string) => void): void;
  on(name: "member-returned", listener: (member: { readonly profile: { readonly name: string } }) => void): void;
}

/** What the lobby of a page tells from now on, in `globalThis.told`. */
export async function listenToDepartures(page: Page): Promise<void> {
  await page.evaluate(() => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    const lobby = globalThis.rollcall.lobby as unknown as WatchedLobby;
    lobby.on("member-gone", (member, reason) => told.push(`${member.profile.name}: ${reason}`));
    lobby.on("member-returned", ({ profile: { name } }) => {
      // On a busy machine a page may stand still until the broker gives its socket up: it comes back, and was never gone.
      if (name === "Reload") told.push(`${name}: returned`);
    });
  });
}

/** What was told since `listenToDepartures`. */
export function toldOf(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
}
