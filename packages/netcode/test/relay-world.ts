import type { LinkStats } from "../src/core/ports/link.ts";
import { LinkWorld, type LinkPeer, type LinkWorldOptions } from "./link-world.ts";

/** Peers a, b, c …, all linked, and what two of them say to each other at 60 Hz. */
export class RelayWorld extends LinkWorld {
  readonly peers: readonly LinkPeer[];

  /** Of the pairs in `dead` nothing arrives from the start, by name and direction: "ab" is from a to b. */
  constructor(count: number, options: LinkWorldOptions, dead: readonly string[] = []) {
    super(options);
    this.peers = Array.from({ length: count }, (_, index) => this.join("abcdefgh"[index] ?? ""));
    for (const way of dead) this.cut(way);
    for (const [index, peer] of this.peers.entries()) for (const earlier of this.peers.slice(0, index)) this.link(peer, earlier);
  }

  peer(name: string): LinkPeer {
    const peer = this.peers.find(({ id }) => id === name);
    if (peer === undefined) throw new Error(`expected: a peer ${name}`);
    return peer;
  }

  cut(way: string): void {
    this.network.cut([this.peer(way[0] ?? "").id], [this.peer(way[1] ?? "").id]);
  }

  restore(way: string): void {
    this.network.restore([this.peer(way[0] ?? "").id], [this.peer(way[1] ?? "").id]);
  }

  /** Of the link of the first to the second. */
  stats(way: string): LinkStats {
    const stats = this.peer(way[0] ?? "")
      .mesh.stats()
      .find(({ peerId }) => peerId === way[1]);
    if (stats === undefined) throw new Error(`expected: a link ${way}`);
    return stats;
  }

  isRelayed(way: string): boolean {
    return this.stats(way).path === "peer";
  }

  isAllOpen(peers: readonly LinkPeer[] = this.peers): boolean {
    return peers.every((peer) => peers.every((other) => peer === other || peer.mesh.status(other.id) === "open"));
  }

  open(): this {
    if (!this.runUntil(() => this.isAllOpen(), 12_000)) throw new Error(`seed ${this.seed}: expected: all links open within 12 s`);
    return this;
  }

  /** Plays for `ms`: every pair's datagrams at 60 Hz. Counts how often `way` changed its path. */
  play(ms: number, way: string): { changes: number; relayedRatio: number } {
    let changes = 0;
    let relayed = 0;
    const frames = Math.round((ms * 60) / 1_000);
    let before = this.stats(way).via;
    for (let frame = 0; frame < frames; frame++) {
      for (const from of this.peers) for (const to of this.peers) if (from !== to) from.sendDatagram(to, Uint8Array.of(0x20, 7, 7, 7));
      this.run(1_000 / 60);
      const { via } = this.stats(way);
      if (via !== before) changes++;
      before = via;
      if (via !== undefined) relayed++;
    }
    return { changes, relayedRatio: relayed / frames };
  }

  suspects(): string[] {
    return this.peers.flatMap((peer) =>
      peer.events.flatMap(({ atMs, event }) =>
        event.type === "link-open" ? [] : [`${peer.id}: ${event.type} ${event.peerId} at ${atMs}`],
      ),
    );
  }
}
