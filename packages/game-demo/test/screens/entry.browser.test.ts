import { NetcodeError } from "@rollcall/netcode";
import { describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { appOpener } from "./app-opener.ts";
import { FakeLobby } from "./fake-lobby.ts";

const open = appOpener();

const password = page.getByRole("textbox", { name: "Password" });
const openLobby = page.getByRole("button", { name: "Open the lobby" });

describe("[SC75] hosting with options", () => {
  test("a lobby in the public list, with a password, by relay alone", async () => {
    const opened = await open();
    await userEvent.click(page.getByRole("button", { name: "Host with options" }));
    await userEvent.click(page.getByRole("switch", { name: "In the public list" }));
    await userEvent.click(page.getByRole("switch", { name: "Relay only" }));
    await userEvent.fill(password, "open sesame");
    await userEvent.click(openLobby);
    await expect.element(page.getByTestId("lobby-code")).toBeVisible();
    expect(opened.requests).toEqual(['host Ada listed "open sesame" relay-only']);
  });

  test("what was chosen is there again after a refusal, and Host a game still opens a plain lobby", async () => {
    let tries = 0;
    const noRelay = new NetcodeError("NO_TURN_SERVER");
    const opened = await open("/?name=Ada", {
      host: async (name) => {
        tries += 1;
        if (tries === 1) throw noRelay;
        return new FakeLobby("KXRTM", { name, colour: 0 });
      },
    });
    await userEvent.click(page.getByRole("button", { name: "Host with options" }));
    await userEvent.click(page.getByRole("switch", { name: "Relay only" }));
    await userEvent.fill(password, "x");
    await userEvent.keyboard("{Enter}");
    await expect.element(page.getByRole("alert")).toHaveTextContent(`${noRelay.message} ${noRelay.remedy}`);
    await userEvent.click(page.getByRole("button", { name: "Host with options" }));
    await expect.element(page.getByRole("switch", { name: "Relay only" })).toHaveAttribute("aria-checked", "true");
    await expect.element(password).toHaveValue("x");
    await userEvent.click(page.getByRole("button", { name: "Cancel" }));
    await userEvent.click(page.getByRole("button", { name: "Host a game" }));
    await expect.element(page.getByTestId("lobby-code")).toBeVisible();
    expect(opened.requests).toEqual(['host Ada "x" relay-only', "host Ada"]);
  });
});

describe("[SC76] the password of a lobby", () => {
  test("is asked for until it is right; a wrong one says so and stays to be mended", async () => {
    const wrong = new NetcodeError("WRONG_PASSWORD");
    const opened = await open("/?name=Bob#j=KXRTM", {
      join: async (code, name, _signal, typed) => {
        if (typed === undefined) throw new NetcodeError("PASSWORD_REQUIRED");
        if (typed !== "open sesame") throw wrong;
        return new FakeLobby(code, { name, colour: 0 }, ["Ana"]);
      },
    });
    await expect.element(page.getByRole("heading", { name: "Password of lobby KXRTM" })).toBeVisible();
    await expect.element(password).toHaveFocus();
    await userEvent.fill(password, "open sesam");
    await userEvent.keyboard("{Enter}");
    await expect.element(page.getByRole("alert")).toHaveTextContent(`${wrong.message} ${wrong.remedy}`);
    await expect.element(password).toHaveValue("open sesam");
    await expect.element(password).toHaveFocus();
    await userEvent.fill(password, "open sesame");
    await userEvent.click(page.getByRole("dialog").getByRole("button", { name: "Join" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(page.getByRole("dialog").elements()).toHaveLength(0);
    expect(opened.requests).toEqual(["join KXRTM Bob", 'join KXRTM Bob "open sesam"', 'join KXRTM Bob "open sesame"']);
  });

  test("[SC80] a right password of a full lobby is kept for whoever waits for a seat", async () => {
    const opened = await open("/?name=Bob#j=KXRTM", {
      join: async (code, name, _signal, typed) => {
        if (typed === undefined) throw new NetcodeError("PASSWORD_REQUIRED");
        if (opened.requests.at(-1)?.includes("queue") !== true) throw new NetcodeError("LOBBY_FULL");
        return new FakeLobby(code, { name, colour: 0 }, ["Ana"]);
      },
    });
    await userEvent.fill(password, "x");
    await userEvent.keyboard("{Enter}");
    await userEvent.click(page.getByRole("button", { name: "Wait for a seat" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(opened.requests).toEqual(["join KXRTM Bob", 'join KXRTM Bob "x"', 'join KXRTM Bob queue "x"']);
  });

  test("who gives up is back at the title, with the code, and what comes late is left", async () => {
    const late = new FakeLobby("KXRTM", { name: "Bob", colour: 0 }, ["Ana"]);
    let finish: (() => void) | undefined;
    const asked = new Promise<FakeLobby>((resolve) => (finish = () => resolve(late)));
    await open("/?name=Bob#j=KXRTM", {
      join: (_code, _name, _signal, typed) => (typed === undefined ? Promise.reject(new NetcodeError("PASSWORD_REQUIRED")) : asked),
    });
    await userEvent.fill(password, "x");
    await userEvent.keyboard("{Enter}");
    await expect.element(page.getByRole("button", { name: "Joining…" })).toBeVisible();
    await userEvent.click(page.getByRole("button", { name: "Cancel" }));
    await expect.element(page.getByRole("textbox", { name: "Lobby code" })).toHaveValue("KXRTM");
    finish?.();
    await expect.poll(() => late.calls).toEqual(["leave"]);
  });
});
