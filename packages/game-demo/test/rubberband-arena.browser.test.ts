import { startLocalMatch } from "@rollcall/netcode";
import { afterEach, expect, test, vi } from "vitest";
import { Controls } from "../src/input/controls.ts";
import { stickDirection } from "../src/input/stick.ts";
import { PHASE, botName, rubberband } from "../src/sim/index.ts";
import type { Arena, RubberbandMatch } from "../src/view/arena.ts";
import { createArena } from "../src/view/arena.ts";

const parent = document.createElement("div");
parent.style.cssText = "position: fixed; left: 0; top: 0; width: 400px; height: 300px";
let arena: Arena | undefined;
let match: RubberbandMatch | undefined;

afterEach(() => {
  arena?.dispose();
  match?.stop();
  parent.remove();
});

function open(people: number): { readonly arena: Arena; readonly match: RubberbandMatch } {
  document.body.append(parent);
  const players = Array.from({ length: 4 }, (_, index) => ({
    profile: { name: botName(index), colour: index, choices: null },
    bot: index >= people,
  }));
  match = startLocalMatch({ game: rubberband, seed: 1, players, settings: { rounds: 1 } });
  arena = createArena({ parent, fx: "off", reducedMotion: false });
  arena.play(match);
  return { arena, match };
}

function canvas(): HTMLCanvasElement {
  return parent.querySelector("canvas")!;
}

/** Different colours in the middle of the picture. */
function coloursDrawn(): number {
  const { width, height } = canvas();
  const pixels = canvas()
    .getContext("2d")!
    .getImageData(width / 4, height / 4, width / 2, height / 2).data;
  const colours = new Set<number>();
  for (let index = 0; index < pixels.length; index += 4)
    colours.add(((pixels[index] ?? 0) << 16) | ((pixels[index + 1] ?? 0) << 8) | (pixels[index + 2] ?? 0));
  return colours.size;
}

test("[RU34] the arena draws the running match into its parent, follows its size, and leaves nothing behind", async () => {
  const { arena } = open(0);
  await expect.poll(() => parent.querySelector("canvas"), { timeout: 20_000 }).not.toBeNull();
  await expect.poll(coloursDrawn, { timeout: 20_000 }).toBeGreaterThan(200);
  parent.style.width = "520px";
  await expect.poll(() => canvas().width / canvas().height, { timeout: 5_000 }).toBeCloseTo(520 / 300, 1);
  arena.dispose();
  expect(parent.childElementCount).toBe(0);
});

test("[RU35] keys steer the player of this page, and a tap on the snap key counts", async () => {
  const { match } = open(1);
  await expect.poll(() => match.view().state.match.phase, { timeout: 20_000 }).toBe(PHASE.play);
  const disc = match.view().state.discs[0]!;
  window.dispatchEvent(new KeyboardEvent("keydown", { code: "ArrowUp", cancelable: true }));
  await expect.poll(() => disc.vy, { timeout: 5_000 }).toBeLessThan(-200);
  const tap = { code: "Space", cancelable: true, bubbles: true };
  window.dispatchEvent(new KeyboardEvent("keydown", tap));
  window.dispatchEvent(new KeyboardEvent("keyup", tap));
  await expect.poll(() => disc.cooldown, { timeout: 5_000 }).toBeGreaterThan(0);
});

test("[RU35] two players of one page have keys, or gamepads, of their own", () => {
  const controls = new Controls(() => {});
  const getGamepads = vi.spyOn(navigator, "getGamepads").mockReturnValue([]);
  try {
    controls.setPlayers([1, 3]);
    for (const code of ["KeyA", "ArrowRight", "Enter"]) window.dispatchEvent(new KeyboardEvent("keydown", { code, cancelable: true }));
    const right = { direction: stickDirection({ x: 1, y: 0 }), move: true };
    const left = { direction: stickDirection({ x: -1, y: 0 }), move: true };
    expect([1, 3, 0].map((player) => controls.readInput(player))).toEqual([
      { ...left, snap: false },
      { ...right, snap: true },
      { direction: 0, move: false, snap: false },
    ]);
    for (const code of ["KeyA", "ArrowRight", "Enter"]) window.dispatchEvent(new KeyboardEvent("keyup", { code }));
    const pad = (x: number, pressed: boolean): Gamepad =>
      Object.assign(Object.create(null), { connected: true, axes: [x, 0], buttons: [{ pressed }] });
    getGamepads.mockReturnValue([null, pad(1, true), pad(-1, false)]);
    expect([1, 3].map((player) => controls.readInput(player))).toEqual([
      { ...right, snap: true },
      { ...left, snap: false },
    ]);
    // In a frame without permission.
    getGamepads.mockImplementation(() => {
      throw new DOMException("Disallowed by permissions policy", "SecurityError");
    });
    expect(controls.readInput(1)).toMatchObject({ move: false, snap: false });
  } finally {
    getGamepads.mockRestore();
    controls.dispose();
  }
});

test.each([
  [1, /WASD or arrows.*Space/],
  [2, /WASD and Space.*arrows and Enter/],
])("[RU38] %i at one keyboard are told their keys", async (people, keys) => {
  open(people);
  const hint = (): Element => parent.querySelector(".arena-hint")!;
  await expect.poll(() => hint().textContent, { timeout: 20_000 }).toMatch(keys);
  expect(hint().hasAttribute("hidden")).toBe(false);
});

test("[RU36] game keys do not scroll the page, and keys in a text field are not the game's", async () => {
  const { match } = open(1);
  await expect.poll(() => match.view().state.match.phase, { timeout: 20_000 }).toBe(PHASE.play);
  const field = document.createElement("input");
  parent.append(field);
  const typed = new KeyboardEvent("keydown", { code: "ArrowDown", cancelable: true, bubbles: true });
  field.dispatchEvent(typed);
  expect(typed.defaultPrevented).toBe(false);
  const played = new KeyboardEvent("keydown", { code: "ArrowDown", cancelable: true, bubbles: true });
  document.body.dispatchEvent(played);
  expect(played.defaultPrevented).toBe(true);
});

test("[RU37] muting is remembered on this device", () => {
  const { arena } = open(0);
  arena.setMuted(true);
  expect(arena.muted).toBe(true);
  arena.dispose();
  const next = createArena({ parent, fx: "off", reducedMotion: true });
  expect(next.muted).toBe(true);
  next.setMuted(false);
  next.dispose();
});
