import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { LinkWorld, TAG } from "./link-world.ts";
import { RelayWorld } from "./relay-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SCALE = IS_DEEP ? 10 : 1;

const SEEDS = Array.from({ length: 10 * SCALE }, (_, seed) => seed);

describe("a pair without a connection", () => {
  it("[LK70] is open over another member within 2 s of its first attempt, and says so at both ends", () => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(4, { seed, conditions: LINK_PROFILES.wifi }, ["ab", "ba"]);
      expect(
        world.runUntil(() => world.isAllOpen(), 2_000),
        `seed ${seed}`,
      ).toBe(true);
      world.run(20_000);
      for (const way of ["ab", "ba"]) {
        const { path, via, rttMs } = world.stats(way);
        expect([path, via === "c" || via === "d"], `seed ${seed}`).toEqual(["peer", true]);
        // Two pairs of hops of 5 ms and 2 ms of jitter.
        expect(rttMs).toBeGreaterThan(20);
        expect(rttMs).toBeLessThan(45);
      }
      expect(world.suspects(), `seed ${seed}`).toEqual([]);
      // The own connection is tried all the while, and seldom.
      expect(world.peer("b").dials).toBeLessThanOrEqual(4);
    }
  });

  it.each(["ab", "ba"])("[LK70] is open when one direction only is dead from the start (%s)", (way) => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(3, { seed, conditions: LINK_PROFILES.wifi }, [way]).open();
      world.run(5_000);
      expect([world.isRelayed("ab"), world.isRelayed("ba")], `seed ${seed}`).toEqual([true, true]);
      expect(world.suspects()).toEqual([]);
    }
  });

  it("[LK70] is open where all pairs of a star are dead except the centre's, with eight members", () => {
    const leaves = ["b", "c", "d", "e", "f", "g", "h"];
    const dead = leaves.flatMap((from) => leaves.flatMap((to) => (from === to ? [] : [from + to])));
    for (const seed of SEEDS.slice(0, 3 * SCALE)) {
      const world = new RelayWorld(8, { seed, conditions: LINK_PROFILES.wifi }, dead).open();
      world.run(300);
      const { relayedRatio } = world.play(2_000, "bh");
      expect(relayedRatio, `seed ${seed}`).toBe(1);
      expect([...new Set(dead.map((way) => world.stats(way).via))]).toEqual(["a"]);
      // 42 ways, 120 datagrams each: nothing of it was too much for the centre.
      expect(world.peer("a").mesh.refusals()).toEqual({});
      expect(world.suspects(), `seed ${seed}`).toEqual([]);
    }
  });

  it("[LK71] returns to its own connection once that works, and stays there", () => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(4, { seed, conditions: LINK_PROFILES.wifi }, ["ab", "ba"]).open();
      world.play(5_000, "ab");
      world.restore("ab");
      world.restore("ba");
      expect(
        world.runUntil(() => !world.isRelayed("ab") && !world.isRelayed("ba"), 25_000),
        `seed ${seed}`,
      ).toBe(true);
      expect(world.play(10_000, "ab")).toEqual({ changes: 0, relayedRatio: 0 });
      expect(world.suspects()).toEqual([]);
    }
  });

  it("[LK200] does not wait for its next try when nobody forwards any more", () => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(3, { seed, conditions: LINK_PROFILES.wifi }, ["ab", "ba"]).open();
      // Its tries are over by now for ten seconds of each 26.
      world.run(40_000 + seed * 2_600);
      expect([world.isRelayed("ab"), world.stats("ab").status], `seed ${seed}`).toEqual([true, "open"]);
      world.restore("ab");
      world.restore("ba");
      world.peer("c").kill();
      const pair = [world.peer("a"), world.peer("b")];
      world.run(1_500);
      expect(
        world.runUntil(() => world.isAllOpen(pair) && !world.isRelayed("ab") && !world.isRelayed("ba"), 2_000),
        `seed ${seed}`,
      ).toBe(true);
    }
  });

  it("[LK72] is told as lost, honestly, when the last member that could forward is gone too", () => {
    const world = new RelayWorld(3, { seed: 1 }, ["ab", "ba"]).open();
    world.run(2_000);
    world.peer("c").kill();
    world.run(30_000);
    for (const [name, other] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      expect(world.peer(name).mesh.status(world.peer(other).id)).toBe("closed");
      const told = world.peer(name).events.flatMap(({ event }) => (event.peerId === other ? [event.type] : []));
      expect(told).toEqual(["link-open", "link-suspect", "link-closed"]);
    }
  });
});

describe("a relayed pair that parts", () => {
  it.each([
    ["a", "b", "c"],
    ["b", "c", "a"],
    ["c", "a", "b"],
  ])("[LK30] a goodbye of %s arrives at %s over the member in the middle (%s), and ends the link at once", (from, to) => {
    const world = new RelayWorld(3, { seed: 1 }, [from + to, to + from]).open();
    world.run(2_000);
    const [leaver, other] = [world.peer(from), world.peer(to)];
    leaver.mesh.sayGoodbye(world.nowMs, "left");
    leaver.drain();
    world.run(100);
    const told = other.events.flatMap(({ event }) => (event.peerId === leaver.id ? [event] : []));
    expect(told.slice(1)).toEqual([
      { type: "peer-goodbye", peerId: from, farewell: "left" },
      { type: "link-closed", peerId: from, reason: "left" },
    ]);
    world.run(20_000);
    expect(other.mesh.status(leaver.id)).toBe("closed");
  });

  it("[LK32] a peer that comes back as another process, and is reached over another member only, is a new link with a new stream", () => {
    const world = new RelayWorld(3, { seed: 1 }, ["ab", "ba"]).open();
    const [a, b, c] = [world.peer("a"), world.peer("b"), world.peer("c")];
    world.run(1_000);
    expect(b.sendReliable(a, Uint8Array.of(0x20, 1))).toBe(true);
    world.run(1_000);
    b.transport.dispose();
    const reborn = world.join("b", TAG, "reborn");
    reborn.add(a, "dialer");
    reborn.add(c, "acceptor");
    c.mesh.handleChannelsClosed(world.nowMs, b.id, "remote");
    c.drain();
    expect(world.runUntil(() => reborn.mesh.status(a.id) === "open" && a.mesh.status(b.id) === "open", 10_000)).toBe(true);
    world.run(2_000);
    expect(reborn.sendReliable(a, Uint8Array.of(0x20, 2))).toBe(true);
    expect(a.sendReliable(reborn, Uint8Array.of(0x20, 3))).toBe(true);
    world.run(2_000);
    expect(a.messages.map(({ bytes }) => bytes[1])).toEqual([1, 2]);
    expect(reborn.messages.map(({ bytes }) => bytes[1])).toEqual([3]);
    const told = a.events.flatMap(({ event }) => (event.peerId === "b" ? [event.type] : []));
    expect(told.filter((type) => type === "link-closed" || type === "link-open")).toEqual(["link-open", "link-closed", "link-open"]);
  });
});

describe("a pair whose connection dies in the middle", () => {
  it.each([[["ab", "ba"]], [["ab"]], [["ba"]]])("[LK73] goes on over another member before anybody is suspect (%s)", (ways) => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(4, { seed, conditions: LINK_PROFILES.wifi }).open();
      world.play(3_000, "ab");
      for (const way of ways) world.cut(way);
      world.play(3_000, "ab");
      for (const way of ways) expect(world.isRelayed(way), `seed ${seed}`).toBe(true);
      world.play(5_000, "ab");
      expect(world.suspects(), `seed ${seed}`).toEqual([]);
    }
  });

  it("[LK73] takes another member when the one that forwards dies", () => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(4, { seed, conditions: LINK_PROFILES.wifi }, ["ab", "ba"]).open();
      world.play(2_000, "ab");
      const dead = world.stats("ab").via ?? "";
      world.peer(dead).kill();
      world.play(2_000, "ab");
      const other = dead === "c" ? "d" : "c";
      expect([world.stats("ab").via, world.stats("ba").via], `seed ${seed}`).toEqual([other, other]);
      expect(world.suspects().filter((told) => !told.includes(`suspect ${dead}`) && !told.startsWith(`${dead}:`))).toEqual([]);
    }
  });

  it("[LK74] loses and doubles no reliable message, and keeps their order, whatever the graph does", () => {
    let relayedSteps = 0;
    for (let seed = 0; seed < 20 * SCALE; seed++) {
      const world = new RelayWorld(4, {
        seed,
        conditions: LINK_PROFILES["wifi-lossy"],
        signaling: { lossRatio: 0.1, jitterMs: 50 },
      }).open();
      const random = world.network.random("graph");
      const cuts = new Set<string>();
      const sent = new Map<string, number>();
      for (let step = 0; step < 120; step++) {
        const from = world.peers[random.integer(4)] ?? world.peer("a");
        const to = world.peers[(world.peers.indexOf(from) + 1 + random.integer(3)) % 4] ?? world.peer("b");
        const way = `${from.id}${to.id}`;
        if (random.chance(0.2)) {
          if (cuts.delete(way)) world.restore(way);
          else {
            world.cut(way);
            cuts.add(way);
          }
        }
        const count = sent.get(way) ?? 0;
        const bytes = new Uint8Array(random.chance(0.1) ? 40_000 : 3);
        bytes.set([0x20, count & 0xff, count >> 8]);
        if (from.sendReliable(to, bytes)) sent.set(way, count + 1);
        if (world.isRelayed(way)) relayedSteps++;
        world.run(random.integer(600));
      }
      for (const way of cuts) world.restore(way);
      expect(
        world.runUntil(() => world.isAllOpen(), 60_000),
        `seed ${seed}`,
      ).toBe(true);
      world.run(5_000);
      // Honest members refuse each other only what came too late or too early, or all at once after an outage.
      const refusals = new Set(world.peers.flatMap((peer) => Object.keys(peer.mesh.refusals())));
      for (const late of [
        "stream-gap",
        "not-open",
        "before-hello",
        "relay-needless",
        "relay-no-way",
        "relay-too-much",
        "stale",
        "negotiation-stale",
      ])
        refusals.delete(late);
      expect([...refusals], `seed ${seed}`).toEqual([]);
      for (const to of world.peers) {
        for (const from of world.peers) {
          const numbers = to.messages.flatMap((message) =>
            message.from === from.id ? [(message.bytes[1] ?? 0) | ((message.bytes[2] ?? 0) << 8)] : [],
          );
          expect(numbers, `seed ${seed}, ${from.id} to ${to.id}`).toEqual(
            Array.from({ length: sent.get(`${from.id}${to.id}`) ?? 0 }, (_, index) => index),
          );
        }
      }
    }
    expect(relayedSteps).toBeGreaterThan(100 * SCALE);
  });
});

describe("a pair with a bad connection", () => {
  it.each([
    ["lossy", { lossRatio: 0.3 }],
    ["slow", { delayMs: 150 }],
  ] as const)(
    "[LK75] is relayed where that is clearly better, and returns when its own connection is good again (%s)",
    (_what, conditions) => {
      for (const seed of SEEDS) {
        const world = new RelayWorld(4, { seed, conditions: { delayMs: 15, jitterMs: 2 } }).open();
        world.play(2_000, "ab");
        const [a, b] = [world.peer("a"), world.peer("b")];
        world.network.changePair(a.id, b.id, conditions);
        const turn = world.play(8_000, "ab");
        expect([turn.changes, world.isRelayed("ab"), world.isRelayed("ba")], `seed ${seed}`).toEqual([1, true, true]);
        const before = b.sessionPackets.length;
        const kept = world.play(10_000, "ab");
        expect(kept, `seed ${seed}`).toEqual({ changes: 0, relayedRatio: 1 });
        // Three peers send to b at 60 Hz, and the way over another member loses nothing.
        expect(b.sessionPackets.length - before).toBeGreaterThan(1_790);
        world.network.changePair(a.id, b.id, { delayMs: 15, lossRatio: 0 });
        expect(world.play(12_000, "ab").changes).toBe(1);
        expect([world.isRelayed("ab"), world.isRelayed("ba")], `seed ${seed}`).toEqual([false, false]);
        expect(world.suspects()).toEqual([]);
      }
    },
  );

  it.each([
    ["a little loss", { lossRatio: 0.05 }],
    ["a little delay", { delayMs: 30 }],
    ["jitter", { jitterMs: 15 }],
  ] as const)("[LK75] keeps its own connection where a relay is not clearly better (%s)", (_what, conditions) => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(4, { seed, conditions: { delayMs: 15, jitterMs: 2 } }).open();
      world.network.changePair(world.peer("a").id, world.peer("b").id, conditions);
      expect(world.play(20_000, "ab"), `seed ${seed}`).toEqual({ changes: 0, relayedRatio: 0 });
    }
  });

  it("[LK76] does not flap: a connection that dies every 5 s is trusted less and less", () => {
    const world = new RelayWorld(4, { seed: 1, conditions: LINK_PROFILES.wifi }).open();
    let changes = 0;
    for (let round = 0; round < 24; round++) {
      world.cut("ab");
      world.cut("ba");
      changes += world.play(1_500, "ab").changes;
      world.restore("ab");
      world.restore("ba");
      changes += world.play(3_500, "ab").changes;
    }
    expect(changes).toBeGreaterThan(0);
    expect(changes).toBeLessThanOrEqual(6);
    expect(world.suspects()).toEqual([]);
  });

  it.each(["goodbye", "remove"] as const)(
    "[LK73] goes back to its own connection at once when the member that forwards leaves before the return is due (%s)",
    (way) => {
      for (const seed of SEEDS) {
        const world = new RelayWorld(3, { seed, conditions: LINK_PROFILES.lan }).open();
        world.run(100);
        for (const cut of ["ab", "ba"]) world.cut(cut);
        world.play(1_500, "ab");
        for (const cut of ["ab", "ba"]) world.restore(cut);
        world.play(1_000, "ab");
        expect([world.stats("ab").via, world.stats("ba").via], `seed ${seed}`).toEqual(["c", "c"]);
        const [a, b, c] = world.peers;
        if (a === undefined || b === undefined || c === undefined) throw new Error("expected: three peers");
        if (way === "goodbye") c.mesh.sayGoodbye(world.nowMs, "left");
        else for (const peer of [a, b]) peer.mesh.removePeer(world.nowMs, c.id);
        for (const peer of world.peers) peer.drain();
        // Less than the next comparison would take, and much less than silence.
        world.run(20);
        expect([world.isRelayed("ab"), world.isRelayed("ba")], `seed ${seed}`).toEqual([false, false]);
      }
    },
  );

  it("[LK222] takes no detour while its own connection, which is open, waits for an answer", () => {
    let answering = 0;
    for (let seed = 0; seed < 100; seed++) {
      const world = new RelayWorld(3, { seed, conditions: { delayMs: 20 + (seed % 25) } }).open();
      world.run(3_000);
      const late = world.join("d");
      const [first, ...others] = world.peers;
      world.link(late, first!);
      // It forwards by now, if anybody asks.
      world.run(3_000);
      for (const peer of others) world.link(late, peer);
      const all = [late, ...world.peers];
      for (let ms = 0; ms < 1_500; ms += 5) {
        world.run(5);
        const isOpen = world.peers.some((peer) => late.mesh.status(peer.id) === "open" && !late.mesh.hasDirect(peer.id));
        if (isOpen) answering++;
        expect(
          all.every((peer) => peer.mesh.stats().every(({ via }) => via === undefined)),
          `seed ${seed}`,
        ).toBe(true);
      }
      // Nor asks anybody for one.
      const forwarded = all.map((peer) => peer.mesh.forwardedPackets);
      expect(forwarded, `seed ${seed}`).toEqual([0, 0, 0, 0]);
    }
    expect(answering).toBeGreaterThan(100);
  });

  it("[LK77] leaves a pair that played alone on its own connection when a third member comes, however long it played", () => {
    for (const seed of SEEDS) {
      const world = new RelayWorld(2, { seed, conditions: LINK_PROFILES.lan }).open();
      world.play(4_000, "ab");
      const third = world.join("c");
      for (const peer of world.peers) world.link(third, peer);
      expect(world.play(6_000, "ab"), `seed ${seed}`).toEqual({ changes: 0, relayedRatio: 0 });
      expect(world.peers.map((peer) => peer.mesh.status(third.id))).toEqual(["open", "open"]);
      expect(third.mesh.forwardedPackets).toBe(0);
    }
  });

  it("[LK77] costs each of four members five pings a second and a report, while a session sends", () => {
    const world = new RelayWorld(4, { seed: 1, conditions: LINK_PROFILES.lan }).open();
    world.run(2_000);
    const peer = world.peer("a");
    peer.sent.unreliable = 0;
    world.play(10_000, "ab");
    expect(peer.sent.unreliable).toBeGreaterThan(3 * 50);
    expect(peer.sent.unreliable).toBeLessThanOrEqual(3 * 61);
  });

  it("[LK77] answers a peer that measures although it knows no third member itself", () => {
    const world = new LinkWorld({ seed: 1 });
    const [centre, leaf, other] = [world.join("a"), world.join("b"), world.join("c")];
    world.link(centre, leaf);
    world.link(centre, other);
    expect(world.runUntil(() => centre.mesh.status(leaf.id) === "open", 5_000)).toBe(true);
    for (let frame = 0; frame < 300; frame++) {
      centre.sendDatagram(leaf, Uint8Array.of(0x20, 1));
      leaf.sendDatagram(centre, Uint8Array.of(0x20, 1));
      world.run(1_000 / 60);
    }
    // The leaf's pings, and nothing else of it, five a second at most.
    expect(leaf.sent.unreliable).toBeGreaterThanOrEqual(20);
    expect(leaf.sent.unreliable).toBeLessThan(35);
    expect(centre.mesh.stats().map(({ status }) => status)).toEqual(["open", "open"]);
  });

  it("[LK77] has no relay where there is no third member: nothing is sent for it", () => {
    const world = new RelayWorld(2, { seed: 1, conditions: { delayMs: 150, lossRatio: 0.3 } }).open();
    // The greeting is through as well.
    world.run(3_000);
    world.peer("a").sent.unreliable = 0;
    world.play(10_000, "ab");
    expect([world.isRelayed("ab"), world.peer("a").sent]).toEqual([false, expect.objectContaining({ unreliable: 0, control: 0 })]);
  });
});
