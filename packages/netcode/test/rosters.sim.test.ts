import { describe, expect, it } from "vitest";
import { asciiBytes } from "../src/core/base/ascii.ts";
import * as KIND from "../src/core/link/link-kind.ts";
import type { Roster } from "../src/core/ports/roster.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { LinkWorld, type LinkPeer, type LinkWorldOptions } from "./link-world.ts";
import { StandInSigner } from "./stand-in-signer.ts";

const SIGNER = new StandInSigner("a");
const LATER = new StandInSigner("b");
const LOBBY = "KXRTM";

const idOf = (index: number): string => index.toString(16).padStart(32, "0");
const membersOf = (...peers: readonly LinkPeer[]): Roster["members"] => peers.map(({ id }, order) => ({ peerId: id, order }));

function worldOf(
  count: number,
  options: Partial<LinkWorldOptions> = {},
): { readonly world: LinkWorld; readonly peers: readonly LinkPeer[] } {
  const world = new LinkWorld({ seed: 1, lobby: LOBBY, trust: SIGNER.trust, conditions: LINK_PROFILES.wifi, ...options });
  return { world, peers: Array.from({ length: count }, (_, index) => world.join(idOf(index))) };
}

/** The broker sends a roster to these. */
function tell(world: LinkWorld, peers: readonly LinkPeer[], text: string): void {
  for (const peer of peers) {
    peer.mesh.handleRoster(world.nowMs, text);
    peer.drain();
  }
}

/** Everybody hears the first roster, and all links are open. */
function opened(
  count: number,
  options: Partial<LinkWorldOptions> = {},
): { readonly world: LinkWorld; readonly peers: readonly LinkPeer[] } {
  const { world, peers } = worldOf(count, options);
  tell(world, peers, SIGNER.sign({ number: 10, members: membersOf(...peers) }));
  world.linkAll(peers);
  expect(world.runUntil(() => peers.every((peer) => peer.mesh.stats().every(({ status }) => status === "open")), 10_000)).toBe(true);
  // The greetings, which bring a roster too, are through as well.
  world.run(1_000);
  return { world, peers };
}

/** Sends bytes as this peer's own, where nothing keeps it from lying. */
function say(from: LinkPeer, to: LinkPeer, text: string): void {
  from.transport.send(to.id, "reliable", asciiBytes(`${String.fromCharCode(KIND.roster)}${text}`));
}

const numbers = (peer: LinkPeer): number[] => peer.rosters.map(({ roster }) => roster.number);
const isOpen = (left: LinkPeer, right: LinkPeer): boolean => left.mesh.status(right.id) === "open" && right.mesh.status(left.id) === "open";

describe("rosters between members, in virtual time", () => {
  it("[TK60] a member that no roster has gets no link, whatever it proves; once one has it, the link opens in the same moment", () => {
    const { world, peers } = worldOf(3);
    const [ada, bob, eve] = peers as [LinkPeer, LinkPeer, LinkPeer];
    tell(world, peers, SIGNER.sign({ number: 10, members: membersOf(ada, bob) }));
    world.linkAll(peers);
    world.run(20_000);
    expect(isOpen(ada, bob)).toBe(true);
    expect([ada.mesh.status(eve.id), bob.mesh.status(eve.id)]).toEqual(["closed", "closed"]);
    expect(ada.mesh.refusals()["no-certificate"]).toBeGreaterThan(0);
    expect(ada.types()).not.toContain("identity-mismatch");
    expect(world.runUntil(() => false, 10_000)).toBe(false);
    tell(world, [ada, bob], SIGNER.sign({ number: 11, members: membersOf(ada, bob, eve) }));
    expect(world.runUntil(() => isOpen(ada, eve) && isOpen(bob, eve), 12_000)).toBe(true);
  });

  it("[TK60] with rosters a link takes no longer to open than without", () => {
    const openMs = (isSigned: boolean): number => {
      const world = new LinkWorld({
        seed: 7,
        lobby: LOBBY,
        conditions: LINK_PROFILES.transatlantic,
        ...(isSigned ? { trust: SIGNER.trust } : {}),
      });
      const [ada, bob] = [world.join(idOf(1)), world.join(idOf(2))];
      if (isSigned) tell(world, [ada, bob], SIGNER.sign({ number: 1, members: membersOf(ada, bob) }));
      world.link(ada, bob);
      expect(world.runUntil(() => isOpen(ada, bob), 5_000)).toBe(true);
      return world.nowMs;
    };
    expect(Math.abs(openMs(true) - openMs(false))).toBeLessThan(60);
  });

  it("[TK61] who does not hear the broker takes a newcomer by the roster that it shows with its proof", () => {
    const { world, peers } = worldOf(2);
    const [ada, bob] = peers as [LinkPeer, LinkPeer];
    tell(world, [ada], SIGNER.sign({ number: 10, members: membersOf(ada) }));
    tell(world, [bob], SIGNER.sign({ number: 11, members: membersOf(ada, bob) }));
    world.link(bob, ada);
    expect(world.runUntil(() => isOpen(ada, bob), 2_000)).toBe(true);
    expect(numbers(ada)).toEqual([10, 11]);
  });

  it("[TK62] a kick reaches members that do not hear the broker by way of one that does, within a round trip; each passes it on once", () => {
    const { world, peers } = opened(9);
    const [ada, kicked] = [peers[0]!, peers[8]!];
    const sentBefore = peers.map(({ rostersSent }) => rostersSent);
    const atMs = world.nowMs;
    const roster = SIGNER.sign({ number: 11, members: membersOf(...peers.slice(0, 8)), left: [{ peerId: kicked.id, reason: "kicked" }] });
    tell(world, [ada], roster);
    world.run(2_000);
    const { delayMs, jitterMs } = LINK_PROFILES.wifi;
    for (const peer of peers.slice(0, 8)) {
      expect(numbers(peer)).toEqual([10, 11]);
      expect(peer.rosters[1]?.roster.left).toEqual([{ peerId: kicked.id, reason: "kicked" }]);
      // One way, a check at each end.
      expect((peer.rosters[1]?.atMs ?? Infinity) - atMs).toBeLessThan(delayMs + 10 * jitterMs + 10);
      expect(peer.verified).toBe(2);
    }
    // Who was kicked is sent nothing.
    expect(numbers(kicked)).toEqual([10]);
    for (const [index, peer] of peers.entries()) expect(peer.rostersSent - sentBefore[index]!).toBeLessThanOrEqual(index === 8 ? 0 : 7);
  });

  it("[TK62] in a larger lobby everybody hears of it, and nobody sends it to more than eight", () => {
    const { world, peers } = opened(14, { conditions: { ...LINK_PROFILES.wifi, jitterMs: 0, lossRatio: 0 } });
    const sentBefore = peers.map(({ rostersSent }) => rostersSent);
    tell(world, [peers[5]!], SIGNER.sign({ number: 11, members: membersOf(...peers.slice(0, 13)) }));
    world.run(2_000);
    expect(peers.slice(0, 13).map((peer) => numbers(peer).at(-1))).toEqual(Array.from({ length: 13 }, () => 11));
    for (const [index, peer] of peers.entries()) expect(peer.rostersSent - sentBefore[index]!).toBeLessThanOrEqual(8);
  });

  it("[TK63] what is forged, of another key, another lobby, old, over or malformed is refused and counted, and goes on to nobody", () => {
    const { world, peers } = opened(3);
    const [ada, bob, eve] = peers as [LinkPeer, LinkPeer, LinkPeer];
    const members = membersOf(ada, eve);
    const forger = new StandInSigner("a", () => new Uint8Array(64));
    const lies: readonly (readonly [string, string])[] = [
      ["roster-forged", forger.sign({ number: 50, members })],
      ["roster-key", LATER.sign({ number: 51, members })],
      ["roster-foreign", SIGNER.sign({ number: 52, members, code: "KXRTN" })],
      ["roster-foreign", SIGNER.sign({ number: 53, members, life: "another-life-000" })],
      ["roster-old", SIGNER.sign({ number: 9, members })],
      ["roster-expired", SIGNER.sign({ number: 54, members, expiresS: 0 })],
      ["roster-malformed", "nonsense"],
    ];
    const sentBefore = ada.rostersSent;
    for (const [, text] of lies) say(eve, ada, text);
    world.run(5_000);
    const counted = ada.mesh.refusals();
    for (const reason of new Set(lies.map(([name]) => name))) {
      expect({ reason, count: counted[reason] }).toEqual({ reason, count: lies.filter(([name]) => name === reason).length });
    }
    expect(ada.rostersSent).toBe(sentBefore);
    expect([numbers(ada), numbers(bob)]).toEqual([[10], [10]]);
    expect(isOpen(ada, bob)).toBe(true);
  });

  it("[TK63] of a liar's rosters one is checked for each that counts, and what others bring is not kept out", () => {
    const { world, peers } = opened(3);
    const [ada, bob, eve] = peers as [LinkPeer, LinkPeer, LinkPeer];
    const forger = new StandInSigner("a", () => new Uint8Array(64));
    const before = ada.verified;
    for (let index = 0; index < 1_000; index++) {
      say(eve, ada, forger.sign({ number: 1_000 + index, members: [] }));
      if (index === 500) say(bob, ada, SIGNER.sign({ number: 11, members: membersOf(ada, bob) }));
      world.run(5);
    }
    expect(numbers(ada)).toEqual([10, 11]);
    // One lie, the truth, and one more.
    expect(ada.verified - before).toBe(3);
    expect(ada.mesh.refusals()["roster-forged"]).toBeGreaterThan(990);
  });

  it("[TK64] the roster of an uncertain lobby says who may come, and not who is gone; it is not passed on", () => {
    const { world, peers } = opened(3);
    const [ada, bob, cyd] = peers as [LinkPeer, LinkPeer, LinkPeer];
    tell(world, [ada], SIGNER.sign({ number: 11, members: membersOf(ada, bob), isCertain: false }));
    world.run(2_000);
    expect([numbers(ada), numbers(bob), numbers(cyd)]).toEqual([[10], [10], [10]]);
    const dan = world.join(idOf(77));
    tell(world, [ada, dan], SIGNER.sign({ number: 12, members: membersOf(ada, bob, dan), isCertain: false }));
    world.link(dan, ada);
    expect(world.runUntil(() => isOpen(ada, dan), 3_000)).toBe(true);
    expect(numbers(ada)).toEqual([10]);
    tell(world, [ada], SIGNER.sign({ number: 13, members: membersOf(ada, bob) }));
    world.run(1_000);
    expect([numbers(ada), numbers(bob)]).toEqual([
      [10, 13],
      [10, 13],
    ]);
  });

  it("[TK65] rosters bring the keys that sign the next ones, and the ones that are over go with them", () => {
    const { world, peers } = opened(2);
    const [ada, bob] = peers as [LinkPeer, LinkPeer];
    const members = membersOf(ada, bob);
    say(bob, ada, LATER.sign({ number: 11, members }));
    world.run(1_000);
    tell(world, [bob], SIGNER.sign({ number: 12, members, keys: [LATER.key, SIGNER.key] }));
    world.run(1_000);
    // By way of the mesh alone, too.
    tell(world, [bob], LATER.sign({ number: 13, members, keys: [LATER.key] }));
    world.run(1_000);
    tell(world, [ada], SIGNER.sign({ number: 14, members }));
    world.run(1_000);
    expect(numbers(ada)).toEqual([10, 12, 13]);
    expect(ada.mesh.refusals()).toMatchObject({ "roster-key": 2 });
  });

  it("[TK66] the numbers of a broker that lost the lobby and got it back are above all that it gave out; a replay of those before is refused", () => {
    const { world, peers } = opened(3);
    const [ada, bob, kicked] = peers as [LinkPeer, LinkPeer, LinkPeer];
    const before = SIGNER.sign({ number: 12, members: membersOf(ada, bob, kicked) });
    tell(world, [ada], before);
    world.run(500);
    // Restored from a copy of event 10: counted on from the clock.
    tell(world, [bob], SIGNER.sign({ number: 1_024 * 1_795_000_000_000, members: membersOf(ada, bob) }));
    world.run(500);
    say(kicked, ada, before);
    say(kicked, bob, SIGNER.sign({ number: 13, members: membersOf(ada, bob, kicked) }));
    world.run(1_000);
    expect(numbers(ada).at(-1)).toBe(1_024 * 1_795_000_000_000);
    expect(ada.mesh.refusals()).toMatchObject({ "roster-old": 1 });
    expect(bob.mesh.refusals()).toMatchObject({ "roster-old": 1 });
  });

  it("[TK67] a mesh without a signer takes no rosters, and asks for none", () => {
    const world = new LinkWorld({ seed: 3, lobby: LOBBY });
    const [ada, bob] = [world.join(idOf(1)), world.join(idOf(2))];
    world.link(ada, bob);
    expect(world.runUntil(() => isOpen(ada, bob), 5_000)).toBe(true);
    say(bob, ada, SIGNER.sign({ number: 1, members: [] }));
    world.run(500);
    expect(ada.mesh.refusals()).toMatchObject({ "roster-foreign": 1 });
    expect(ada.rosters).toEqual([]);
  });
});
