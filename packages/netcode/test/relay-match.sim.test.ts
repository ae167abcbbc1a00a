import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { RelayMatchWorld } from "./relay-match-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SCALE = IS_DEEP ? 10 : 1;

function via(world: RelayMatchWorld, from: number, to: number): string | undefined {
  const { id } = world.peer(to);
  return world
    .peer(from)
    .links.stats()
    .find(({ peerId }) => peerId === id)?.via;
}

function forwarded(world: RelayMatchWorld): number {
  return world.peers.reduce((sum, { mesh }) => sum + mesh.forwardedPackets, 0);
}

/** What a session told, its game's own events left out. */
function told(world: RelayMatchWorld, index: number): string[] {
  return world.peer(index).events.flatMap((event) => {
    if (event.type === "game") return [];
    return [event.type === "seat-to-bot" ? `${event.type} ${event.peerId} at ${event.frame}` : event.type];
  });
}

function stalls(world: RelayMatchWorld): number[] {
  return world.peers.map((peer) => peer.stalls);
}

function started(seed: number, peerCount: number, dead: readonly (readonly [number, number])[]): RelayMatchWorld {
  // Losses, but no bursts of ten: these stall a match without any relay.
  const world = new RelayMatchWorld({ seed, peerCount, conditions: { delayMs: 8, jitterMs: 4, lossRatio: 0.02 } });
  for (const [first, second] of dead) world.cutPair(first, second);
  expect(world.connect(6_000), `seed ${seed}`).toBe(true);
  world.startMatch();
  return world;
}

describe("a match with a dead pair", () => {
  it("[LK80] of four players starts and plays 30 s without a stalled frame, over one hop, with equal checksums", () => {
    for (let seed = 0; seed < 5 * SCALE; seed++) {
      const world = started(seed, 4, [[0, 1]]);
      world.run(30_000);
      for (const index of [0, 1, 2, 3]) {
        expect(told(world, index), `seed ${seed}`).toEqual(["synchronized"]);
        expect(world.peer(index).session?.stats().confirmedFrame).toBeGreaterThan(1_750);
      }
      expect(stalls(world), `seed ${seed}`).toEqual([0, 0, 0, 0]);
      expect(forwarded(world)).toBeGreaterThan(3_000);
      expect([via(world, 0, 1), via(world, 1, 0), via(world, 0, 2)], `seed ${seed}`).toEqual([
        expect.any(String),
        expect.any(String),
        undefined,
      ]);
      expect(world.agreedFrames()).toBeGreaterThan(100);
    }
  });

  it("[LK80] of eight players plays over the centre of a star, where every other pair is dead", () => {
    const leaves = [1, 2, 3, 4, 5, 6, 7];
    const world = started(
      1,
      8,
      leaves.flatMap((first) => leaves.flatMap((second) => (second > first ? [[first, second] as const] : []))),
    );
    world.run(10_000);
    expect(stalls(world)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(world.peer(0).mesh.forwardedPackets).toBeGreaterThan(42 * 590);
    expect(world.peer(0).mesh.refusals()).toEqual({});
    expect(world.agreedFrames()).toBeGreaterThan(100);
  });

  it("[LK81] that dies in the middle of it loses nobody, and stalls for less than the time in which that is found out", () => {
    for (let seed = 0; seed < 5 * SCALE; seed++) {
      const world = started(seed, 4, []);
      world.run(3_000);
      expect([via(world, 2, 3), via(world, 3, 2)], `seed ${seed}`).toEqual([undefined, undefined]);
      const forwardedBefore = forwarded(world);
      world.cutPair(2, 3);
      world.run(10_000);
      expect(forwarded(world) - forwardedBefore, `seed ${seed}`).toBeGreaterThan(1_000);
      for (const index of [0, 1, 2, 3]) expect(told(world, index), `seed ${seed}`).toEqual(["synchronized"]);
      // Silence of 300 ms, a comparison of 100, a greeting; less the prediction window of 8 frames.
      expect(Math.max(...stalls(world)), `seed ${seed}`).toBeLessThan(30);
      world.restorePair(2, 3);
      const before = stalls(world);
      world.run(25_000);
      expect([via(world, 2, 3), via(world, 3, 2), stalls(world)], `seed ${seed}`).toEqual([undefined, undefined, before]);
      expect(world.agreedFrames()).toBeGreaterThan(100);
    }
  });

  it("[LK82] agrees where a seat goes to its bot although the votes of a pair are forwarded, also when it is the member in the middle that dies", () => {
    for (let seed = 0; seed < 5 * SCALE; seed++) {
      const world = started(seed, 4, [[0, 1]]);
      world.run(3_000);
      const middle = world.peers.find(({ id }) => id === via(world, 0, 1));
      const victim = seed % 2 === 0 ? middle : world.peers.find((peer) => peer.index > 1 && peer !== middle);
      if (victim === undefined) throw new Error("expected: two members besides the pair");
      world.network.kill(victim.id);
      world.run(12_000);
      const survivors = world.peers.filter((peer) => peer !== victim);
      const drops = survivors.map(({ index }) => told(world, index).filter((type) => type.startsWith("seat-to-bot")));
      expect(drops[0], `seed ${seed}`).toEqual([expect.stringContaining(`seat-to-bot ${victim.id}`)]);
      expect(new Set(drops.map((told) => told.join())).size, `seed ${seed}`).toBe(1);
      for (const peer of survivors) expect(peer.session?.stats().confirmedFrame, `seed ${seed}`).toBeGreaterThan(600);
      expect(via(world, 0, 1)).not.toBe(victim.id);
      expect(world.agreedFrames(survivors)).toBeGreaterThan(100);
    }
  });

  it("[LK83] whose connection only loses a third of all packets plays with fewer resimulated frames than without a relay", () => {
    const resimulated = [4, 2].map((peerCount) => {
      const world = started(1, peerCount, []);
      world.network.changePair(world.peer(0).id, world.peer(1).id, { lossRatio: 0.33 });
      world.run(30_000);
      const stats = world.peer(0).session?.stats();
      return (stats?.resimulatedFrames ?? 0) / (stats?.frame ?? 1);
    });
    expect(resimulated[0]).toBeLessThan((resimulated[1] ?? 0) * 0.9);
  });
});
