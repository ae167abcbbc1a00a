import { NetcodeError } from "@rollcall/netcode";
import { describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { FakeLobby } from "./fake-lobby.ts";
import { appOpener } from "./app-opener.ts";
import type { FakeNetwork } from "./open-app.ts";

const open = appOpener();

const codeField = page.getByRole("textbox", { name: "Lobby code" });
const error = page.getByTestId("error");

describe("the title", () => {
  test("[SC7] a code is sent as soon as it has five letters", async () => {
    const { requests } = await open();
    await userEvent.fill(codeField, "kxr-tm");
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTM Ada"]);
  });

  test("[SC7] who presses Join after the fifth letter joins once", async () => {
    // Answered after the click only: on a slow machine the code has been sent by itself before.
    let answer: () => void = () => undefined;
    const join = (code: string, name: string): Promise<FakeLobby> =>
      new Promise((resolve) => (answer = () => resolve(new FakeLobby(code, { name, colour: 0 }, ["Ana"]))));
    const { requests } = await open("/?name=Ada", { join });
    await userEvent.fill(codeField, "KXRTM");
    await userEvent.click(page.getByRole("button", { name: "Join" }));
    answer();
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTM Ada"]);
  });

  test("[SC105] letters that no code has vanish, and it is said why until the code is whole", async () => {
    await open("/?name=Ada", { join: () => new Promise(() => {}) });
    const hint = page.getByText("Codes have no A, E, I, L, O or U, and no figures.");
    await userEvent.type(codeField, "k");
    await expect.element(hint).not.toBeInTheDocument();
    await userEvent.type(codeField, "o");
    await expect.element(codeField).toHaveValue("K");
    await expect.element(hint).toHaveAttribute("role", "status");
    await userEvent.type(codeField, "xrt");
    await expect.element(hint).toBeVisible();
    await userEvent.type(codeField, "m");
    await expect.element(hint).not.toBeInTheDocument();
    await userEvent.fill(codeField, "Come and play: https://play.example/#j=BCDFG");
    await expect.element(codeField).toHaveValue("BCDFG");
    await expect.element(page.getByText("Five letters, or paste the whole link.")).toBeVisible();
  });

  test("[SC93] where codes have more letters, five are not sent: the sixth is waited for, and the hint says how many", async () => {
    const { requests } = await open("/?name=Ada&broker=https://b.example", {
      codeLength: async (broker) => (broker === "https://b.example" ? 6 : 5),
    });
    await expect.element(page.getByText("Six letters, or paste the whole link.")).toBeVisible();
    await userEvent.fill(codeField, "KXRTM");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(requests).toEqual([]);
    await userEvent.type(codeField, "b");
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTMB Ada"]);
  });

  test("[SC93] eight letters are seen whole, on a small phone and on a desk", async () => {
    await open("/?name=Ada", { codeLength: async () => 8, join: () => new Promise(() => {}) });
    await expect.element(codeField).toHaveAttribute("placeholder", "KXRTMBHW");
    await userEvent.fill(codeField, "WMWMWMWM");
    const field = codeField.element();
    for (const [width, height] of [
      [320, 568],
      [1280, 720],
      [414, 896],
    ] as const) {
      await page.viewport(width, height);
      expect(field.scrollWidth).toBeLessThanOrEqual(field.clientWidth);
    }
  });

  test("[SC93] on a desk five letters of twice the size are seen whole", async () => {
    await page.viewport(1280, 720);
    document.documentElement.style.fontSize = "200%";
    await open("/?name=Ada", { join: () => new Promise(() => {}) });
    await userEvent.fill(codeField, "WMWMW");
    const field = codeField.element();
    expect(field.scrollWidth).toBeLessThanOrEqual(field.clientWidth);
    document.documentElement.style.fontSize = "";
    await page.viewport(414, 896);
  });

  test("[SC93] until it is known how many they have nothing that is typed is sent by itself; then what is whole is, and a link always", async () => {
    let answer: (length: number | undefined) => void = () => undefined;
    const codeLength = (): Promise<number | undefined> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const { requests, close } = await open("/?name=Ada", { codeLength });
    await userEvent.fill(codeField, "KXRTM");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(requests).toEqual([]);
    answer(5);
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTM Ada"]);
    close();
    const silent = await open("/?name=Ada", { codeLength: async () => undefined });
    await userEvent.fill(codeField, "KXRTMBC");
    await userEvent.click(page.getByRole("button", { name: "Join" }));
    await expect.poll(() => silent.requests).toEqual(["join KXRTMBC Ada"]);
    silent.close();
    const linked = await open("/?name=Ada", { codeLength: async () => undefined });
    await userEvent.fill(codeField, "https://play.example/#j=KXRTMB");
    await expect.poll(() => linked.requests).toEqual(["join KXRTMB Ada"]);
  });

  test("[SC7] with fewer letters, Join marks the field and asks nobody", async () => {
    const { requests } = await open();
    await userEvent.fill(codeField, "kx");
    await userEvent.click(page.getByRole("button", { name: "Join" }));
    await expect.element(codeField).toHaveAttribute("aria-invalid", "true");
    await expect.element(codeField).toHaveFocus();
    expect(requests).toEqual([]);
  });

  test("[SC8] a link joins at once, also without a name ever given", async () => {
    const { requests } = await open("/#j=KXRTM");
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTM Bouncy Badger"]);
  });

  const SECRET = `${"aB-_5678".repeat(2)}abcdefg`;

  test("[SC50] the link of an invite joins with its secret, and so does one that is pasted; the field shows the code alone", async () => {
    const { requests, close } = await open(`/?name=Ada#j=KXRTM.${SECRET}`);
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual([`join KXRTM.${SECRET} Ada`]);
    close();
    const pasted = await open();
    await userEvent.fill(codeField, `Come: https://play.example/#j=BCDFG.${SECRET} now`);
    await expect.element(codeField).toHaveValue("BCDFG");
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("BCDFG");
    expect(pasted.requests).toEqual([`join BCDFG.${SECRET} Ada`]);
  });

  test("[SC50] a code that is typed after an invite of another lobby was pasted has no secret", async () => {
    const { requests } = await open();
    await userEvent.fill(codeField, `BCDFG.${SECRET}`);
    await userEvent.fill(codeField, "KXRTM");
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
    expect(requests).toEqual(["join KXRTM Ada"]);
  });

  test("[SC9] an error is told with its remedy, blocks nothing, and the code stays", async () => {
    const notFound = new NetcodeError("LOBBY_NOT_FOUND");
    await open("/?name=Ada", {
      join: async () => {
        throw notFound;
      },
    });
    await userEvent.fill(codeField, "BBBBB");
    await expect.element(page.getByRole("alert")).toHaveTextContent(`${notFound.message} ${notFound.remedy}`);
    await expect.element(error).toHaveAttribute("data-code", "LOBBY_NOT_FOUND");
    await expect.element(codeField).toHaveValue("BBBBB");
    await userEvent.click(page.getByRole("button", { name: "Host a game" }));
    await expect.element(page.getByRole("button", { name: "Start" })).toBeVisible();
    await expect.element(error).not.toBeInTheDocument();
  });

  test("[SC9] another version offers to reload, the code of another game does not", async () => {
    const ids = ["chess", "rubberband"];
    await open("/?name=Ada", {
      join: async () => {
        throw new NetcodeError("VERSION_MISMATCH", { expected: { id: ids.shift() ?? "", version: 9, contentHash: "" } });
      },
    });
    await userEvent.fill(codeField, "BBBBB");
    await expect.element(error).toHaveAttribute("data-code", "VERSION_MISMATCH");
    await expect.element(page.getByRole("button", { name: "Reload" })).not.toBeInTheDocument();
    await userEvent.fill(codeField, "CCCCC");
    await expect.element(page.getByRole("button", { name: "Reload" })).toBeVisible();
  });

  test("[SC9] where trying again may help there is a button for it", async () => {
    let tries = 0;
    const { requests } = await open("/?name=Ada", {
      join: async () => {
        tries += 1;
        throw new NetcodeError("LOBBY_FULL");
      },
    });
    await userEvent.fill(codeField, "KXRTM");
    await userEvent.click(page.getByRole("button", { name: "Try again" }));
    await expect.element(error).toBeVisible();
    expect(tries).toBe(2);
    expect(requests).toEqual(["join KXRTM Ada", "join KXRTM Ada"]);
  });

  test("[SC9] what was said of a code goes with the first letter of another one", async () => {
    await open("/?name=Ada", { join: () => Promise.reject(new NetcodeError("LOBBY_NOT_FOUND")) });
    await userEvent.fill(codeField, "BBBBB");
    await expect.element(error).toBeVisible();
    await userEvent.fill(codeField, "K");
    await expect.element(error).not.toBeInTheDocument();
  });

  test("[SC99] a link that was opened while the lobby server was away joins once it is back, unless the error was dismissed", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    let isAway = true;
    let isHostAway = false;
    const network: FakeNetwork = {
      codeLength: async () => (isAway ? undefined : 5),
      join: async (code, name) => {
        if (isAway) throw new NetcodeError("BROKER_UNREACHABLE");
        if (isHostAway) throw new NetcodeError("LOBBY_NOT_FOUND");
        return new FakeLobby(code, { name, colour: 0 }, ["Ana"]);
      },
    };
    const dismissed = await open("/?name=Ada#j=KXRTM", network);
    await expect.element(error).toHaveTextContent("Once it answers, this goes on by itself.");
    await userEvent.click(page.getByRole("button", { name: "Dismiss" }));
    await vi.advanceTimersByTimeAsync(10_000);
    isAway = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(dismissed.requests).toEqual(["join KXRTM Ada"]);
    dismissed.close();
    isAway = true;
    const { requests } = await open("/?name=Ada#j=KXRTM", network);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(requests).toEqual(["join KXRTM Ada"]);
    // The host takes longer to find the lobby server again.
    isAway = false;
    isHostAway = true;
    await vi.advanceTimersByTimeAsync(4_000);
    await expect.element(error).toHaveTextContent("Looking again…");
    isHostAway = false;
    await vi.advanceTimersByTimeAsync(4_000);
    await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
  });

  test("[SC10] joining can be called off, and what comes late is left at once", async () => {
    const { lobbyOf, finish } = pendingLobby();
    const app = await open("/?name=Ada", { join: () => lobbyOf });
    await userEvent.fill(codeField, "KXRTM");
    await userEvent.click(page.getByRole("button", { name: "Cancel" }));
    const left = finish();
    await expect.poll(() => left.calls).toEqual(["leave"]);
    expect(app.app.lobby).toBeUndefined();
    await expect.element(codeField).toHaveValue("KXRTM");
  });

  test("[SC11] the tab key goes through everything in reading order", async () => {
    await open();
    page.getByRole("heading", { name: "Rubberband" }).element().focus();
    const names: string[] = [];
    for (let step = 0; step < 8; step++) {
      await userEvent.keyboard("{Tab}");
      names.push(nameOf(document.activeElement));
    }
    expect(names).toEqual([
      "Lobby code",
      "Join",
      "Host a game",
      "Play now",
      "Quick match",
      "Public lobbies",
      "Your name",
      "Orange, circle",
    ]);
  });

  test("[SC6] the arrow keys choose a colour, which has a name and a shape", async () => {
    const { app } = await open();
    await userEvent.click(page.getByRole("radio", { name: "Orange, circle" }));
    await userEvent.keyboard("{ArrowRight}");
    await expect.element(page.getByRole("radio", { name: "Sky, square" })).toBeChecked();
    expect(app.identity.colour).toBe(1);
  });

  test("[SC12] Play now starts a match against bots, and Leave comes back", async () => {
    const { played, app } = await open();
    await userEvent.click(page.getByRole("button", { name: "Play now" }));
    const match = played.at(-1);
    expect(match?.seats.filter((seat) => seat.kind === "person")).toHaveLength(1);
    expect(match?.localPlayers).toEqual([0]);
    expect(app.match, "a match alone is no networked match").toBeUndefined();
    await userEvent.click(page.getByRole("button", { name: "Leave" }));
    await expect.element(page.getByRole("heading", { name: "Rubberband" })).toHaveFocus();
  });

  test("[SC12] Escape in a match against bots stops it and asks", async () => {
    const { played } = await open();
    await userEvent.click(page.getByRole("button", { name: "Play now" }));
    const match = played.at(-1);
    await userEvent.keyboard("{Escape}");
    await expect.element(page.getByRole("heading", { name: "Leave the match?" })).toBeVisible();
    expect(match?.paused).toBe(true);
    await userEvent.keyboard("{Escape}");
    await expect.poll(() => match?.paused).toBe(false);
    await userEvent.keyboard("{Escape}");
    await userEvent.click(page.getByRole("button", { name: "Quit" }));
    await expect.element(page.getByRole("heading", { name: "Rubberband" })).toHaveFocus();
  });

  test("[SC13] bots play behind the title", async () => {
    const { played } = await open();
    expect(played).toHaveLength(1);
    expect(played[0]?.localPlayers).toEqual([]);
    expect(played[0]?.seats.every((seat) => seat.kind === "bot")).toBe(true);
  });
});

function pendingLobby(): { readonly lobbyOf: Promise<FakeLobby>; readonly finish: () => FakeLobby } {
  const lobby = new FakeLobby("KXRTM", { name: "Ada", colour: 0 }, ["Ana"]);
  let resolve: ((lobby: FakeLobby) => void) | undefined;
  const lobbyOf = new Promise<FakeLobby>((settle) => (resolve = settle));
  const finish = (): FakeLobby => {
    resolve?.(lobby);
    return lobby;
  };
  return { lobbyOf, finish };
}

function nameOf(node: Element | null): string {
  const label = node instanceof HTMLInputElement ? node.labels?.[0]?.textContent : undefined;
  const own = node?.getAttribute("aria-label");
  return own ?? (label === undefined || label === "" ? (node?.textContent ?? "") : label);
}
