import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../src/core/base/bytes.ts";
import { FEED_BUFFER_BYTES, FEED_ROWS_BYTES_MAX, FeedHeader, readFeed, writeFeed } from "../src/core/rollback/feed-datagram.ts";
import * as ROLLBACK_KIND from "../src/core/wire/rollback-kind.ts";
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
      expect(world.peer(`watcher-${index}`).checksums.get(1200)).toBe(final);
      expect(world.eventsOf(`watcher-${index}`, "desync")).toEqual([]);
    }
    expect(world.network.figures().lostAtRandom).toBeGreaterThan(500);
  });
});

describe("coming back", () => {
  it("[FO3] who was cut off for 10 s is back in its seat; the others stall once, until the drop, and then no more", () => {
    const world = new FollowWorld({ seats: [0, 1, 2, 3] });
    world.run(3000);
    const cutMs = world.nowMs;
    world.cut("peer-3", 10_000);
    world.run(10_000);
    const dropped = world.eventsOf("peer-0", "seat-to-bot");
    expect(dropped).toHaveLength(1);
    world.runUntil(() => world.match("peer-3").role === "player" && world.eventsOf("peer-0", "seat-to-player").length === 1, 6000);
    world.run(5000);
    for (const name of ["peer-0", "peer-1", "peer-2"]) {
      const { events, eventMs, stallMs } = world.peer(name);
      const droppedMs = eventMs[events.findIndex(({ type }) => type === "seat-to-bot")] ?? 0;
      const [firstMs = 0, lastMs = 0] = [stallMs[0], stallMs.at(-1)];
      // They stall once, from when the window is full until the drop, which takes a round trip of 80 to 100 ms after its 2.5 s.
      expect(stallMs.every((atMs, index) => index === 0 || atMs - (stallMs[index - 1] ?? 0) < 20)).toBe(true);
      expect(firstMs).toBeGreaterThan(cutMs + 100);
      expect(lastMs).toBeLessThanOrEqual(droppedMs);
      expect(lastMs - firstMs).toBeLessThan(2500 + 120 - 8 * (1000 / 60));
      expect(droppedMs).toBeLessThan(cutMs + 2800);
    }
    expect(world.eventsOf("peer-1", "seat-to-player")).toHaveLength(1);
    expect(world.match("peer-3").role).toBe("player");
    const newest = world.peer("peer-0").session.stats().confirmedFrame - 30;
    expect(world.peer("peer-3").checksums.get(newest)).toBe(world.peer("peer-0").checksums.get(newest));
  });

  it("[FO3] who comes back over a long path is level with the others before its first input is needed", () => {
    const world = new FollowWorld({ seats: [0, 1, 2, -1], seed: 12, conditions: { delayMs: 94, jitterMs: 12 } });
    world.run(2500);
    world.freeze("peer-0", 10_000);
    world.run(10_000);
    const wokenMs = world.nowMs;
    world.runUntil(() => world.match("peer-0").role === "player");
    world.run(500);
    const [back, other] = [world.peer("peer-0"), world.peer("peer-1")].map(({ session }) => session.stats().frame);
    expect(Math.abs((back ?? 0) - (other ?? 0))).toBeLessThanOrEqual(2);
    world.run(3000);
    for (const name of ["peer-1", "peer-2"]) expect(world.stallsSince(name, wokenMs)).toBe(0);
    expect(world.match("peer-0").role).toBe("player");
  });

  it("[FO4] who stood still for a minute sees the present within 1 s, plays again, and cost nobody a frame after the drop", () => {
    const world = new FollowWorld({ seats: [0, 1, 2] });
    world.run(3000);
    world.freeze("peer-2", 60_000);
    world.run(60_000);
    const wokenMs = world.nowMs;
    const seenMs = world.runUntil(
      () => world.peer("peer-2").session.stats().frame > world.peer("peer-0").session.stats().confirmedFrame - 12,
    );
    const backMs =
      seenMs + world.runUntil(() => world.match("peer-2").role === "player" && world.eventsOf("peer-0", "seat-to-player").length === 1);
    world.run(3000);
    expect(seenMs).toBeLessThan(1000);
    expect(backMs).toBeLessThan(1500);
    expect(world.peer("peer-2").framesMax).toBeLessThanOrEqual(4);
    for (const name of ["peer-0", "peer-1"]) expect(world.stallsSince(name, wokenMs - 55_000)).toBe(0);
    expect(world.match("peer-2").role).toBe("player");
  });

  it("[FO22] who is told in the middle of a frame that the others went on without it follows and plays again", () => {
    const world = new FollowWorld({ seats: [0, 1, 2] });
    world.run(1000);
    const peer = world.peer("peer-2");
    const session = world.match("peer-2");
    world.cut("peer-2", 4000);
    world.runUntil(() => world.eventsOf("peer-0", "seat-to-bot").length > 0, 6000);
    // Its events are looked at with its frames only.
    const [advance, take, poll] = [session.advanceFrame.bind(session), session.handlePacket.bind(session), session.pollEvent.bind(session)];
    let isPolled = false;
    session.handlePacket = (...packet) => {
      isPolled = false;
      take(...packet);
    };
    session.pollEvent = () => (isPolled ? poll() : undefined);
    const outcomes: string[] = [];
    let isToldByFrame = false;
    session.advanceFrame = (...call) => {
      const { role } = session;
      const result = advance(...call);
      isPolled = true;
      if (role === "player" && session.role === "returning") isToldByFrame = true;
      outcomes.push(result.outcome);
      return result;
    };
    world.runUntil(() => world.eventsOf("peer-2", "role").length === 2, 12_000);
    expect([isToldByFrame, session.role, peer.outcome]).toEqual([true, "player", "advanced"]);
    expect(outcomes).not.toContain("over");
    expect(world.eventsOf("peer-2", "desync")).toEqual([]);
  });

  it("[FO5] who comes late gets a bot's seat, and nobody stalls", () => {
    const world = new FollowWorld({ seats: [0, 1, -1] });
    world.run(3000);
    const joinedMs = world.nowMs;
    world.addPlayer("late-9", { role: "return", playerIndexes: [2] });
    // Not its own seat before: the game is asked.
    world.runUntil(() => world.eventsOf("peer-0", "seat-request").length > 0);
    expect(world.match("peer-0").admit(testPeerId("late-9"), [2])).toBe(true);
    world.runUntil(() => world.match("late-9").role === "player");
    world.run(3000);
    expect(world.eventsOf("peer-1", "seat-to-player")).toHaveLength(1);
    for (const name of ["peer-0", "peer-1"]) expect(world.stallsSince(name, joinedMs)).toBe(0);
    const inputs = [...world.peer("peer-0").simulation.inputs.values()].slice(-60).map((row) => row[2]);
    expect(new Set(inputs).size).toBeGreaterThan(1);
    expect(world.comparedFrames).toBeGreaterThan(500);
  });

  it("[FO6] two come late at once, over a lossy path", () => {
    const world = new FollowWorld({ seats: [0, 1, -1, -1], conditions: { lossRatio: 0.05, jitterMs: 10 } });
    world.run(3000);
    const joinedMs = world.nowMs;
    const mayTakeSeats = (): boolean => true;
    // The members were made before: they ask the game, which says yes.
    world.addPlayer("late-8", { role: "return", playerIndexes: [2], mayTakeSeats });
    world.addPlayer("late-9", { role: "return", playerIndexes: [3], mayTakeSeats });
    world.runUntil(() => {
      for (const event of world.peer("peer-0").events.splice(0))
        if (event.type === "seat-request") world.match("peer-0").admit(event.peerId, event.playerIndexes);
      return world.match("late-8").role === "player" && world.match("late-9").role === "player";
    });
    world.run(4000);
    for (const name of ["peer-0", "peer-1"]) expect(world.stallsSince(name, joinedMs)).toBe(0);
    expect(world.eventsOf("peer-1", "seat-to-player")).toHaveLength(2);
    expect(world.match("late-8").role).toBe("player");
    expect(world.match("late-9").role).toBe("player");
    const newest = world.peer("peer-0").session.stats().confirmedFrame - 30;
    for (const name of ["peer-1", "late-8", "late-9"])
      expect(world.peer(name).checksums.get(newest)).toBe(world.peer("peer-0").checksums.get(newest));
  });

  it("[FO7] who dies between the entry that seats it and its first frame is dropped like anybody", () => {
    const world = new FollowWorld({ seats: [0, 1, -1] });
    world.run(2000);
    world.addPlayer("late-9", { role: "return", playerIndexes: [2] });
    world.runUntil(() => world.eventsOf("peer-0", "seat-request").length > 0);
    world.match("peer-0").admit(testPeerId("late-9"), [2]);
    world.runUntil(() => world.eventsOf("peer-1", "seat-to-player").length > 0);
    world.kill("late-9");
    world.run(12_000);
    for (const name of ["peer-0", "peer-1"]) {
      expect(world.eventsOf(name, "seat-to-bot")).toHaveLength(1);
      expect(world.peer(name).session.stats().confirmedFrame).toBeGreaterThan(500);
    }
  });

  it("[FO8] a player whose feeder dies while it comes back follows another", () => {
    const world = new FollowWorld({ seats: [0, 1, 2, 3] });
    world.run(2000);
    world.freeze("peer-3", 6000);
    world.run(6000);
    world.runUntil(() => world.match("peer-3").role === "returning", 3000);
    world.kill("peer-0");
    world.run(12_000);
    expect(world.match("peer-3").role).toBe("player");
    expect(world.eventsOf("peer-1", "seat-to-player")).toHaveLength(1);
  });
});

describe("feeders", () => {
  it("[FO9] a watcher whose feeder dies follows another, without a gap", () => {
    const world = new FollowWorld({ seats: [0, 1, 2], endFrame: 900 });
    world.run(1000);
    world.addWatcher("watcher-0", { feeders: [testPeerId("peer-2"), testPeerId("peer-1")] });
    world.run(2000);
    expect(world.watcher("watcher-0").feeder).toBe(testPeerId("peer-2"));
    world.kill("peer-2");
    world.run(20_000);
    expect(world.watcher("watcher-0").feeder).toBe(testPeerId("peer-1"));
    expect(world.peer("watcher-0").checksums.get(900)).toBe(world.peer("peer-0").checksums.get(900));
    const frames = [...world.peer("watcher-0").checksums.keys()].toSorted((left, right) => left - right);
    expect(frames.length - 1).toBe((frames.at(-1) ?? 0) - (frames[0] ?? 0));
  });

  it.each([
    { dying: ["peer-2"], isTold: true },
    { dying: ["peer-1", "peer-2"], isTold: false },
  ])("[FO24] who dies just before the end keeps it from no follower, unless too few have it: $dying", ({ dying, isTold }) => {
    const world = new FollowWorld({ seats: [0, 1, 2], endFrame: 200 });
    world.run(1000);
    world.addWatcher("watcher-0");
    world.runUntil(() => world.match("peer-2").frame >= 196);
    // Their last inputs arrive; that they have those of the others they never say.
    const others = [...world.peers.values()].map(({ id }) => id);
    for (const name of dying) {
      const { id } = world.peer(name);
      world.network.cut(
        others.filter((other) => other !== id),
        [id],
      );
    }
    world.run(400);
    for (const name of dying) {
      expect(world.match(name).confirmedFrame).toBeLessThan(200);
      world.kill(name);
    }
    world.run(20_000);
    const ended = world.eventsOf("peer-0", "ended");
    expect(ended).toMatchObject([{ frame: 200 }]);
    expect(world.eventsOf("peer-0", "seat-to-bot")).toEqual([]);
    expect(world.eventsOf("watcher-0", "ended")).toEqual(isTold ? ended : []);
    expect(world.watcher("watcher-0").newestFrame).toBeGreaterThan(150);
  });

  it("[FO10] who asks a feeder that is full is sent to those that it feeds", () => {
    const world = new FollowWorld({ seats: [0], endFrame: 1200 });
    world.run(1000);
    for (let index = 0; index < 12; index++) world.addWatcher(`watcher-${index}`);
    world.run(30_000);
    const feeders = Array.from({ length: 12 }, (_, index) => world.watcher(`watcher-${index}`).feeder);
    expect(feeders.filter((feeder) => feeder === testPeerId("peer-0"))).toHaveLength(6);
    for (let index = 0; index < 12; index++)
      expect(world.peer(`watcher-${index}`).checksums.get(1200)).toBe(world.peer("peer-0").checksums.get(1200));
  });

  it("[FO11] a feeder that lies is found by its checksum, and another one asked", () => {
    const header = new FeedHeader();
    const rows = new Uint8Array(FEED_ROWS_BYTES_MAX);
    const layout = { playerCount: 3, inputBytes: 1 };
    let lies = 0;
    // From some frame on it passes on another input of the first player.
    const tamper = (name: string, bytes: Uint8Array): Uint8Array => {
      if (name !== "liar-0" || bytes[0] !== ROLLBACK_KIND.feed) return bytes;
      expect(readFeed(new ByteReader(bytes.subarray(2)), header, rows, layout)).toBe(true);
      for (let row = 0; row < header.rowCount; row++) {
        if (header.firstFrame + row < 200) continue;
        rows[row * 3] = (rows[row * 3] ?? 0) ^ 1;
        lies++;
      }
      const writer = new ByteWriter(new Uint8Array(FEED_BUFFER_BYTES));
      writeFeed(writer, bytes[1] ?? 0, header, rows, layout);
      return writer.written();
    };
    const world = new FollowWorld({ seats: [0, 1, 2], endFrame: 900, tamper });
    world.run(500);
    world.addWatcher("liar-0", { feeders: [testPeerId("peer-0")] });
    world.run(1000);
    const watching = { feeders: [testPeerId("liar-0"), testPeerId("peer-1")] };
    world.addWatcher("watcher-0", watching);
    // What it is told wrong, it shows for up to half a second.
    world.disputed.add("watcher-0");
    world.run(25_000);
    expect(world.checksum(900)).toBeDefined();
    expect(lies).toBeGreaterThan(0);
    world.run(25_000);
    expect(world.eventsOf("watcher-0", "desync").length).toBeGreaterThan(0);
    expect(world.watcher("watcher-0").feeder).toBe(testPeerId("peer-1"));
    expect(world.peer("watcher-0").checksums.get(900)).toBe(world.peer("peer-0").checksums.get(900));
  });
});

describe("watching at one's own pace", () => {
  it("[FO12] a delay shows the match so much later; a pause is for the watcher alone and is caught up at four frames a call", () => {
    const world = new FollowWorld({ seats: [0, 1] });
    world.run(1000);
    world.addWatcher("watcher-0", { delayFrames: 120 });
    world.run(6000);
    const watcher = world.watcher("watcher-0");
    expect(watcher.newestFrame - watcher.frame).toBeGreaterThan(110);
    expect(watcher.newestFrame - watcher.frame).toBeLessThan(135);
    watcher.pause();
    const { frame } = watcher;
    world.run(4000);
    expect(watcher.frame).toBe(frame);
    expect(world.stallsSince("peer-0", world.nowMs - 4000)).toBe(0);
    watcher.resume();
    watcher.setDelay(0);
    world.runUntil(() => watcher.newestFrame - watcher.frame < 10, 5000);
    expect(world.peer("watcher-0").framesMax).toBe(4);
  });

  it("[FO13] a pause longer than what is remembered ends in the present", () => {
    const world = new FollowWorld({ seats: [0] });
    world.run(1000);
    world.addWatcher("watcher-0");
    world.run(2000);
    const watcher = world.watcher("watcher-0");
    watcher.pause();
    world.run(90_000);
    watcher.resume();
    world.runUntil(() => world.peer("peer-0").session.stats().confirmedFrame - watcher.frame < 30, 8000);
    expect(world.eventsOf("watcher-0", "desync")).toEqual([]);
  });

  it("[FO14] what was seen can be seen again, and nothing is told twice", () => {
    const world = new FollowWorld({ seats: [0, 1] });
    world.run(500);
    world.addWatcher("watcher-0");
    world.run(8000);
    const watcher = world.watcher("watcher-0");
    const oldest = watcher.oldestFrame;
    expect(watcher.newestFrame - oldest).toBeGreaterThan(400);
    expect(watcher.seek(oldest - 1)).toBe(false);
    const told = world.peer("watcher-0").events.length;
    for (const frame of [oldest, oldest + 100, watcher.newestFrame - 3, oldest + 1]) {
      expect(watcher.seek(frame)).toBe(true);
      expect(watcher.frame).toBe(frame);
      expect(world.peer("watcher-0").simulation.checksum()).toBe(world.checksum(frame - 1));
    }
    world.run(1000);
    const games = world.eventsOf("watcher-0", "game").map((event) => (event.type === "game" ? event.id : ""));
    expect(new Set(games).size).toBe(games.length);
    expect(world.peer("watcher-0").events.length - told).toBeLessThan(games.length);
    watcher.setDelay(0);
    world.runUntil(() => watcher.newestFrame - watcher.frame < 10, 8000);
  });
});
