import { NetcodeError, startLocalMatch } from "@rollcall/netcode";
import { afterEach, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { element } from "../../src/screens/element.ts";
import { rubberband } from "../../src/sim/index.ts";
import "../../src/view/arena.css";
import { Hud } from "../../src/view/hud.ts";
import { FakeList, fakeListing } from "./fake-list.ts";
import { appOpener } from "./app-opener.ts";
import type { OpenedApp } from "./open-app.ts";

const NARROW = { width: 360, height: 640 } as const;
/** Least height of anything to press, in CSS px (WCAG 2.5.5). */
const TARGET_PX = 44;

const openApp = appOpener();

afterEach(async () => {
  document.documentElement.style.fontSize = "";
  await page.viewport(414, 896);
});

/** A room full of people with the widest names and code letters. */
async function fullRoom(): Promise<OpenedApp> {
  const app = await openApp("/?name=WWWWWWWWWWWWWWWW#j=WMWMW");
  for (let count = 0; count < 6; count++) app.lobby().add("MMMMMMMMMMMMMMMM");
  app.lobby().set({ hostId: app.lobby().me.peerId });
  return app;
}

const screens: Readonly<Record<string, () => Promise<OpenedApp>>> = {
  title: () => openApp("/?name=WWWWWWWWWWWWWWWW"),
  "check of the connection": async () => {
    const app = await openApp("/?name=W", { diagnose: () => new Promise(() => {}) });
    await userEvent.click(page.getByRole("button", { name: "Check my connection" }));
    return app;
  },
  "public lobbies": async () => {
    const list = new FakeList([fakeListing("BCDFG", { hostName: "W".repeat(16), playing: true, password: true, relayOnly: true })]);
    const app = await openApp("/?name=W", { watchLobbies: async () => list });
    await userEvent.click(page.getByRole("button", { name: "Public lobbies" }));
    await expect.element(page.getByTestId("listing")).toBeVisible();
    return app;
  },
  "host with options": async () => {
    const app = await openApp("/?name=W");
    await userEvent.click(page.getByRole("button", { name: "Host with options" }));
    return app;
  },
  "password prompt": async () => {
    const app = await openApp("/?name=W#j=WMWMW", { join: () => Promise.reject(new NetcodeError("PASSWORD_REQUIRED")) });
    await expect.element(page.getByRole("dialog")).toBeVisible();
    return app;
  },
  "title, without the lobby server": async () => {
    const app = await openApp("/?name=W#j=WMWMW", { join: () => Promise.reject(new NetcodeError("BROKER_UNREACHABLE")) });
    await expect.element(page.getByRole("button", { name: "Try again" })).toBeVisible();
    return app;
  },
  room: fullRoom,
  "own name": async () => {
    const app = await fullRoom();
    await userEvent.click(page.getByRole("button", { name: "Change name and colour" }));
    return app;
  },
  player: async () => {
    const app = await fullRoom();
    await userEvent.click(page.getByRole("button", { name: /^Options for/ }).first());
    return app;
  },
  countdown: async () => {
    const app = await fullRoom();
    app.lobby().begin({ countdownMs: 3_000 });
    return app;
  },
  invitation: async () => {
    const app = await fullRoom();
    app.lobby().begin({ countdownMs: 3_000 });
    await userEvent.click(page.getByRole("button", { name: /^Invite/ }));
    return app;
  },
  chat: async () => {
    const app = await fullRoom();
    const [member] = app.lobby().state.members;
    for (let count = 0; count < 3; count++) if (member !== undefined) app.lobby().chat.say(member, "W".repeat(300));
    app.lobby().begin({ countdownMs: 0 });
    if (member !== undefined) app.lobby().chat.say(member, "W".repeat(300));
    await userEvent.keyboard("t");
    return app;
  },
  result: async () => {
    const app = await fullRoom();
    app.lobby().begin().end({ winner: 1 });
    return app;
  },
};

/** A phone, a small one, and a phone whose letters are twice as large. */
const SIZES = [
  { ...NARROW, textRatio: 1 },
  { width: 320, height: 568, textRatio: 1 },
  { ...NARROW, textRatio: 2 },
] as const;

function expectAllFits(width: number): void {
  expect(document.querySelector(".place")?.scrollWidth).toBeLessThanOrEqual(width);
  for (const dialog of document.querySelectorAll("dialog")) expect(dialog.scrollWidth).toBeLessThanOrEqual(dialog.clientWidth);
  const boxes = Array.from(document.querySelectorAll("button, summary, input, h1:not(.visually-hidden), .code-letters"), (node) => {
    const target = node instanceof HTMLInputElement && node.type === "radio" ? (node.closest("label") ?? node) : node;
    const { width: across, height, left, right } = target.getBoundingClientRect();
    const isCut = node instanceof HTMLButtonElement && node.scrollWidth > node.clientWidth;
    const isLow = height < TARGET_PX && node.matches("button, summary, input");
    return { name: node.getAttribute("aria-label") ?? node.textContent, across, height, left, right, isCut, isLow };
  }).filter(({ across }) => across > 0);
  expect(boxes.length).toBeGreaterThan(0);
  expect(boxes.filter(({ isCut, isLow, left, right }) => isCut || isLow || left < 0 || right > width)).toEqual([]);
}

describe("[SC33] on a phone, a small phone, and with letters of twice the size", () => {
  test.each(Object.entries(screens))("%s: nothing sticks out, and everything can be pressed", async (_, open) => {
    await page.viewport(NARROW.width, NARROW.height);
    await open();
    for (const { width, height, textRatio } of SIZES) {
      await page.viewport(width, height);
      document.documentElement.style.fontSize = `${textRatio * 100}%`;
      // Scroll bars come and go with the next picture.
      await new Promise(requestAnimationFrame);
      expectAllFits(width);
    }
    document.documentElement.style.fontSize = "";
    for (const field of document.querySelectorAll("input[type=text]")) {
      expect(Number.parseFloat(getComputedStyle(field).fontSize)).toBeGreaterThanOrEqual(16);
    }
  });
});

test("[SC108] held sideways, a phone shows code, players and buttons of the room at once", async () => {
  await page.viewport(740, 360);
  const app = await fullRoom();
  for (const { peerId: hostId } of app.lobby().state.members) {
    app.lobby().set({ hostId });
    for (const [width, height] of [
      [640, 360],
      [740, 360],
      [896, 414],
    ] as const) {
      await page.viewport(width, height);
      await new Promise(requestAnimationFrame);
      const bar = document.querySelector(".actions")?.getBoundingClientRect();
      expect(bar?.bottom).toBeLessThanOrEqual(height);
      for (const part of [".code-letters", ".seat"]) {
        expect(document.querySelector(part)?.getBoundingClientRect().bottom, `${part} at ${width}`).toBeLessThanOrEqual(bar?.top ?? 0);
      }
      expectAllFits(width);
    }
  }
  document.documentElement.style.fontSize = "200%";
  await page.viewport(740, 360);
  await new Promise(requestAnimationFrame);
  expectAllFits(740);
});

test("[SC33] what a host can do in the room stands in one line, on a small phone, too", async () => {
  await page.viewport(320, 568);
  await fullRoom();
  const tops = ["Leave", "Add a player", "Ready", "Start"].map(
    (name) => page.getByRole("button", { name }).element().getBoundingClientRect().top,
  );
  expect(new Set(tops).size).toBe(1);
});

/** What the arena shows over a match of seven, beside the page's own buttons. */
async function openHud(): Promise<void> {
  const app = await fullRoom();
  const { seats } = app.lobby().begin({ countdownMs: 0 });
  const players = seats.map(({ profile }) => ({ profile, bot: true }));
  const match = startLocalMatch({ game: rubberband, seed: 1, players, settings: { rounds: 5 } });
  const hud = new Hud();
  hud.show(
    seats.map(({ profile }, look) => ({ name: profile.name, look, isLocal: look === 6 })),
    5,
  );
  hud.update(match.view().state);
  match.stop();
  const arena = element("div", { class: "arena" }, hud.root);
  document.querySelector(".stage")?.append(arena);
}

test("[SC107] over a match time, buttons and players keep clear of each other, on phones held either way and on a desk", async () => {
  await openHud();
  for (const [width, height] of [
    [320, 568],
    [360, 740],
    [414, 896],
    [480, 900],
    [568, 320],
    [740, 360],
    [896, 414],
    [1280, 720],
  ] as const) {
    await page.viewport(width, height);
    // What follows the size of the window does so a moment later.
    await expect.poll(touchingBoxes).toEqual([]);
  }
});

function touchingBoxes(): string[] {
  const boxes = Array.from(document.querySelectorAll(".arena-timer, .hud, .arena-row"), (node) => ({
    name: node.className,
    box: node.getBoundingClientRect(),
  }));
  expect(boxes).toHaveLength(10);
  return boxes.flatMap(({ name, box }, index) =>
    boxes.slice(index + 1).flatMap((other) => (isTouching(box, other.box) ? [`${name} and ${other.name} at ${innerWidth}`] : [])),
  );
}

function isTouching(one: DOMRect, other: DOMRect): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

test("[SC33] from the title to the match by keyboard alone", async () => {
  const opened = await openApp("/?name=Ada");
  const press = async (name: string): Promise<void> => {
    for (let step = 0; step < 40; step++) {
      if (document.activeElement?.textContent === name) break;
      await userEvent.keyboard("{Tab}");
    }
    expect(document.activeElement?.textContent).toBe(name);
    await userEvent.keyboard("{Enter}");
  };
  await press("Host a game");
  await expect.element(page.getByTestId("lobby-code")).toHaveTextContent("KXRTM");
  await press("Ready");
  await press("Start");
  await expect.element(page.getByTestId("countdown")).toBeVisible();
  expect(opened.lobby().calls).toEqual(["ready true", "start 6"]);
});
