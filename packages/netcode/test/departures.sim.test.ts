import { expect, test } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import * as LINK_TIMES from "../src/core/link/link-times.ts";
import { Absences } from "../src/core/lobby/absences.ts";
import { LinkWorld } from "./link-world.ts";

/** `pnpm test:deep` runs 10⁶ seconds of peers, the others a fiftieth. */
const SECONDS = IS_DEEP ? 1_000_000 : 20_000;
/** Seconds of one world of two peers. */
const WORLD_SECONDS = 1_000;

test("[DE15] at 20 % loss and delays that vary by 200 ms nobody is suspect, and nobody is told as gone", { timeout: 3_600_000 }, () => {
  const alarms: string[] = [];
  let lost = 0;
  for (let seed = 1; seed <= SECONDS / (2 * WORLD_SECONDS); seed++) {
    // Mean extra delay 50 ms, at most 200.
    const world = new LinkWorld({ seed, conditions: { delayMs: 40, jitterMs: 50, lossRatio: 0.2 } });
    const [ada, bob] = [world.join("ada"), world.join("bob")];
    world.link(ada, bob);
    expect(world.runUntil(() => ada.mesh.status(bob.id) === "open" && bob.mesh.status(ada.id) === "open", 16_000)).toBe(true);
    const absences = new Absences();
    absences.handleJoined(world.nowMs, bob.id, true);
    const from = ada.events.length;
    world.run(WORLD_SECONDS * 1_000);
    for (const { atMs, event } of ada.events.slice(from)) {
      if (event.type === "link-suspect") absences.handleSilent(atMs, bob.id, atMs - LINK_TIMES.suspectMs);
      alarms.push(`seed ${seed}: ${event.type} at ${atMs}`);
    }
    for (const { atMs, event } of bob.events.slice(from)) alarms.push(`seed ${seed}: ${event.type} at ${atMs}`);
    absences.handleTimeout(world.nowMs);
    expect(absences.pollEvent()).toBeUndefined();
    lost += world.network.figures().lostAtRandom;
  }
  console.log(`DEEP departures: ${SECONDS} peer-seconds, ${lost} packets lost, ${alarms.length} alarms`);
  // 20 pings a second.
  expect(lost).toBeGreaterThan(SECONDS * 20 * 0.15);
  expect(alarms).toEqual([]);
});
