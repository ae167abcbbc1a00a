import { NetcodeError } from "@rollcall/netcode";
import { describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { appOpener } from "./app-opener.ts";
import { FakeLobby } from "./fake-lobby.ts";
import type { FakeMatch } from "./fake-match.ts";
import type { OpenedApp } from "./open-app.ts";

const open = appOpener();

async function play(asHost: boolean): Promise<{ lobby: FakeLobby; match: FakeMatch; app: OpenedApp }> {
  const app = await open(asHost ? "/?name=Ada" : "/?name=Ada#j=KXRTM");
  if (asHost) await userEvent.click(page.getByRole("button", { name: "Host a game" }));
  const lobby = app.lobby();
  if (asHost) lobby.add("Ana");
  const match = lobby.begin({ countdownMs: 3_000 });
  return { lobby, match, app };
}

const said = page.getByTestId("announcement");
const RESULT = { winner: 1, rounds: 3, wins: [1, 2], points: [5, 7], knockouts: [2, 3] };

describe("the match", () => {
  test("[SC26] a countdown names who plays, then the arena has the screen", async () => {
    const { match, app } = await play(true);
    await expect.element(page.getByTestId("countdown")).toHaveTextContent("3");
    await expect.element(page.getByTestId("countdown-card")).toHaveTextContent("Ana");
    expect(app.played.at(-1)).toBe(match);
    match.phase = "running";
    await expect.element(page.getByTestId("countdown-card")).not.toBeInTheDocument();
    await expect.element(said).toHaveTextContent("The match begins");
  });

  test("[SC26] notes do not lie over the names of who plays, and those of the room are gone", async () => {
    const app = await open("/?name=Ada");
    await userEvent.click(page.getByRole("button", { name: "Host a game" }));
    for (const name of ["Ana", "Bo", "Cy", "Di", "Ed"]) app.lobby().add(name);
    await expect.element(page.getByTestId("toasts")).toHaveTextContent(/Ed joined/);
    app.lobby().begin({ countdownMs: 3_000 });
    await expect.element(page.getByTestId("toasts")).toHaveTextContent(/^$/);
    app.lobby().emit("broker-lost");
    for (const [width, height] of [
      [360, 740],
      [740, 360],
    ] as const) {
      await page.viewport(width, height);
      const names = document.querySelector(".line-up")?.getBoundingClientRect();
      expect(document.querySelector(".toast")?.getBoundingClientRect().top).toBeGreaterThan(names?.bottom ?? Infinity);
    }
    await page.viewport(414, 896);
  });

  test("[SC106] the browser's way back closes a dialog, asks before a match is left, and goes from a result to the room and to the title", async () => {
    const { lobby, match, app } = await play(true);
    const ask = page.getByRole("dialog", { name: "Leave the match?" });
    expect(app.app.back()).toBe("stayed");
    await expect.element(ask).toBeVisible();
    expect(app.app.back()).toBe("stayed");
    await expect.element(ask).not.toBeInTheDocument();
    match.end(RESULT);
    await expect.element(page.getByRole("heading", { name: "Ana wins!" })).toBeVisible();
    expect(app.app.back()).toBe("stayed");
    await expect.element(page.getByTestId("room-status")).toBeVisible();
    expect(lobby.calls).not.toContain("leave");
    expect(app.app.back()).toBe("left");
    await expect.element(page.getByRole("textbox", { name: "Lobby code" })).toHaveValue("KXRTM");
    expect(lobby.calls).toContain("leave");
    expect(app.app.back()).toBe("home");
  });

  test("[SC106] alone the way back asks, too", async () => {
    const { app, codes } = await open("/?name=Ada");
    await userEvent.click(page.getByRole("button", { name: "Play now" }));
    expect(codes).toEqual([undefined]);
    expect(app.back()).toBe("stayed");
    await userEvent.click(page.getByRole("button", { name: "Quit" }));
    expect(app.back()).toBe("home");
  });

  test("[SC27] the invitation stays within reach", async () => {
    await play(true);
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent(/^KXRTM$/);
    await userEvent.keyboard("{Tab}{Enter}");
    await expect.element(page.getByRole("dialog", { name: "Invite your friends" })).toBeVisible();
    await expect.element(page.getByRole("dialog").getByRole("button", { name: "Copy link" })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
    await expect.element(page.getByRole("button", { name: /^Invite/ })).toHaveFocus();
  });

  test("[SC27] a button that was clicked leaves Space to the game", async () => {
    await play(true);
    const mute = page.getByRole("button", { name: "Mute sound" });
    await userEvent.click(mute);
    await expect.element(mute).toHaveAttribute("aria-pressed", "true");
    await userEvent.keyboard(" ");
    await expect.element(mute).toHaveAttribute("aria-pressed", "true");
    await expect.element(page.getByRole("heading", { name: "Match" })).toHaveFocus();
  });

  test("[SC34] P and the button stop the match for all and let it go on; everybody reads who did it", async () => {
    const { match } = await play(true);
    match.phase = "running";
    await userEvent.keyboard("p");
    await expect.element(page.getByTestId("paused")).toBeVisible();
    await expect.element(page.getByTestId("paused")).toHaveTextContent("You paused the match");
    await userEvent.click(page.getByTestId("paused").getByRole("button", { name: "Continue" }));
    await expect.element(page.getByTestId("paused")).not.toBeVisible();
    await userEvent.click(page.getByRole("button", { name: "Pause" }));
    expect(match.paused).toBe(true);
    await userEvent.click(page.getByTestId("paused").getByRole("button", { name: "Continue" }));
    expect(match.paused).toBe(false);
    const ana = match.seats[1];
    match.emit("paused", ana?.kind === "person" ? ana.peerId : FakeLobby.myId);
    await expect.element(page.getByTestId("paused")).toHaveTextContent("Ana paused the match");
  });

  test("[SC28] leaving asks once", async () => {
    const { lobby, app } = await play(true);
    await userEvent.click(page.getByRole("button", { name: "Leave" }));
    await userEvent.click(page.getByRole("button", { name: "Keep playing" }));
    expect(lobby.calls).not.toContain("leave");
    await userEvent.keyboard("{Escape}");
    await userEvent.click(page.getByRole("button", { name: "Quit" }));
    await expect.element(page.getByRole("heading", { name: "Rubberband" })).toHaveFocus();
    expect(lobby.calls).toContain("leave");
    expect(app.app.lobby).toBeUndefined();
  });

  test("[SC29] how the connections fare is told by name", async () => {
    const { match, lobby } = await play(true);
    const ana = lobby.state.members[1]?.peerId ?? FakeLobby.myId;
    match.phase = "running";
    const toasts = page.getByTestId("toasts");
    match.emit("suspect", ana);
    await expect.element(toasts).toHaveTextContent("Ana is not answering");
    match.emit("seat-to-bot", { peerId: ana, playerIndexes: [1], frame: 60, cause: "lost" });
    await expect.element(toasts).toHaveTextContent("Ana's seat is played by a bot");
    expect(toasts.element().textContent).not.toContain("not answering");
    match.emit("waiting-for-quorum");
    await expect.element(toasts).toHaveTextContent("Most players are out of reach.");
    match.emit("recovered", ana);
    await expect.element(toasts).toHaveTextContent("Ana answers again");
    expect(toasts.element().textContent).not.toContain("out of reach");
    lobby.emit("broker-lost");
    await expect.element(toasts).toHaveTextContent("Reconnecting to the lobby…");
  });

  test("[SC101] what is told of one player, and of the new host, is one note", async () => {
    const { match, lobby, app } = await play(false);
    const [ana] = lobby.state.members;
    if (ana === undefined) throw new Error("no member");
    const bo = lobby.add("Bo");
    app.app.toasts.clear();
    match.phase = "running";
    match.emit("synchronized", 0);
    const notes = (): (string | null)[] => Array.from(document.querySelectorAll(".toast"), (note) => note.textContent);
    const end = { peerId: ana.peerId, playerIndexes: [0], frame: 60, cause: "left" } as const;
    for (const order of [
      ["seat", "host", "gone"],
      ["gone", "host", "seat"],
    ]) {
      app.app.toasts.clear();
      lobby.emit("host-changed", ana);
      app.app.toasts.clear();
      for (const what of order) {
        if (what === "seat") match.emit("seat-to-bot", { ...end, reason: "closed" });
        else if (what === "host") lobby.emit("host-changed", bo);
        else lobby.emit("member-gone", ana, "closed");
      }
      expect(notes()).toEqual(["Ana closed the page; a bot plays on. Bo is the host now"]);
    }
    // A reload makes another peer of her.
    const again = { ...ana, peerId: bo.peerId };
    lobby.emit("member-returned", again);
    expect(notes()).toEqual(["Ana is back"]);
    lobby.emit("host-changed", again);
    lobby.emit("member-gone", ana, "left");
    expect(notes()).toEqual(["Ana is the host now", "Ana left; a bot plays on"]);
    // Back before another is host.
    lobby.emit("host-changed", ana);
    app.app.toasts.clear();
    lobby.emit("member-gone", ana, "lost");
    lobby.emit("member-returned", ana);
    lobby.emit("host-changed", bo);
    expect(notes()).toEqual(["Ana is back", "Bo is the host now"]);
    // Long ago.
    lobby.emit("host-changed", ana);
    lobby.emit("host-changed", bo);
    app.app.toasts.clear();
    lobby.emit("member-gone", ana, "left");
    expect(notes()).toEqual(["Ana left; a bot plays on"]);
  });

  test("[SC29] until everybody has been heard from, the match says that it waits", async () => {
    const { match } = await play(true);
    match.phase = "running";
    const toasts = page.getByTestId("toasts");
    await expect.element(toasts).toHaveTextContent("Waiting for the other players…");
    match.emit("synchronized", 0);
    await expect.poll(() => toasts.element().textContent).not.toContain("Waiting");
  });

  test("[SC30] the result shows the standings; the host calls the rematch in the same room", async () => {
    const { match, lobby, app } = await play(true);
    match.end(RESULT);
    lobby.set({ match: undefined });
    await expect.element(page.getByRole("heading", { name: "Ana wins!" })).toHaveFocus();
    const lines = page
      .getByTestId("standing")
      .elements()
      .map((node) => node.textContent);
    expect(lines).toEqual([expect.stringMatching(/^1\.Ana.*2 wins/), expect.stringMatching(/^2\.Ada.*1 win/)]);
    await userEvent.click(page.getByRole("button", { name: "Rematch" }));
    expect(lobby.calls).toContain("start 6");
    expect(app.played.at(-1)).toBe(lobby.match);
    expect(app.app.match).toBe(lobby.match);
  });

  test("[SC30] a guest waits for the host or goes back to the room, which keeps its code", async () => {
    const { match, lobby } = await play(false);
    match.end({ ...RESULT, winner: 1 });
    lobby.match = undefined;
    lobby.set({ match: undefined });
    await expect.element(page.getByRole("heading", { name: "You win!" })).toBeVisible();
    await expect.element(page.getByText("Waiting for Ana to call a rematch.")).toBeVisible();
    expect(page.getByRole("button", { name: "Rematch" }).elements()).toHaveLength(0);
    await userEvent.click(page.getByRole("button", { name: "Back to the lobby" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
  });

  test("[SC30] without the lobby server the result says why there is no rematch", async () => {
    const { match, lobby } = await play(true);
    match.end(RESULT);
    lobby.match = undefined;
    lobby.brokerConnected = false;
    lobby.emit("change");
    await expect.element(page.getByTestId("result-note")).toHaveTextContent("The lobby server does not answer. Trying again…");
    await expect.element(page.getByRole("button", { name: "Rematch" })).toBeDisabled();
    lobby.brokerConnected = true;
    lobby.set({ match: undefined });
    await expect.element(page.getByRole("button", { name: "Rematch" })).toBeEnabled();
    await expect.element(page.getByTestId("result-note")).toHaveTextContent(/^$/);
  });

  test("[SC24] a lobby that ends after its last match leaves the result on the screen, with the reason", async () => {
    const { match, lobby, app } = await play(true);
    match.end(RESULT);
    const gone = new NetcodeError("SEAT_EXPIRED");
    lobby.emit("closed", gone);
    await expect.element(page.getByTestId("result-note")).toHaveTextContent(`${gone.message} ${gone.remedy}`);
    await expect.element(page.getByRole("heading", { name: "Ana wins!" })).toBeVisible();
    expect(page.getByRole("button", { name: "Rematch" }).elements()).toHaveLength(0);
    await userEvent.click(page.getByRole("button", { name: "Back to the title" }));
    await expect.element(page.getByRole("alert")).toHaveTextContent(`${gone.message} ${gone.remedy}`);
    expect(app.app.lobby).toBeUndefined();
  });

  test("[SC31] who was dropped lands in the room and is told why", async () => {
    const { match, lobby } = await play(false);
    lobby.match = undefined;
    match.emit("dropped");
    await expect.element(page.getByTestId("toasts")).toHaveTextContent("The others went on without you.");
    await expect.element(page.getByTestId("notice")).toHaveTextContent("A match is on.");
    // Ana, but not we: a bot plays our disc.
    expect(page.getByText("In the match").elements()).toHaveLength(1);
  });

  test("[SC32] a reload comes back to the seat, without joining again", async () => {
    const lobby = new FakeLobby("KXRTM", { name: "Ada", colour: 3 }, ["Ana"]);
    const opened = await open("/#j=KXRTM", { resume: async () => lobby });
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(opened.app.lobby).toBe(lobby);
    expect(opened.requests).toEqual([]);
  });

  test("[SC98] who reads that another tab has the seat takes it back with one button", async () => {
    const taken = new NetcodeError("SEAT_TAKEN");
    const back = new FakeLobby("KXRTM", { name: "Ada", colour: 3 }, ["Ana"]);
    const { lobby } = await open("/#j=KXRTM", { resume: async (takeOver) => (takeOver ? back : undefined) });
    lobby().emit("closed", taken);
    await expect.element(page.getByRole("alert")).toHaveTextContent(taken.message);
    await userEvent.click(page.getByRole("button", { name: "Take the seat back" }));
    await expect.poll(() => lobby()).toBe(back);
  });

  test("[SC32] a link to another lobby wins over the old seat", async () => {
    const old = new FakeLobby("BBBBB", { name: "Ada", colour: 3 }, ["Ana"]);
    const opened = await open("/?name=Ada#j=KXRTM", { resume: async () => old });
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(old.calls).toEqual(["leave"]);
    expect(opened.requests).toEqual(["join KXRTM Ada"]);
  });
});
