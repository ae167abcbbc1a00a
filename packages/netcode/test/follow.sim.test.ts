import { describe, expect, it } from "vitest";
import { FollowWorld } from "./follow-world.ts";
import { testPeerId } from "./test-match.ts";

describe("watching", () => {
  it("[FO1] a watcher gets a state, then every frame as it settles", () => {
    const world = new FollowWorld({ seats: [0, 1], endFrame: 900 });
    world.run(3000);
    world.addWatcher("watcher-0");
    world.run(1000);
    expect(world.watcher("watcher-0").newestFrame).toBeGreaterThan(200);
    world.run(15_000);
    const { checksums } = world.peer("watcher-0");
    expect(checksums.get(900)).toBe(world.peer("peer-0").checksums.get(900));
    expect(checksums.size).toBeGreaterThan(700);
    expect(world.eventsOf("watcher-0", "ended")).toEqual(world.eventsOf("peer-0", "ended"));
  });

  it("[FO2] a tree of three levels sees the same match, over paths that lose and repeat", () => {
    const world = new FollowWorld({ seats: [0, 1, 2], endFrame: 1200, conditions: { lossRatio: 0.1, duplicateRatio: 0.05, jitterMs: 20 } });
    world.run(1000);
    world.addWatcher("watcher-0", { feeders: [testPeerId("peer-1")] });
    world.run(1500);
    for (const name of ["watcher-1", "watcher-2"]) world.addWatcher(name, { feeders: [testPeerId("watcher-0")] });
    world.run(1500);
    for (const [index, name] of ["watcher-3", "watcher-4", "watcher-5"].entries())
      world.addWatcher(name, { feeders: [testPeerId(`watcher-${1 + (index % 2)}`)] });
    world.run(25_000);
    const final = world.peer("peer-0").checksums.get(1200);
    expect(final).toBeDefined();
    for (let index = 0; index < 6; index++) {
      expect(world.peer(`watcher-${index}`).checksums.get(1200), `watcher-${index}`).toBe(final);
      expect(world.eventsOf(`watcher-${index}`, "desync")).toEqual([]);
    }
    expect(world.network.figures().lostAtRandom).toBeGreaterThan(500);
  });
});

describe("coming back", () => {
  it("[FO3] who was cut off for 10 s is back in its seat, and nobody else stalls after the drop", () => {
    const world = new FollowWorld({ seats: [0, 1, 2, 3] });
    world.run(3000);
    world.cut("peer-3", 10_000);
    world.run(10_000);
    const dropped = world.eventsOf("peer-0", "seat-to-bot");
    expect(dropped).toHaveLength(1);
    const healedMs = world.nowMs;
    const backMs = world.runUntil(() => world.match("peer-3").role === "player" && world.eventsOf("peer-0", "seat-to-player").length === 1, 6000);
    world.run(5000);
    console.info("back after", backMs);
    for (const name of ["peer-0", "peer-1", "peer-2"]) {
      const at = world.peer(name).events.findIndex(({ type }) => type === "seat-to-bot");
      expect(world.stallsSince(name, (world.peer(name).eventMs[at] ?? 0) + 100), name).toBe(0);
    }
    expect(healedMs).toBeGreaterThan(0);
    expect(world.eventsOf("peer-1", "seat-to-player")).toHaveLength(1);
    expect(world.match("peer-3").role).toBe("player");
    const newest = world.peer("peer-0").session.stats().confirmedFrame - 30;
    expect(world.peer("peer-3").checksums.get(newest)).toBe(world.peer("peer-0").checksums.get(newest));
  });
});
