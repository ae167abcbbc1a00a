import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { LinkWorld, TAG, type LinkPeer, type LinkWorldOptions } from "./link-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SCALE = IS_DEEP ? 10 : 1;
const LOBBY = "KXRTM";

interface Pair {
  readonly world: LinkWorld;
  readonly ada: LinkPeer;
  readonly bob: LinkPeer;
}

function pair(options: LinkWorldOptions, prepare: (peer: LinkPeer) => void = () => {}): Pair {
  const world = new LinkWorld({ lobby: LOBBY, ...options });
  const [ada, bob] = [world.join("ada"), world.join("bob")];
  prepare(ada);
  prepare(bob);
  world.link(ada, bob);
  return { world, ada, bob };
}

const isOpen = (left: LinkPeer, right: LinkPeer): boolean => left.mesh.status(right.id) === "open" && right.mesh.status(left.id) === "open";

const reasons = (peer: LinkPeer): string[] => peer.events.map(({ event }) => (event.type === "link-closed" ? event.reason : event.type));

const verified = (peer: LinkPeer, other: string): string | undefined => peer.mesh.stats().find(({ peerId }) => peerId === other)?.verified;

describe("links of a lobby, in virtual time", () => {
  it("[ID48] proofs cost an opening link no round trip: at 100 ms, not 10 ms", () => {
    for (let seed = 0; seed < 50; seed++) {
      const conditions = { ...LINK_PROFILES.transatlantic, lossRatio: 0, jitterMs: 0 };
      const openMs = (lobby: string | undefined): number => {
        const world = new LinkWorld({ seed, conditions, ...(lobby === undefined ? {} : { lobby }) });
        const [ada, bob] = [world.join("ada"), world.join("bob")];
        world.link(ada, bob);
        expect(
          world.runUntil(() => isOpen(ada, bob), 5_000),
          `seed ${seed}`,
        ).toBe(true);
        return world.nowMs;
      };
      expect(openMs(LOBBY) - openMs(undefined), `seed ${seed}`).toBeLessThan(10);
    }
  });

  it("[ID49] with proofs a link opens within its deadline too, at bad signaling and with pages that take up to 300 ms for a proof", () => {
    const seeds = 1_000 * SCALE;
    const conditions = { ...LINK_PROFILES["wifi-lossy"], lossRatio: 0.05 };
    const failed: number[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const { world, ada, bob } = pair(
        { seed, conditions, signaling: { delayMs: 50, jitterMs: 300, lossRatio: 0.3, duplicateRatio: 0.5 } },
        (peer) => (peer.proofMs = (seed * 37) % 300),
      );
      const isInTime = world.runUntil(() => isOpen(ada, bob), 16_000);
      if (!isInTime || verified(ada, "bob") !== "key" || verified(bob, "ada") !== "key") failed.push(seed);
    }
    expect(failed.length, `seeds ${failed.join(" ")}`).toBeLessThanOrEqual(seeds / 1_000);
  });

  it("[LK221] who is known at once, and has no invite, is refused with the reason: an open link closes, the other end never opens, and nothing is tried again", () => {
    let opened = 0;
    for (let seed = 0; seed < 50; seed++) {
      const { world, ada, bob } = pair({ seed, conditions: LINK_PROFILES.wifi });
      bob.invite = { secret: "of the link", isRequired: true };
      world.run(30_000);
      expect(reasons(bob), `seed ${seed}`).toEqual(["not-invited"]);
      expect(
        reasons(ada).filter((reason) => reason !== "link-open"),
        `seed ${seed}`,
      ).toEqual(["not-invited"]);
      if (reasons(ada)[0] === "link-open") opened++;
      expect(ada.dials).toBe(1);
    }
    expect(opened).toBeGreaterThan(0);
  });

  it("[ID50] somebody in between, with a connection of its own to each end, is found out at both, and not tried again", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { world, ada, bob } = pair({ seed, conditions: LINK_PROFILES.wifi });
      // From the moment that there is a connection.
      for (const peer of [ada, bob]) {
        const fingerprints = peer.transport.fingerprints.bind(peer.transport);
        peer.transport.fingerprints = (other: PeerId) => {
          const seen = fingerprints(other);
          return seen && { ...seen, remote: new Uint8Array(32).fill(0xee) };
        };
      }
      world.run(60_000);
      expect([reasons(ada), reasons(bob)], `seed ${seed}`).toEqual([["identity-mismatch"], ["identity-mismatch"]]);
      expect(ada.dials, `seed ${seed}`).toBe(1);
    }
  });

  it("[ID50] who has another's id and not its key is refused", () => {
    const { world, ada, bob } = pair({ seed: 50 });
    bob.owner = "eve";
    world.run(60_000);
    expect([reasons(ada), reasons(bob)]).toEqual([["identity-mismatch"], ["identity-mismatch"]]);
  });

  it("[ID51] a proof that takes for ever costs the attempt, and once it comes in time the link opens", () => {
    const { world, ada, bob } = pair({ seed: 51 }, (peer) => (peer.proofMs = Infinity));
    world.run(20_000);
    expect([reasons(ada), reasons(bob)]).toEqual([["unreachable"], ["unreachable"]]);
    expect(ada.dials).toBeGreaterThan(1);
    for (const peer of [ada, bob]) peer.proofMs = 1;
    expect(world.runUntil(() => isOpen(ada, bob), 20_000)).toBe(true);
  });

  it("[ID52] a new connection is proved anew, and the stream goes on over it", () => {
    const { world, ada, bob } = pair({ seed: 52 });
    expect(world.runUntil(() => isOpen(ada, bob), 5_000)).toBe(true);
    for (let count = 0; count < 20; count++) {
      bob.sendReliable(ada, Uint8Array.of(0x20, count));
      world.run(400);
      if (count % 5 === 4) {
        bob.transport.hangUp(ada.id);
        bob.transport.accept(ada.id);
        bob.handleChannelsClosed(ada.id, "remote");
        world.run(50);
      }
    }
    expect(world.runUntil(() => isOpen(ada, bob), 20_000)).toBe(true);
    world.run(5_000);
    expect(ada.messages.map(({ bytes }) => bytes[1])).toEqual(Array.from({ length: 20 }, (_, count) => count));
    expect(ada.dials).toBeGreaterThan(3);
    expect(reasons(ada)).not.toContain("identity-mismatch");
  });

  it("[ID53] a pair without a connection proves itself over the member in the middle, and to its own connection anew once it has one", () => {
    for (let seed = 0; seed < 20 * SCALE; seed++) {
      const world = new LinkWorld({ seed, lobby: LOBBY, conditions: LINK_PROFILES.wifi });
      const [ada, bob, cyd] = [world.join("ada"), world.join("bob"), world.join("cyd")];
      world.network.cut([ada.id], [bob.id]);
      world.network.cut([bob.id], [ada.id]);
      world.linkAll([ada, bob, cyd]);
      expect(
        world.runUntil(() => isOpen(ada, bob) && isOpen(ada, cyd) && isOpen(bob, cyd), 3_000),
        `seed ${seed}`,
      ).toBe(true);
      expect([verified(ada, "bob"), verified(bob, "ada")], `seed ${seed}`).toEqual(["key", "key"]);
      world.network.restore([ada.id], [bob.id]);
      world.network.restore([bob.id], [ada.id]);
      world.run(30_000);
      expect(
        ada.mesh.stats().map(({ path }) => path === "peer"),
        `seed ${seed}`,
      ).toEqual([false, false]);
      expect([ada, bob, cyd].flatMap(reasons).filter((reason) => reason.includes("identity"))).toEqual([]);
    }
  });

  it("[ID53] over a member in the middle a wrong proof is refused and ends nothing: it may be that member's own", () => {
    const world = new LinkWorld({ seed: 53, lobby: LOBBY, conditions: LINK_PROFILES.wifi });
    const [ada, bob, cyd] = [world.join("ada"), world.join("bob"), world.join("cyd")];
    world.network.cut([ada.id], [bob.id]);
    world.network.cut([bob.id], [ada.id]);
    let isForging = true;
    let forged = 0;
    const send = cyd.transport.send.bind(cyd.transport);
    // What Cyd forwards: five bytes of its own, then a proof, of which it changes the signature.
    cyd.transport.send = (peer, channel, bytes) => {
      const isProof = isForging && bytes[0] === 0x09 && bytes[5] === 0x0f;
      if (isProof) forged++;
      return send(peer, channel, isProof ? bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte)) : bytes);
    };
    world.linkAll([ada, bob, cyd]);
    world.run(5_000);
    expect(forged).toBeGreaterThan(2);
    expect(ada.mesh.refusals()["bad-proof"]).toBeGreaterThan(1);
    expect([ada.mesh.status(bob.id), bob.mesh.status(ada.id)]).toEqual(["connecting", "connecting"]);
    isForging = false;
    expect(world.runUntil(() => isOpen(ada, bob), 5_000)).toBe(true);
    expect(ada.mesh.stats().find(({ peerId }) => peerId === bob.id)).toMatchObject({ path: "peer", via: "cyd", verified: "key" });
  });

  it("[ID58] a pair that is known by the invite shows as known by key while somebody else carries its packets", () => {
    const world = new LinkWorld({ seed: 58, lobby: LOBBY, conditions: LINK_PROFILES.wifi });
    const peers = [world.join("ada"), world.join("bob"), world.join("cyd")] as const;
    const [ada, bob, cyd] = peers;
    for (const peer of peers) peer.invite = { secret: "of the link", isRequired: false };
    world.linkAll([ada, bob, cyd]);
    const pathOf = (peer: LinkPeer, other: PeerId): string | undefined => peer.mesh.stats().find(({ peerId }) => peerId === other)?.path;
    const known = (): (string | undefined)[] => [verified(ada, "bob"), verified(bob, "ada"), verified(ada, "cyd"), verified(cyd, "bob")];
    expect(world.runUntil(() => isOpen(ada, bob) && isOpen(ada, cyd) && isOpen(bob, cyd), 3_000)).toBe(true);
    expect(known()).toEqual(["invite", "invite", "invite", "invite"]);
    world.network.cut([ada.id], [bob.id]);
    world.network.cut([bob.id], [ada.id]);
    expect(world.runUntil(() => pathOf(ada, bob.id) === "peer" && pathOf(bob, ada.id) === "peer", 3_000)).toBe(true);
    expect(known()).toEqual(["key", "key", "invite", "invite"]);
    world.network.restore([ada.id], [bob.id]);
    world.network.restore([bob.id], [ada.id]);
    expect(world.runUntil(() => pathOf(ada, bob.id) !== "peer" && pathOf(bob, ada.id) !== "peer", 30_000)).toBe(true);
    expect(known()).toEqual(["invite", "invite", "invite", "invite"]);
  });

  it("[ID54] a peer that comes back under its id as another process proves itself anew", () => {
    const { world, ada, bob } = pair({ seed: 54 });
    expect(world.runUntil(() => isOpen(ada, bob), 5_000)).toBe(true);
    const reborn = world.join("bob", TAG, "reborn");
    reborn.add(ada, "acceptor");
    ada.handleChannelsClosed(reborn.id, "remote");
    expect(world.runUntil(() => isOpen(ada, reborn), 10_000)).toBe(true);
    expect(reasons(ada)).toEqual(["link-open", "lost", "link-open"]);
    expect(verified(ada, "bob")).toBe("key");
  });
});
