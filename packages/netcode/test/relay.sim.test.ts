import { describe, expect, it } from "vitest";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { LinkWorld, type LinkPeer, type LinkWorldOptions } from "./link-world.ts";

/** `pnpm test:deep` runs everything at full size. */
const SCALE = process.env["ROLLCALL_DEEP"] === undefined ? 1 : 10;

interface Mesh {
  readonly world: LinkWorld;
  readonly peers: readonly LinkPeer[];
}

/** `count` peers, all linked; of the pairs in `dead` nothing arrives, by name and direction ("ab": from a to b). */
function meshOf(count: number, options: LinkWorldOptions, dead: readonly string[] = []): Mesh {
  const world = new LinkWorld(options);
  const peers = Array.from({ length: count }, (_, index) => world.join("abcdefgh"[index] ?? ""));
  for (const [from = "", to = ""] of dead) world.network.cut([byName(peers, from).id], [byName(peers, to).id]);
  for (const [index, peer] of peers.entries()) for (const earlier of peers.slice(0, index)) world.link(peer, earlier);
  return { world, peers };
}

function byName(peers: readonly LinkPeer[], name: string): LinkPeer {
  const peer = peers.find(({ id }) => id === name);
  if (peer === undefined) throw new Error(`expected: a peer ${name}`);
  return peer;
}

function isAllOpen(peers: readonly LinkPeer[]): boolean {
  return peers.every((peer) => peers.every((other) => peer === other || peer.mesh.status(other.id) === "open"));
}

describe("a pair without a connection", () => {
  it("[LK70] is open over another member within 4 s, at both ends, and says so", () => {
    const { world, peers } = meshOf(4, { seed: 1, conditions: LINK_PROFILES.wifi }, ["ab", "ba"]);
    const isOpen = world.runUntil(() => isAllOpen(peers), 10_000);
    console.log(world.nowMs, peers.map((p) => [p.mesh.stats().map((s) => `${s.peerId}:${s.status}:${s.path}:${s.via ?? ""}:${s.rttMs.toFixed(1)}`), p.types(), p.mesh.refusals(), p.dials]));
    world.run(20_000);
    console.log(world.nowMs, peers.map((p) => [p.mesh.stats().map((s) => `${s.peerId}:${s.status}:${s.path}:${s.via ?? ""}:${s.rttMs.toFixed(1)}`), p.types(), p.mesh.refusals(), p.dials]));
    expect(isOpen).toBe(true);
  });
});
