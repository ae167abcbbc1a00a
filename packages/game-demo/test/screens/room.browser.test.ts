import { NetcodeError } from "@rollcall/netcode";
import { afterEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { appOpener } from "./app-opener.ts";
import { FakeLobby } from "./fake-lobby.ts";
import { openPeer } from "./fake-lobby.ts";
import type { OpenedApp } from "./open-app.ts";

const open = appOpener();
let opened: OpenedApp | undefined;

async function host(): Promise<FakeLobby> {
  opened = await open("/?name=Ada");
  await userEvent.click(page.getByRole("button", { name: "Host a game" }));
  return opened.lobby();
}

async function join(): Promise<FakeLobby> {
  opened = await open("/?name=Bob#j=KXRTM");
  return opened.lobby();
}

afterEach(() => {
  vi.unstubAllGlobals();
});

const players = page.getByTestId("player");
const said = page.getByTestId("announcement");

describe("the room", () => {
  test("[SC14] the code is bare text, spelled for screen readers, and the heading has the focus", async () => {
    await host();
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent(/^KXRTM$/);
    await expect.element(page.getByText("Lobby code: K, X, R, T, M")).toBeInTheDocument();
    await expect.element(page.getByRole("heading", { name: "Lobby" })).toHaveFocus();
  });

  test("[SC15] one player card per person, the other seats are shown as bots", async () => {
    const lobby = await host();
    lobby.add("Ana");
    await expect.poll(() => players.elements().length).toBe(2);
    expect(page.getByTestId("bot").elements()).toHaveLength(4);
    await expect.element(said).toHaveTextContent("Ana joined, 2 of 6");
  });

  test("[SC16] each connection is told in words", async () => {
    const lobby = await host();
    for (const name of ["Ana", "Bo", "Cy", "Di"]) lobby.add(name);
    lobby.setPeers([
      openPeer("peer-1", 24.4),
      { ...openPeer("peer-2", 80), path: "turn" },
      { ...openPeer("peer-3", 0), status: "suspect" },
      { ...openPeer("peer-4", 0), status: "connecting", path: "connecting" },
    ]);
    await expect
      .poll(() =>
        page
          .getByTestId("peer-status")
          .elements()
          .map((node) => node.textContent),
      )
      .toEqual(["you", "direct, 24 ms", "relayed (TURN), 80 ms", "reconnecting…", "connecting…", "until somebody joins"]);
  });

  test("[SC17] what others are called is text, never markup", async () => {
    const lobby = await host();
    lobby.add("<img src=x onerror=alert(1)>");
    await expect.poll(() => players.elements().length).toBe(2);
    await expect.element(players.nth(1)).toHaveTextContent("<img src=x onerr");
    expect(document.querySelector("img")).toBeNull();
  });

  test("[SC18] the host starts with all seats, bots in the empty ones", async () => {
    const lobby = await host();
    lobby.add("Ana");
    await userEvent.click(page.getByRole("button", { name: "Start" }));
    expect(lobby.calls).toContain("start 6");
    expect(lobby.match?.seats.map((seat) => seat.kind)).toEqual(["person", "person", "bot", "bot", "bot", "bot"]);
  });

  test("[SC18] who presses Start twice starts one match", async () => {
    const lobby = await host();
    let begin: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const start = vi.spyOn(lobby, "start").mockImplementation((options) => begun.then(() => lobby.begin(options)));
    const button = page.getByRole("button", { name: "Start" });
    await userEvent.dblClick(button);
    expect(start).toHaveBeenCalledTimes(1);
    begin?.();
    await expect.element(page.getByRole("heading", { name: "Match", exact: true })).toHaveFocus();
    expect(page.getByRole("alert").elements()).toHaveLength(0);
  });

  test("[SC18] a start that was refused can be tried again", async () => {
    const lobby = await host();
    const start = vi.spyOn(lobby, "start").mockRejectedValueOnce(new NetcodeError("BROKER_UNREACHABLE"));
    await userEvent.click(page.getByRole("button", { name: "Start" }));
    await expect.element(page.getByRole("alert")).toBeVisible();
    await userEvent.click(page.getByRole("button", { name: "Start" }));
    expect(start).toHaveBeenCalledTimes(2);
    await expect.element(page.getByRole("heading", { name: "Match", exact: true })).toHaveFocus();
  });

  test("[SC18] there are never fewer seats than people", async () => {
    const lobby = await host();
    for (const name of ["Ana", "Bo", "Cy", "Di"]) lobby.add(name);
    lobby.set({ settings: { seats: 2, rounds: 1, botSkill: "easy" } });
    await expect.element(page.getByRole("radio", { name: "5", exact: true })).toBeChecked();
    await expect.element(page.getByRole("radio", { name: "4", exact: true })).toBeDisabled();
    await userEvent.click(page.getByRole("button", { name: "Start" }));
    expect(lobby.calls).toContain("start 5");
  });

  test("[SC19] a guest is ready, cannot start, and sees the settings without changing them", async () => {
    const lobby = await join();
    const ready = page.getByRole("button", { name: "Ready" });
    await expect.element(ready).toHaveAttribute("aria-pressed", "false");
    await userEvent.click(ready);
    await expect.element(ready).toHaveAttribute("aria-pressed", "true");
    expect(lobby.calls).toContain("ready true");
    expect(page.getByRole("button", { name: "Start" }).elements()).toHaveLength(0);
    await expect.element(page.getByRole("radio", { name: "Best of 3" })).toBeDisabled();
    await expect.element(page.getByTestId("room-status")).toHaveTextContent("1 of 2 ready. Ana starts the match.");
  });

  test("[SC20] the host changes settings, locks, kicks and hands over", async () => {
    const lobby = await host();
    lobby.add("Ana");
    await userEvent.click(page.getByRole("radio", { name: "Best of 3" }));
    await userEvent.click(page.getByRole("switch", { name: "Lock the lobby" }));
    await expect.element(page.getByRole("switch", { name: "Lock the lobby" })).toHaveAttribute("aria-checked", "true");
    await userEvent.click(page.getByRole("button", { name: "Options for Ana" }));
    await userEvent.click(page.getByRole("button", { name: "Make host" }));
    expect(lobby.calls).toEqual(['settings {"rounds":3,"seats":6,"botSkill":"mixed"}', "locked true", "host peer-1"]);
    lobby.set({ hostId: lobby.me.peerId });
    await userEvent.click(page.getByRole("button", { name: "Options for Ana" }));
    await userEvent.click(page.getByRole("button", { name: "Kick" }));
    await expect.poll(() => players.elements().length).toBe(1);
    await expect.element(said).toHaveTextContent("Ana was removed by the host");
  });

  test("[SC90] to kick and to ban are two buttons, and it is said what each of them means", async () => {
    const lobby = await host();
    lobby.add("Ana");
    lobby.add("Mal");
    await userEvent.click(page.getByRole("button", { name: "Options for Mal" }));
    await expect.element(page.getByRole("dialog")).toHaveTextContent(/kicked may come back after ten seconds.*banned may not/);
    await userEvent.click(page.getByRole("button", { name: "Ban", exact: true }));
    await userEvent.click(page.getByRole("button", { name: "Options for Ana" }));
    await userEvent.click(page.getByRole("button", { name: "Kick" }));
    expect(lobby.calls).toEqual(["ban peer-2", "kick peer-1"]);
  });

  test("[SC92] the host holds a seat and hands on its link; held seats are counted, and given back with one button", async () => {
    const lobby = await host();
    const giveBack = page.getByRole("button", { name: /give .* back/i });
    await expect.element(giveBack).not.toBeInTheDocument();
    await userEvent.click(page.getByRole("button", { name: "Hold a seat…" }));
    const dialog = page.getByRole("dialog");
    await expect.element(dialog).toHaveTextContent(/opens this link first gets the seat/);
    await expect.element(dialog).toHaveTextContent(`#j=${lobby.code}~${"r".repeat(31)}1`);
    await expect.element(dialog.getByRole("button", { name: "Copy code" })).not.toBeInTheDocument();
    await userEvent.keyboard("{Escape}");
    await expect.element(page.getByText("1 of 6, 1 held")).toBeVisible();
    await userEvent.click(giveBack);
    await expect.element(giveBack).not.toBeInTheDocument();
    expect(lobby.calls).toEqual(["reserve", "unreserve"]);
  });

  test("[SC91] an idle lobby says that it is about to be closed, and is kept open with one button", async () => {
    const lobby = await join();
    await expect.element(page.getByTestId("idle")).not.toBeVisible();
    lobby.set({ idle: true });
    lobby.emit("idle-warning", 300_000);
    await expect.element(page.getByTestId("idle")).toHaveTextContent(/nobody has done anything .* within 5 minutes/i);
    await expect.element(said).toHaveTextContent(/closes within 5 minutes/);
    await userEvent.click(page.getByRole("button", { name: "Keep it open" }));
    expect(lobby.calls.at(-1)).toBe("keep open");
    await expect.element(page.getByTestId("idle")).not.toBeVisible();
    const closed = new NetcodeError("LOBBY_IDLE");
    lobby.emit("closed", closed);
    await expect.element(page.getByRole("alert")).toHaveTextContent(`${closed.message} ${closed.remedy}`);
  });

  test("[SC21] of two with one colour the later comer takes a free one, and taken ones cannot be chosen", async () => {
    const lobby = await join();
    await expect.poll(() => lobby.me.profile.colour).toBe(1);
    await userEvent.click(page.getByRole("button", { name: "Change name and colour" }));
    await expect.element(page.getByRole("radio", { name: "Orange, circle, taken by Ana" })).toBeDisabled();
    await userEvent.fill(page.getByRole("textbox", { name: "Your name" }), "Bobby");
    await userEvent.click(page.getByRole("button", { name: "Done" }));
    await expect.poll(() => lobby.me.profile.name).toBe("Bobby");
    await expect.element(page.getByRole("button", { name: "Change name and colour" })).toHaveFocus();
  });

  test("[SC22] who comes during a match is told so and sees who plays", async () => {
    const lobby = await join();
    const [ana] = lobby.state.members;
    if (ana === undefined) throw new Error("no member");
    const seats = [{ kind: "person" as const, peerId: ana.peerId, profile: ana.profile }];
    lobby.set({ match: { matchNumber: 1, seed: 1, seats, settings: null, hostId: ana.peerId, countdownMs: 0 } });
    await expect.element(page.getByTestId("notice")).toHaveTextContent("A match is on. You play in the next one, from here.");
    await expect.element(players.first()).toHaveTextContent("In the match");
    lobby.set({ match: undefined });
    await expect.element(page.getByTestId("notice")).not.toBeVisible();
  });

  test("[SC35] who comes during a match can watch it, and play for a bot", async () => {
    const lobby = await join();
    const [ana] = lobby.state.members;
    if (ana === undefined) throw new Error("no member");
    const seats = [
      { kind: "person" as const, peerId: ana.peerId, profile: ana.profile },
      { kind: "bot" as const, profile: { name: "Clank", colour: 3, choices: null } },
    ];
    await expect.element(page.getByRole("button", { name: "Watch" })).not.toBeInTheDocument();
    lobby.set({ match: { matchNumber: 1, seed: 1, seats, settings: null, hostId: ana.peerId, countdownMs: 0 } });
    await userEvent.click(page.getByRole("button", { name: "Watch" }));
    await expect.element(page.getByTestId("watching")).toHaveTextContent("You are watching");
    await userEvent.click(page.getByRole("button", { name: "Play for Clank" }));
    await expect.element(page.getByTestId("watching")).toHaveTextContent("Coming back to your seat…");
    if (lobby.match === undefined) throw new Error("no match");
    lobby.match.role = "player";
    lobby.match.emit("role", "player");
    await expect.element(page.getByTestId("watching")).not.toBeVisible();
  });

  test("[SC36] a second player of one device has a seat of its own in the room", async () => {
    const lobby = await host();
    await userEvent.click(page.getByRole("button", { name: "Add a player" }));
    await expect.element(page.getByTestId("guest")).toHaveTextContent("On this device");
    expect(lobby.me.profile.guests).toHaveLength(1);
    expect(lobby.me.profile.guests?.[0]?.colour).not.toBe(lobby.me.profile.colour);
    await userEvent.click(page.getByRole("button", { name: "Remove player" }));
    await expect.element(page.getByTestId("guest")).not.toBeInTheDocument();
  });

  test("[SC36] the second player gets a name and a colour like the first, and no one's", async () => {
    const lobby = await host();
    lobby.add("Bo");
    await userEvent.click(page.getByRole("button", { name: "Add a player" }));
    await userEvent.click(page.getByRole("button", { name: "Change name and colour of Ada 2" }));
    await userEvent.fill(page.getByRole("textbox", { name: "Name" }), "Ida");
    await userEvent.click(page.getByRole("radio", { name: "White, cross" }));
    await userEvent.click(page.getByRole("button", { name: "Done" }));
    await expect.element(page.getByTestId("guest")).toHaveTextContent("Ida");
    expect(lobby.me.profile.guests).toEqual([{ name: "Ida", colour: 7, choices: null }]);
    await userEvent.click(page.getByRole("button", { name: "Change name and colour", exact: true }));
    await expect.element(page.getByRole("radio", { name: "taken by Ida" })).toBeDisabled();
  });

  test("[SC36] where no seat is left, no second player is added, and one that is there can go", async () => {
    const lobby = await host();
    for (const name of ["Ana", "Bo", "Cy", "Di", "Ed", "Flo"]) lobby.add(name);
    await userEvent.click(page.getByRole("button", { name: "Add a player" }));
    await expect.element(page.getByRole("button", { name: "Remove player" })).toBeEnabled();
    await userEvent.click(page.getByRole("button", { name: "Remove player" }));
    lobby.add("Gus");
    await expect.element(page.getByRole("button", { name: "Add a player" })).toBeDisabled();
  });

  test("[SC36] a second player whose seat a member needs is told so", async () => {
    const lobby = await host();
    for (const name of ["Ana", "Bo", "Cy", "Di", "Ed", "Flo"]) lobby.add(name);
    await userEvent.click(page.getByRole("button", { name: "Add a player" }));
    await expect.element(page.getByTestId("guest")).toHaveTextContent("On this device");
    await expect.element(page.getByText(/^Players/)).toHaveTextContent("8 of 8");
    lobby.add("Gus");
    await expect.element(page.getByTestId("guest")).toHaveTextContent("No seat left in the next match");
    await expect.element(page.getByText(/^Players/)).toHaveTextContent("8 of 8");
    await expect.element(page.getByTestId("toasts")).toHaveTextContent("Gus joined, 8 of 8");
  });

  test("[SC23] copying works without the clipboard of secure pages, and says so", async () => {
    await host();
    vi.stubGlobal("navigator", { userAgent: navigator.userAgent });
    const copied: string[] = [];
    vi.spyOn(document, "execCommand").mockImplementation(() => {
      copied.push(window.getSelection()?.toString() ?? "");
      return true;
    });
    await userEvent.click(page.getByRole("button", { name: "Copy link" }));
    await expect.element(page.getByRole("button", { name: "Copied" })).toBeVisible();
    await expect.element(said).toHaveTextContent("Copied");
    expect(copied).toEqual(["https://play.example/#j=KXRTM"]);
  });

  test("[SC23] a browser that lets nothing be copied shows and selects what is to be copied by hand, and says so", async () => {
    await page.viewport(1280, 720);
    await host();
    vi.stubGlobal("navigator", { userAgent: navigator.userAgent });
    vi.spyOn(document, "execCommand").mockReturnValue(false);
    await userEvent.click(page.getByRole("button", { name: "Copy code" }));
    const told = page.getByRole("button", { name: "Selected: copy it by hand" });
    await expect.element(told).toBeVisible();
    await expect.element(said).toHaveTextContent("Selected: copy it by hand");
    expect(window.getSelection()?.toString()).toBe("KXRTM");
    const button = told.element();
    expect(button.scrollWidth).toBeLessThanOrEqual(button.clientWidth);
    expect(button.getBoundingClientRect().right).toBeLessThanOrEqual(button.closest(".panel")?.getBoundingClientRect().right ?? 0);
    await userEvent.click(page.getByRole("button", { name: "Copy link" }));
    await expect.element(page.getByText("play.example/#j=KXRTM")).toBeVisible();
    expect(window.getSelection()?.toString()).toBe("play.example/#j=KXRTM");
    await page.viewport(414, 896);
  });

  test("[SC104] what is said of a lobby that was followed to stands under its code, wherever the code came from", async () => {
    const gone = (code: string, name: string): Promise<FakeLobby> =>
      code === "BBBBB"
        ? Promise.reject(new NetcodeError("LOBBY_NOT_FOUND"))
        : Promise.resolve(new FakeLobby(code, { name, colour: 0 }, ["Ana"]));
    const { app } = await open("/?name=Ada#j=KXRTM", { join: gone });
    app.follow("BBBBB", undefined);
    await userEvent.click(page.getByRole("button", { name: "Go there" }));
    await expect.element(page.getByRole("alert")).toHaveTextContent("There is no lobby with this code.");
    const field = page.getByRole("textbox", { name: "Lobby code" });
    await expect.element(field).toHaveValue("BBBBB");
    await userEvent.fill(field, "CCC");
    app.follow("BBBBB", undefined);
    await expect.element(page.getByRole("alert")).toBeVisible();
    await expect.element(field).toHaveValue("BBBBB");
  });

  test("[SC94] another code in the address asks first; however the question is closed, the address names the lobby again", async () => {
    const lobby = await host();
    const codes = opened?.codes ?? [];
    for (const close of [() => userEvent.click(page.getByRole("button", { name: "Stay here" })), () => userEvent.keyboard("{Escape}")]) {
      codes.length = 0;
      opened?.app.follow("BCDFG", undefined);
      await expect.element(page.getByRole("heading", { name: "Go to lobby BCDFG?" })).toBeVisible();
      await close();
      await expect.poll(() => codes).toEqual([lobby.code]);
    }
    opened?.app.follow("BCDFG", undefined);
    await userEvent.click(page.getByRole("button", { name: "Go there" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("BCDFG");
    expect(codes.at(-1)).toBe("BCDFG");
    expect(lobby.calls).toEqual(["leave"]);
  });

  test("[SC50] an invite to the lobby that one is in does not stay in the address either", async () => {
    const lobby = await host();
    opened?.app.follow(lobby.code, `${lobby.code}.${"s".repeat(23)}`);
    expect(opened?.codes).toEqual([lobby.code, lobby.code]);
    expect(page.getByRole("dialog").elements()).toHaveLength(0);
  });

  test("[SC95] what was asked of the lobby server and comes after the room has gone opens nothing", async () => {
    const lobby = await host();
    let answer: (() => void) | undefined;
    const late = new Promise<void>((resolve) => (answer = resolve));
    vi.spyOn(lobby, "bans").mockImplementation(() => late.then(() => []));
    vi.spyOn(lobby, "reserve").mockImplementation(() => late.then(() => [`${lobby.code}~${"r".repeat(32)}`]));
    await userEvent.click(page.getByRole("button", { name: "Banned players…" }));
    await userEvent.click(page.getByRole("button", { name: "Hold a seat…" }));
    lobby.begin();
    answer?.();
    await expect.element(page.getByRole("heading", { name: "Match", exact: true })).toHaveFocus();
    await late;
    await new Promise(requestAnimationFrame);
    expect(page.getByRole("dialog").elements()).toHaveLength(0);
  });

  test("[SC95] who presses twice holds one seat, and the second press does not close the dialog that the first one opened", async () => {
    const lobby = await host();
    let answer: (() => void) | undefined;
    const late = new Promise<void>((resolve) => (answer = resolve));
    const reserve = vi.spyOn(lobby, "reserve").mockImplementation(() => late.then(() => [`${lobby.code}~${"r".repeat(32)}`]));
    await userEvent.dblClick(page.getByRole("button", { name: "Hold a seat…" }));
    answer?.();
    await expect.element(page.getByRole("heading", { name: "A seat for somebody" })).toBeVisible();
    expect(reserve).toHaveBeenCalledTimes(1);
    await userEvent.keyboard("{Escape}");
    await userEvent.dblClick(page.getByRole("button", { name: "Password…" }));
    await expect.element(page.getByRole("textbox", { name: "Password" })).toHaveFocus();
    expect(document.querySelectorAll("dialog")).toHaveLength(1);
    await userEvent.click(document.body, { position: { x: 3, y: 3 } });
    await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
  });

  test("[SC24] kicked: back on the title, with the reason", async () => {
    const lobby = await join();
    const kicked = new NetcodeError("KICKED");
    lobby.emit("closed", kicked);
    await expect.element(page.getByRole("alert")).toHaveTextContent(`${kicked.message} ${kicked.remedy}`);
    await expect.element(page.getByRole("textbox", { name: "Lobby code" })).toHaveValue("KXRTM");
    expect(opened?.app.lobby).toBeUndefined();
  });

  test("[SC25] a lost lobby server is told until it is back", async () => {
    const lobby = await join();
    lobby.brokerConnected = false;
    lobby.emit("change");
    lobby.emit("broker-lost");
    await expect.element(page.getByTestId("notice")).toHaveTextContent("The lobby server does not answer. Trying again…");
    lobby.brokerConnected = true;
    lobby.emit("change");
    await expect.element(page.getByTestId("notice")).not.toBeVisible();
  });

  test("[SC25] nothing is started while the lobby server is away, and what failed of that is not shown when it is back", async () => {
    const lobby = await host();
    const start = page.getByRole("button", { name: "Start" });
    await expect.element(start).toBeEnabled();
    lobby.brokerConnected = false;
    lobby.emit("change");
    await expect.element(start).toBeDisabled();
    await expect.element(page.getByTestId("room-status")).toHaveTextContent("You can start once the lobby server answers.");
    vi.spyOn(lobby, "setReady").mockRejectedValueOnce(new NetcodeError("BROKER_UNREACHABLE"));
    await userEvent.click(page.getByRole("button", { name: "Ready" }));
    await expect.element(page.getByRole("alert")).toBeVisible();
    lobby.brokerConnected = true;
    lobby.emit("broker-back");
    lobby.emit("change");
    await expect.element(start).toBeEnabled();
    expect(page.getByRole("alert").elements()).toHaveLength(0);
  });

  test("[SC37] who is gone is told by name, with the reason", async () => {
    const lobby = await join();
    const toasts = page.getByTestId("toasts");
    for (const [reason, text] of [
      ["left", /left, \d of \d/],
      ["kicked", /was removed by the host/],
      ["closed", /closed the page; the seat is kept/],
      ["navigated", /went to another page; the seat is kept/],
      ["killed", /browser stopped; the seat is kept/],
      ["lost", /lost the connection; the seat is kept/],
    ] as const) {
      lobby.emit("member-gone", lobby.me, reason);
      expect(toasts.element().textContent).toMatch(text);
    }
  });

  test("[SC25] who is back hears of the lobby, not of their own absence", async () => {
    const lobby = await join();
    lobby.emit("broker-lost");
    lobby.emit("member-disconnected", lobby.me);
    lobby.emit("member-returned", lobby.me);
    lobby.emit("broker-back");
    const [ana] = lobby.state.members;
    if (ana === undefined) throw new Error("no member");
    // Only the lobby server had lost her.
    lobby.emit("member-returned", ana);
    const toasts = page.getByTestId("toasts").element();
    expect(toasts.textContent).toBe("The lobby is connected again");
    lobby.emit("member-gone", ana, "navigated");
    lobby.emit("member-returned", ana);
    expect(toasts.textContent).toBe("The lobby is connected againAna is back");
  });
});
