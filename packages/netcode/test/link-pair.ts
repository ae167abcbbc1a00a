import { expect } from "vitest";
import type { LinkEvent } from "../src/core/ports/link.ts";
import { LinkWorld, type LinkPeer, type LinkWorldOptions } from "./link-world.ts";

export function pair(options: LinkWorldOptions): { world: LinkWorld; ada: LinkPeer; bob: LinkPeer } {
  const world = new LinkWorld(options);
  const ada = world.join("ada");
  const bob = world.join("bob");
  world.link(ada, bob);
  return { world, ada, bob };
}

export function openPair(options: LinkWorldOptions): { world: LinkWorld; ada: LinkPeer; bob: LinkPeer } {
  const made = pair(options);
  expect(made.world.runUntil(() => isOpen(made.ada, made.bob), 16_000)).toBe(true);
  return made;
}

export function isOpen(...peers: LinkPeer[]): boolean {
  return peers.every((peer) => peers.every((other) => peer === other || peer.mesh.status(other.id) === "open"));
}

export function blackout(world: LinkWorld, ada: LinkPeer, bob: LinkPeer, ms: number): void {
  world.network.cut([ada.id, bob.id], [ada.id, bob.id]);
  world.run(ms);
  world.network.restore([ada.id, bob.id], [ada.id, bob.id]);
}

export function eventsOf(peer: LinkPeer): LinkEvent[] {
  return peer.events.map(({ event }) => event);
}

export function numbered(index: number): Uint8Array {
  return Uint8Array.of(0x20, index & 0xff, index >> 8);
}

export function numbersOf(peer: LinkPeer): number[] {
  return peer.messages.map(({ bytes }) => (bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8));
}
