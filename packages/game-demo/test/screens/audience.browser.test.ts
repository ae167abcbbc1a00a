import { NetcodeError } from "@rollcall/netcode";
import { describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { FakeLobby } from "./fake-lobby.ts";
import { appOpener } from "./app-opener.ts";

const open = appOpener();

const error = page.getByTestId("error");
const press = (name: string): Promise<void> => userEvent.click(page.getByRole("button", { name, exact: true }));

test("[SC80] a full lobby offers to wait for a seat, or to watch", async () => {
  for (const [button, as] of [
    ["Wait for a seat", "queue"],
    ["Just watch", "spectator"],
  ] as const) {
    let isFull = true;
    const join = (code: string, name: string): Promise<FakeLobby> => {
      if (!isFull) return Promise.resolve(new FakeLobby(code, { name, colour: 0 }, ["Ana"]));
      isFull = false;
      return Promise.reject(new NetcodeError("LOBBY_FULL"));
    };
    const { requests, close } = await open("/?name=Ada#j=KXRTM", { join });
    await expect.element(error).toHaveAttribute("data-code", "LOBBY_FULL");
    await press(button);
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTM Ada", `join KXRTM Ada ${as}`]);
    close();
  }
});

test("[SC80] where there is no room to wait or to watch either, that is said, and nobody is sent round in a circle", async () => {
  await open("/?name=Ada#j=KXRTM", { join: () => Promise.reject(new NetcodeError("LOBBY_FULL")) });
  await press("Just watch");
  await expect.element(error).toHaveTextContent("There is no room to wait or to watch either.");
  expect(page.getByRole("button", { name: /^(Wait for a seat|Just watch)/ }).elements()).toEqual([]);
  await expect.element(page.getByRole("button", { name: "Try again" })).toBeVisible();
});

describe("the room", () => {
  /** A room of ours, with Ana and Bo. */
  async function room(): Promise<FakeLobby> {
    const { lobby } = await open();
    await press("Host a game");
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    lobby().add("Ana");
    lobby().add("Bo");
    return lobby();
  }

  test("[SC81] the host makes the lobby public, sets a password and takes it away; others see none of that", async () => {
    const lobby = await room();
    await userEvent.click(page.getByRole("switch", { name: "Public" }));
    await expect.element(page.getByRole("switch", { name: "Public" })).toBeChecked();
    await press("Password…");
    await userEvent.type(page.getByRole("textbox", { name: "Password" }), "sesame{Enter}");
    await press("Change the password…");
    await press("Save");
    await expect.element(page.getByRole("button", { name: "Password…", exact: true })).toBeVisible();
    expect(lobby.calls).toEqual(["listed true", "password sesame", "password none"]);
    lobby.set({ hostId: lobby.state.members[1]?.peerId ?? lobby.state.hostId });
    await expect.element(page.getByRole("switch", { name: "Public" })).not.toBeInTheDocument();
  });

  test("[SC82] the host sees whom it removed for good, and lets them in again", async () => {
    const lobby = await room();
    lobby.banned = [
      { id: 1, name: "Pest" },
      { id: 2, name: "Troll" },
    ];
    await press("Banned players…");
    await expect.element(page.getByTestId("ban").first()).toHaveTextContent("Pest");
    await press("Let Troll in again");
    await press("Let Pest in again");
    await expect.element(page.getByText("Nobody is banned.")).toBeVisible();
    expect(lobby.calls).toEqual(["unban Troll", "unban Pest"]);
  });

  test("[SC82] where the lobby server does not say whom the host removed, the host is told so", async () => {
    const lobby = await room();
    lobby.bans = () => Promise.reject(new Error("no answer"));
    await press("Banned players…");
    await expect.element(page.getByText("The lobby server did not answer.")).toBeVisible();
  });

  test("[SC83] who watches and who waits stands behind the seats, says so, and takes none; each goes back and forth, and the host sends others", async () => {
    const lobby = await room();
    const count = page.getByText(/^Players/);
    await expect.element(count).toHaveTextContent("3 of 6");
    lobby.change("peer-1", { role: "queued", queueNumber: 4 });
    lobby.change("peer-2", { role: "spectator" });
    await expect.element(count).toHaveTextContent("1 of 6");
    const audience = page.getByTestId("audience");
    await expect.element(audience.first()).toHaveTextContent("AnaWaits, number 1");
    await expect.element(audience.nth(1)).toHaveTextContent("BoWatches");
    lobby.add("Cy");
    await press("Options for Cy");
    await press("Move to spectators");
    await press("Spectate");
    await expect.element(page.getByRole("button", { name: "Ready" })).not.toBeInTheDocument();
    await expect.element(page.getByRole("button", { name: "Start" })).toBeDisabled();
    await expect.element(page.getByTestId("room-status")).toHaveTextContent("Everybody watches. Somebody has to play.");
    await press("Play");
    expect(lobby.calls).toEqual(["role spectator peer-3", "role spectator me", "role player me"]);
  });

  test("[SC15] who comes to watch or to wait is told as that, not as a player", async () => {
    const lobby = await room();
    const [, ana] = lobby.state.members;
    if (ana === undefined) throw new Error("no member");
    lobby.emit("member-joined", { ...ana, role: "spectator" });
    await expect.element(page.getByTestId("toasts")).toHaveTextContent("Ana watches now");
    lobby.emit("member-joined", { ...ana, role: "queued", queueNumber: 1 });
    await expect.element(page.getByTestId("toasts")).toHaveTextContent("Ana waits for a seat");
  });

  test("[SC84] a spectator is shown each match as it begins, once; who waits is told the place", async () => {
    const join = (code: string, name: string): Promise<FakeLobby> => Promise.resolve(new FakeLobby(code, { name, colour: 0 }, ["Ana"]));
    const { lobby } = await open("/?name=Ada#j=KXRTM", { join });
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    lobby().change("me", { role: "queued", queueNumber: 1 });
    await expect.element(page.getByTestId("room-status")).toHaveTextContent("You are number 1 in the queue.");
    lobby().change("me", { role: "spectator" });
    lobby().emit("role-changed", lobby().me);
    await expect.element(page.getByTestId("toasts")).toHaveTextContent("You watch now");
    await expect.element(page.getByTestId("room-status")).toHaveTextContent("You are watching.");
    const seats = [{ kind: "bot" as const, profile: { name: "Bot 1", colour: 1, choices: null } }];
    const { hostId } = lobby().state;
    lobby().set({ match: { matchNumber: 1, seed: 1, seats, settings: null, hostId, countdownMs: 0 } });
    await expect.poll(() => lobby().calls.filter((call) => call === "watch")).toHaveLength(1);
    expect(document.body.dataset["phase"]).toBe("match");
    // Back in the room while it goes on, nobody is fetched to it again, whatever happens in the lobby.
    const watched = lobby().match;
    lobby().match = undefined;
    watched?.emit("dropped");
    await expect.element(page.getByTestId("notice")).toHaveTextContent("A match is on.");
    lobby().add("Cy");
    await expect.element(page.getByRole("button", { name: "Options for Cy" })).toBeVisible();
    expect(lobby().calls.filter((call) => call === "watch")).toHaveLength(1);
    expect(document.body.dataset["phase"]).toBe("room");
    lobby().set({ match: undefined });
    lobby().set({ match: { matchNumber: 2, seed: 1, seats, settings: null, hostId, countdownMs: 0 } });
    await expect.poll(() => lobby().calls.filter((call) => call === "watch")).toHaveLength(2);
  });

  test("[SC84] a host who watches is shown the match that it starts", async () => {
    const lobby = await room();
    await press("Spectate");
    await press("Start");
    await expect.element(page.getByTestId("watching")).toHaveTextContent("You are watching.");
    lobby.match?.end({ winner: 0 });
    lobby.match = undefined;
    lobby.set({ match: undefined });
    await press("Rematch");
    await expect.element(page.getByTestId("watching")).toHaveTextContent("You are watching.");
    expect(lobby.calls.filter((call) => call.startsWith("start"))).toHaveLength(2);
  });

  test("[SC84] a spectator who reads a result is shown the rematch", async () => {
    const lobby = await room();
    const ana = lobby.state.members[1]?.peerId ?? FakeLobby.myId;
    const match = { seed: 1, seats: [], settings: null, hostId: ana, countdownMs: 0 };
    await press("Spectate");
    lobby.set({ hostId: ana, match: { ...match, matchNumber: 1 } });
    await expect.poll(() => document.body.dataset["phase"]).toBe("match");
    lobby.match?.end({ winner: 0 });
    lobby.match = undefined;
    lobby.set({ match: undefined });
    await expect.element(page.getByTestId("result-note")).toHaveTextContent("Waiting for Ana to call a rematch.");
    lobby.set({ match: { ...match, matchNumber: 2 } });
    await expect.poll(() => document.body.dataset["phase"]).toBe("match");
    expect(lobby.calls.filter((call) => call === "watch")).toHaveLength(2);
  });

  test("[SC100] who watches stops nothing for the others, and goes back to the room", async () => {
    const lobby = await room();
    const ana = lobby.state.members[1]?.peerId ?? FakeLobby.myId;
    const seats = [{ kind: "person" as const, peerId: ana, profile: { name: "Ana", colour: 1, choices: null } }];
    lobby.set({ hostId: ana, match: { matchNumber: 1, seed: 1, seats, settings: null, hostId: ana, countdownMs: 0 } });
    await press("Watch");
    const watched = lobby.match;
    watched?.emit("paused", ana);
    await expect.element(page.getByTestId("paused")).toHaveTextContent(/^Ana paused the match/);
    expect(page.getByRole("button", { name: /^(Pause|Continue)/ }).elements()).toEqual([]);
    await press("Leave");
    await press("Keep watching");
    expect(watched?.stopped).toBe(false);
    await userEvent.keyboard("{Escape}");
    lobby.match = undefined;
    await press("Back to the lobby");
    expect(watched?.stopped).toBe(true);
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(lobby.calls).not.toContain("leave");
  });

  test("[SC100] a host who watches goes back to the room and to the match again, and stops nothing", async () => {
    const lobby = await room();
    await press("Spectate");
    await press("Start");
    const watched = lobby.match;
    await expect.element(page.getByTestId("watching")).toBeVisible();
    await press("Leave");
    await press("Back to the lobby");
    await expect.element(page.getByTestId("notice")).toHaveTextContent("A match is on.");
    await expect.element(page.getByRole("button", { name: "Start" })).toBeDisabled();
    lobby.add("Cy");
    await expect.element(page.getByRole("button", { name: "Options for Cy" })).toBeVisible();
    expect(document.body.dataset["phase"]).toBe("room");
    await press("Watch");
    await expect.element(page.getByTestId("watching")).toHaveTextContent("You are watching.");
    await press("Leave");
    await press("Back to the lobby");
    expect(watched?.stopped).toBe(false);
    expect(lobby.calls.filter((call) => ["watch", "leave"].includes(call))).toEqual([]);
    // It ends while nobody looks: the room goes on.
    watched?.end({ winner: 0 });
    lobby.match = undefined;
    lobby.set({ match: undefined });
    await expect.element(page.getByRole("button", { name: "Start" })).toBeEnabled();
    expect(document.body.dataset["phase"]).toBe("room");
  });
});
