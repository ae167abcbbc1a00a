import { NetcodeError } from "@rollcall/netcode";
import { describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { appOpener } from "./app-opener.ts";
import { FakeList, fakeListing } from "./fake-list.ts";
import type { FakeLobby } from "./fake-lobby.ts";

const open = appOpener();

/** By keyboard: a click of the mouse puts the focus elsewhere. */
async function press(name: string): Promise<void> {
  const button = page.getByRole("button", { name, exact: true }).last();
  await expect.element(button).toBeVisible();
  const node = button.element();
  if (node instanceof HTMLElement) node.focus();
  await userEvent.keyboard("{Enter}");
}

describe("[SC102] what had the focus is gone", () => {
  async function room(): Promise<FakeLobby> {
    const { lobby } = await open("/?name=Ada");
    await press("Host a game");
    await expect.element(page.getByTestId("lobby-code")).toBeVisible();
    lobby().add("Ana");
    await expect.element(page.getByRole("button", { name: "Options for Ana" })).toBeVisible();
    return lobby();
  }

  const lobbyHeading = page.getByRole("heading", { name: "Lobby" });

  test("with the member that was kicked, or that left while its menu was open: the heading has it", async () => {
    const lobby = await room();
    await press("Options for Ana");
    await press("Kick");
    await expect.element(lobbyHeading).toHaveFocus();
    lobby.add("Bo");
    await press("Options for Bo");
    lobby.set({ members: [lobby.me] });
    await userEvent.keyboard("{Escape}");
    await expect.element(lobbyHeading).toHaveFocus();
  });

  test("with a button that has done all it can: the heading has it", async () => {
    await room();
    await press("Hold a seat…");
    await press("Close");
    await press("Give the held seat back");
    await expect.element(lobbyHeading).toHaveFocus();
  });

  test("with a ban: the next one has it, and then the sentence that there are none", async () => {
    const lobby = await room();
    lobby.banned = [
      { id: 1, name: "Pest" },
      { id: 2, name: "Troll" },
    ];
    await press("Banned players…");
    await press("Let Troll in again");
    await expect.element(page.getByRole("button", { name: "Let Pest in again" })).toHaveFocus();
    await press("Let Pest in again");
    await expect.element(page.getByText("Nobody is banned.")).toHaveFocus();
  });

  test("with a row of the public list: the sentence above has it", async () => {
    const list = new FakeList([fakeListing("BCDFG")]);
    await open("/?name=Ada", { watchLobbies: async () => list });
    await press("Public lobbies");
    const [row] = page.getByTestId("listing").elements();
    if (row instanceof HTMLElement) row.focus();
    list.set([]);
    await expect.element(page.getByTestId("list-status")).toHaveFocus();
  });

  test("with an error, or with what was waited for: the heading has it", async () => {
    const attempts = [() => Promise.reject(new NetcodeError("LOBBY_LOCKED")), () => new Promise<never>(() => {})];
    await open("/?name=Ada#j=KXRTM", { join: () => attempts.shift()?.() ?? Promise.reject(new NetcodeError("LOBBY_LOCKED")) });
    const heading = page.getByRole("heading", { name: "Rubberband" });
    await press("Try again");
    await expect.element(heading).toHaveFocus();
    await press("Cancel");
    await expect.element(heading).toHaveFocus();
  });

  test("with the card of a pause: the heading has it", async () => {
    const lobby = await room();
    lobby.begin().phase = "running";
    await userEvent.keyboard("p");
    await press("Continue");
    await expect.element(page.getByRole("heading", { name: "Match" })).toHaveFocus();
  });
});
