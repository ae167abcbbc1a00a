import { describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { appOpener } from "./app-opener.ts";
import type { FakeLobby } from "./fake-lobby.ts";
import type { FakeMatch } from "./fake-match.ts";

const open = appOpener();

async function host(): Promise<FakeLobby> {
  const opened = await open();
  await userEvent.click(page.getByRole("button", { name: "Host a game" }));
  const lobby = opened.lobby();
  lobby.add("Ana");
  return lobby;
}

async function play(): Promise<{ lobby: FakeLobby; match: FakeMatch }> {
  const lobby = await host();
  const match = lobby.begin({ countdownMs: 0 });
  match.phase = "running";
  await expect.element(page.getByRole("heading", { name: "Match" })).toHaveFocus();
  return { lobby, match };
}

function ana(lobby: FakeLobby): FakeLobby["me"] {
  const member = lobby.state.members.find(({ profile }) => profile.name === "Ana");
  if (member === undefined) throw new Error("Ana is not there");
  return member;
}

function lines(): (string | null)[] {
  return page
    .getByTestId("chat-line")
    .elements()
    .map((line) => line.textContent);
}

const field = page.getByTestId("chat-field");

describe("chat in the room", () => {
  test("[SC60] what is said stands there in order, with who said it, and as text alone", async () => {
    const lobby = await host();
    await expect.element(page.getByText(/^Say hello/)).toBeVisible();
    await userEvent.fill(field, "Hello");
    await userEvent.keyboard("{Enter}");
    lobby.chat.say(ana(lobby), '<img src=x onerror="alert(1)"> & <b>so on</b>');
    await expect.poll(lines).toEqual(["Ada Hello", 'Ana <img src=x onerror="alert(1)"> & <b>so on</b>']);
    expect(document.querySelector("img")).toBeNull();
    await expect.element(page.getByText(/^Say hello/)).not.toBeVisible();
    await expect.element(field).toHaveValue("");
    await expect.element(field).toHaveFocus();
    await expect.element(page.getByRole("log", { name: "Chat" })).toBeVisible();
  });

  test("[SC60] what comes too fast stays in the field, and is told to be so", async () => {
    const lobby = await host();
    lobby.chat.outcome = "rate-limited";
    await userEvent.fill(field, "again");
    await userEvent.keyboard("{Enter}");
    await expect.element(page.getByText(/^Not so fast/)).toBeVisible();
    await expect.element(field).toHaveValue("again");
    lobby.chat.outcome = "sent";
    await userEvent.keyboard("{Enter}");
    await expect.poll(lines).toEqual(["Ada again"]);
    await expect.element(page.getByText(/^Not so fast/)).not.toBeInTheDocument();
  });

  test("[SC60] what was said before a match is there after it", async () => {
    const lobby = await host();
    lobby.chat.say(ana(lobby), "see you here");
    const match = lobby.begin({ countdownMs: 0 });
    match.phase = "running";
    lobby.chat.say(ana(lobby), "still here");
    match.emit("dropped");
    await expect.element(page.getByRole("heading", { name: "Lobby" })).toBeVisible();
    await expect.poll(lines).toEqual(["Ana see you here", "Ana still here"]);
  });

  test("[SC61] a member is muted and unmuted at its card, by anybody; the card says so", async () => {
    const opened = await open("/?name=Bob#j=KXRTM");
    const lobby = opened.lobby();
    await userEvent.click(page.getByRole("button", { name: "Options for Ana" }));
    await expect.element(page.getByRole("dialog").getByRole("button", { name: "Kick" })).not.toBeInTheDocument();
    await userEvent.click(page.getByRole("dialog").getByRole("button", { name: "Mute chat", exact: true }));
    await expect.element(page.getByTestId("player").first()).toHaveTextContent("Muted");
    await userEvent.click(page.getByRole("button", { name: "Options for Ana" }));
    await userEvent.click(page.getByRole("dialog").getByRole("button", { name: "Unmute chat" }));
    await expect.element(page.getByTestId("player").first()).not.toHaveTextContent("Muted");
    expect(lobby.calls.filter((call) => call.includes("mute"))).toEqual(["mute peer-0", "unmute peer-0"]);
  });
});

describe("chat over a match", () => {
  test("[SC62] Enter or T opens it, Enter sends and closes it, Escape closes it and does not ask to leave", async () => {
    const { lobby } = await play();
    await userEvent.keyboard("{Enter}");
    await expect.element(field).toHaveFocus();
    await userEvent.keyboard("well played{Enter}");
    await expect.element(field).not.toBeVisible();
    await expect.poll(lines).toEqual(["Ada well played"]);
    await expect.element(page.getByRole("heading", { name: "Match" })).toHaveFocus();
    await userEvent.keyboard("t");
    await expect.element(field).toHaveFocus();
    await expect.element(field).toHaveValue("");
    await userEvent.keyboard("never mind{Escape}");
    await expect.element(field).not.toBeVisible();
    await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
    expect(lobby.chat.messages.length).toBe(1);
    await userEvent.keyboard("{Escape}");
    await expect.element(page.getByRole("dialog", { name: "Leave the match?" })).toBeVisible();
  });

  test("[SC62] keys that are typed reach the field alone", async () => {
    const { match } = await play();
    const heard: string[] = [];
    const listener = (event: KeyboardEvent): void => void heard.push(event.key);
    await userEvent.keyboard("{Enter}");
    window.addEventListener("keydown", listener);
    await userEvent.keyboard("p m w a s d t ");
    window.removeEventListener("keydown", listener);
    expect([heard, match.paused]).toEqual([[], false]);
    await expect.element(field).toHaveValue("p m w a s d t ");
  });

  test("[SC62] Enter presses a button that has the focus, and is a second player's own key", async () => {
    const { match } = await play();
    page.getByRole("button", { name: "Pause" }).element().focus();
    await userEvent.keyboard("{Enter}");
    expect(match.paused).toBe(true);
    await expect.element(field).not.toBeVisible();
    page.getByRole("heading", { name: "Match" }).element().focus();
    match.localPlayers = [0, 1];
    await userEvent.keyboard("{Enter}");
    await expect.element(field).not.toBeVisible();
    await userEvent.keyboard("t");
    await expect.element(field).toBeVisible();
  });

  test("[SC63] the last four lines stand over the match, as text, and take no touch", async () => {
    const { lobby } = await play();
    for (let index = 0; index < 6; index++) lobby.chat.say(ana(lobby), `line ${index} <i>x</i>`);
    await expect.poll(lines).toEqual([2, 3, 4, 5].map((index) => `Ana line ${index} <i>x</i>`));
    const box = page.getByTestId("chat-line").first().element().getBoundingClientRect();
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    expect(hit?.closest(".match-chat")).toBeNull();
  });
});
