import { afterEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { Stage } from "../../src/screens/stage.ts";
import "../../src/styles/main.css";
import type { Arena, ArenaOptions } from "../../src/view/arena.ts";
import { FakeMatch } from "./fake-match.ts";

let stage: Stage | undefined;

afterEach(() => stage?.root.remove());

function openStage(loadArena: () => Promise<(options: ArenaOptions) => Arena>): Stage {
  stage = new Stage({ startLocal: () => new FakeMatch([], [], 0), loadArena, fx: "off", reducedMotion: true, pick: () => 0 });
  document.body.append(stage.root);
  return stage;
}

test("[SC97] a match that begins before the arena is there says that it is on its way, the title does not", async () => {
  const stage = openStage(() => new Promise(() => {}));
  void stage.open();
  stage.playBackdrop();
  await expect.element(page.getByText("Loading the arena…")).not.toBeVisible();
  stage.play(new FakeMatch([], [], 0));
  await expect.element(page.getByText("Loading the arena…")).toBeVisible();
});

test("[SC97] an arena that cannot be loaded is no error of the page, and a match says what to do", async () => {
  const stage = openStage(() => Promise.reject(new TypeError("Failed to fetch dynamically imported module")));
  await stage.open();
  stage.play(new FakeMatch([], [], 0));
  await expect.element(page.getByText(/could not be loaded. Reload the page/)).toBeVisible();
});
