import { describe, expect, it } from "vitest";
import { IS_DEEP } from "../../../scripts/deep.ts";
import { sequenceOf } from "../src/core/base/sequence.ts";
import { encodeStreamAck } from "../src/core/link/link-codec.ts";
import * as KIND from "../src/core/link/link-kind.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { LinkWorld, type LinkPeer } from "./link-world.ts";
import { RelayMatchWorld } from "./relay-match-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SEEDS = IS_DEEP ? 40 : 2;

/** Before what is forwarded: that it is, and for whom. */
const HEADER_BYTES = 5;
const INPUTS = 0x20;

interface Play {
  readonly world: RelayMatchWorld;
  /** Datagrams with inputs that it lied about. */
  readonly lies: () => number;
}

/** Four players, of whom the first two have no connection; one of the others forwards for them, and does with their inputs what `lie` says. */
function playWithLiar(seed: number, lie: (bytes: Uint8Array, forward: (bytes: Uint8Array) => void) => void): Play {
  const world = new RelayMatchWorld({ seed, peerCount: 4, conditions: { delayMs: 8, jitterMs: 4, lossRatio: 0.02 } });
  world.cutPair(0, 1);
  expect(world.connect(6_000), `seed ${seed}`).toBe(true);
  world.startMatch();
  world.run(2_000);
  const { id } = world.peer(1);
  const stats = world.peer(0).links.stats();
  const { via } = stats.find(({ peerId }) => peerId === id) ?? {};
  const liar = world.peers.find((peer) => peer.id === via);
  if (liar === undefined) throw new Error("expected: a member in the middle");
  const send = liar.transport.send.bind(liar.transport);
  let lies = 0;
  liar.transport.send = (peer, channel, bytes) => {
    if (bytes[0] !== KIND.relayed || bytes[HEADER_BYTES] !== INPUTS) return send(peer, channel, bytes);
    lies++;
    lie(bytes.slice(), (forged) => void send(peer, channel, forged));
    return "sent";
  };
  return { world, lies: () => lies };
}

function told(world: RelayMatchWorld): string[][] {
  return world.peers.map(({ events }) => events.flatMap(({ type }) => (type === "game" ? [] : [type])));
}

describe("a member in the middle that lies", () => {
  it("[LK190] may end the part of a player in a match whose inputs it changes: that is refused, or told as a desync, and all others agree to the end", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { world, lies } = playWithLiar(seed, (bytes, forward) => {
        const at = bytes.length - 3;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        forward(bytes);
      });
      world.run(10_000);
      expect(lies(), `seed ${seed}`).toBeGreaterThan(50);
      const events = told(world);
      const isRefused = world.peers.some(({ session }) => (session?.stats().refusals["malformed"] ?? 0) > 0);
      expect(isRefused || events.some((types) => types.includes("desync")), `seed ${seed}`).toBe(true);
      const left = world.peers.filter(({ index }) => events[index]?.includes("dropped") !== true);
      expect(left.length, `seed ${seed}`).toBeGreaterThanOrEqual(3);
      // Who was misled for a while has been repaired.
      const newest = Math.min(...left.map(({ session }) => session?.stats().confirmedFrame ?? 0));
      expect(newest, `seed ${seed}`).toBeGreaterThan(500);
      for (let frame = newest - 100; frame <= newest; frame++) {
        const checksums = left.map(({ session }) => session?.checksum(frame));
        expect([new Set(checksums).size, checksums.includes(undefined)], `seed ${seed}, frame ${frame}`).toEqual([1, false]);
      }
    }
  });

  it("[LK191] changes nothing by holding inputs back, saying them again, or in another order", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const kept: Uint8Array[] = [];
      const { world, lies } = playWithLiar(seed, (bytes, forward) => {
        kept.push(bytes);
        // One of three is lost; of the others each is said three times, old ones between them.
        if (kept.length % 3 === 0) return;
        for (const back of [7, 0, 20, 0]) forward(kept[Math.max(0, kept.length - 1 - back)] ?? bytes);
      });
      world.run(8_000);
      expect(lies(), `seed ${seed}`).toBeGreaterThan(300);
      expect(told(world), `seed ${seed}`).toEqual([["synchronized"], ["synchronized"], ["synchronized"], ["synchronized"]]);
      expect(world.agreedFrames(), `seed ${seed}`).toBeGreaterThan(50);
    }
  });

  it("[LK192] stops the reliable stream with acks that it makes up, until the pair has its own connection: there the link begins anew", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const world = new LinkWorld({ seed, lobby: "KXRTM", conditions: LINK_PROFILES.wifi });
      const [ada, bob, cyd] = [world.join("ada"), world.join("bob"), world.join("cyd")];
      world.network.cut([ada.id, bob.id], [ada.id, bob.id]);
      world.linkAll([ada, bob, cyd]);
      const isOpen = (): boolean => ada.mesh.status(bob.id) === "open" && bob.mesh.status(ada.id) === "open";
      expect(world.runUntil(isOpen, 5_000), `seed ${seed}`).toBe(true);
      const { forged, stop } = swallowParts(cyd, { from: ada, to: bob });
      world.run(1_000);
      for (let number = 0; number < 10; number++) ada.sendReliable(bob, Uint8Array.of(0x20, number));
      world.run(2_000);
      expect([forged(), bob.messages.length], `seed ${seed}`).toEqual([10, 0]);
      stop();
      world.network.restore([ada.id, bob.id], [ada.id, bob.id]);
      const isDirect = (): boolean => ada.mesh.hasDirect(bob.id) && bob.mesh.hasDirect(ada.id);
      expect(world.runUntil(isDirect, 15_000), `seed ${seed}`).toBe(true);
      world.run(10_000);
      ada.sendReliable(bob, Uint8Array.of(0x20, 10));
      const closes = [ada, bob].map(
        (peer) => (): string[] => peer.events.flatMap(({ event }) => (event.type === "link-closed" ? [event.reason] : [])),
      );
      expect(
        world.runUntil(() => closes.every((of) => of().length > 0) && isOpen(), 15_000),
        `seed ${seed}`,
      ).toBe(true);
      expect(
        closes.map((of) => of()),
        `seed ${seed}`,
      ).toEqual([["lost"], ["lost"]]);
      for (let number = 11; number < 20; number++) ada.sendReliable(bob, Uint8Array.of(0x20, number));
      world.run(1_000);
      expect(
        bob.messages.map(({ bytes }) => bytes[1]),
        `seed ${seed}`,
      ).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19]);
    }
  });
});

/** What `liar` is to forward of the stream of `from` it keeps, and says that `to` has it. `forged`: how many parts it has swallowed. */
function swallowParts(
  liar: LinkPeer,
  { from, to }: { readonly from: LinkPeer; readonly to: LinkPeer },
): { forged: () => number; stop: () => void } {
  const send = liar.transport.send.bind(liar.transport);
  let header: Uint8Array | undefined;
  const swallowed = new Set<number>();
  liar.transport.send = (peer, channel, bytes) => {
    if (bytes[0] !== KIND.relayed) return send(peer, channel, bytes);
    if (peer === from.id) header = bytes.slice(0, HEADER_BYTES);
    if (peer !== to.id || bytes[HEADER_BYTES] !== KIND.fragment || header === undefined) return send(peer, channel, bytes);
    const sequence = (bytes[HEADER_BYTES + 1] ?? 0) | ((bytes[HEADER_BYTES + 2] ?? 0) << 8);
    swallowed.add(sequence);
    send(from.id, channel, Uint8Array.of(...header, ...encodeStreamAck(sequenceOf(sequence + 1))));
    return "sent";
  };
  return { forged: () => swallowed.size, stop: () => void (liar.transport.send = send) };
}
