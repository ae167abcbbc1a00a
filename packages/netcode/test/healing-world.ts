import { expect } from "vitest";
import { LinkWorld, TAG, type LinkPeer, type LinkWorldOptions } from "./link-world.ts";

/** Signaling as it is on a bad day. */
export const BAD_SIGNALING = { delayMs: 50, jitterMs: 300, lossRatio: 0.3, duplicateRatio: 0.5 };

/** Ada and Bob, linked for a second. */
export function openPair(
  options: LinkWorldOptions,
  capabilities: readonly [number, number] = [3, 3],
): { world: LinkWorld; ada: LinkPeer; bob: LinkPeer } {
  const world = new LinkWorld(options);
  const ada = world.join("ada", TAG, "", capabilities[0]);
  const bob = world.join("bob", TAG, "", capabilities[1]);
  world.link(ada, bob);
  expect(world.runUntil(() => isOpen(ada, bob), 16_000)).toBe(true);
  world.run(1_000);
  return { world, ada, bob };
}

export function isOpen(ada: LinkPeer, bob: LinkPeer): boolean {
  return ada.mesh.status(bob.id) === "open" && bob.mesh.status(ada.id) === "open";
}

/** Packets pass both ways, and each end heard the other just now. */
export function isAlive({ ada, bob }: { ada: LinkPeer; bob: LinkPeer }): boolean {
  return isOpen(ada, bob) && ada.transport.connectionTo(bob.id)?.isPathAlive === true;
}

export function numbered(index: number): Uint8Array {
  return Uint8Array.of(0x20, index & 0xff, index >> 8);
}

export function numbersFrom(peer: LinkPeer): number[] {
  return peer.messages.map(({ bytes }) => (bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
