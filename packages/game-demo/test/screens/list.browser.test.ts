import { NetcodeError, type LobbyFilter } from "@rollcall/netcode";
import { describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { appOpener } from "./app-opener.ts";
import { FakeList, fakeListing } from "./fake-list.ts";
import type { FakeNetwork, OpenedApp } from "./open-app.ts";

const open = appOpener();

async function openList(network: FakeNetwork): Promise<OpenedApp> {
  const opened = await open("/?name=Ada", network);
  await userEvent.click(page.getByRole("button", { name: "Public lobbies" }));
  return opened;
}

const rows = page.getByTestId("listing");
const status = page.getByTestId("list-status");

describe("the public list", () => {
  test("[SC70] a row joins its lobby; a full one waits for a seat", async () => {
    const list = new FakeList([fakeListing("FFFFF", { members: 8 }), fakeListing("BCDFG", { hostName: "Bo" })]);
    const { requests, close } = await openList({ watchLobbies: async () => list });
    await expect.element(status).toHaveTextContent("2 lobbies");
    await userEvent.click(page.getByRole("button", { name: "Join Bo: 3 of 8, Waiting to start" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("BCDFG");
    expect(requests).toEqual(["join BCDFG Ada"]);
    close();
    const again = await openList({ watchLobbies: async () => list });
    await userEvent.click(page.getByRole("button", { name: "Wait for a seat with Ana: 8 of 8" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("FFFFF");
    expect(again.requests).toEqual(["join FFFFF Ada queue"]);
  });

  test("[SC71] the list is live: focus and places stay, who is gone goes, and closing it ends it", async () => {
    const cy = fakeListing("CCCCC", { hostName: "Cy" });
    const list = new FakeList([fakeListing("BBBBB"), cy, fakeListing("FFFFF", { hostName: "Fay" })]);
    const signals: (AbortSignal | undefined)[] = [];
    await openList({ watchLobbies: async ({ signal }) => (signals.push(signal), list) });
    await expect.poll(() => rows.elements().length).toBe(3);
    const [, second, third] = rows.elements();
    if (second instanceof HTMLElement) second.focus();
    // By the server's order Fay would be before Cy now, and the new ones before both; Ana has gone.
    const [di, gus] = [fakeListing("DDDDD", { hostName: "Di", members: 7 }), fakeListing("GGGGG", { hostName: "Gus", members: 6 })];
    list.set([di, gus, fakeListing("FFFFF", { hostName: "Fay", members: 5 }), { ...cy, members: 4 }]);
    expect(rows.elements().map((row) => row.getAttribute("aria-label"))).toEqual([
      "Join Cy: 4 of 8, Waiting to start",
      "Join Fay: 5 of 8, Waiting to start",
      "Join Di: 7 of 8, Waiting to start",
      "Join Gus: 6 of 8, Waiting to start",
    ]);
    expect(rows.elements().slice(0, 2)).toEqual([second, third]);
    expect(document.activeElement).toBe(second);
    // And again, with one that was new a moment ago in front of all others.
    list.set([gus, { ...cy, members: 2 }, di]);
    expect(rows.elements().map((row) => row.getAttribute("aria-label")?.slice(0, 9))).toEqual(["Join Cy: ", "Join Di: ", "Join Gus:"]);
    expect(document.activeElement).toBe(second);
    await userEvent.keyboard("{Escape}");
    await expect.poll(() => signals.map((signal) => signal?.aborted)).toEqual([true]);
    await expect.element(page.getByRole("button", { name: "Public lobbies" })).toHaveFocus();
  });

  test("[SC72] filters are asked of the lobby server, and can be taken back", async () => {
    const asked: (LobbyFilter | undefined)[] = [];
    await openList({ watchLobbies: async ({ filter }) => (asked.push(filter), new FakeList()) });
    const free = page.getByRole("button", { name: "Free seat" });
    await userEvent.click(free);
    await expect.element(free).toHaveAttribute("aria-pressed", "true");
    await expect.element(status).toHaveTextContent(/no lobby fits/i);
    await userEvent.click(free);
    expect(asked).toEqual([{}, { joinable: true }, {}]);
  });

  test("[SC73] empty, silent and failed lists say so, and what to do", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const unreachable = new NetcodeError("BROKER_UNREACHABLE");
    const list = new FakeList();
    let tries = 0;
    const { requests } = await openList({
      watchLobbies: async () => {
        tries += 1;
        if (tries === 1) throw unreachable;
        return list;
      },
    });
    await expect.element(page.getByRole("alert")).toHaveTextContent(unreachable.remedy);
    await userEvent.click(page.getByRole("button", { name: "Try again" }));
    await expect.element(status).toHaveTextContent(/nobody has a public lobby/i);
    list.set([fakeListing("BCDFG")], false);
    await expect.element(status).toHaveTextContent("The lobby server does not answer. Trying again…");
    expect(rows.elements()).toHaveLength(1);
    list.set([]);
    await vi.advanceTimersByTimeAsync(12_000);
    await userEvent.click(page.getByRole("dialog").getByRole("button", { name: "Quick match" }));
    expect(requests).toEqual(["quick Ada"]);
  });

  test("[SC73] after an outage an empty list is on its way until lobbies had the time to come back", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const list = new FakeList([fakeListing("BCDFG")]);
    await openList({ watchLobbies: async () => list });
    await expect.element(status).toHaveTextContent("1 lobby");
    list.set(list.lobbies, false);
    await vi.advanceTimersByTimeAsync(60_000);
    list.set([]);
    await expect.element(status).toHaveTextContent("Looking for lobbies…");
    expect(rows.elements()).toHaveLength(1);
    list.set([fakeListing("BCDFG")]);
    await expect.element(status).toHaveTextContent("1 lobby");
    list.set([]);
    await expect.element(status).toHaveTextContent("Looking for lobbies…");
    await vi.advanceTimersByTimeAsync(12_000);
    await expect.element(status).toHaveTextContent(/nobody has a public lobby/i);
    expect(rows.elements()).toHaveLength(0);
  });

  test("[SC74] a quick match leads to a room, and can be cancelled", async () => {
    const cancelled = await open("/?name=Ada", { quickMatch: () => new Promise(() => {}) });
    await userEvent.click(page.getByRole("button", { name: "Quick match" }));
    await expect.element(page.getByText("Looking for a match…")).toBeVisible();
    await userEvent.click(page.getByRole("button", { name: "Cancel" }));
    await expect.element(page.getByText("Looking for a match…")).not.toBeInTheDocument();
    cancelled.close();
    const opened = await open();
    await userEvent.click(page.getByRole("button", { name: "Quick match" }));
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(opened.requests).toEqual(["quick Ada"]);
    const { door } = opened.lobby().state;
    opened.lobby().set({ door: { ...door, listed: true } });
    await expect.element(page.getByTestId("room-status")).toHaveTextContent(/in the public list: others may join/);
  });
});
