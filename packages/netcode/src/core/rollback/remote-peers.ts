import { ALWAYS } from "./input-table.ts";
import type { RemotePeer } from "./remote-peer.ts";

/** The other members, by rank: those who hold a slot now, and those whose slot nobody took since. */
export class RemotePeers {
  readonly #list: RemotePeer[] = [];

  get list(): readonly RemotePeer[] {
    return this.#list;
  }

  /** Adds `remote`, in place of who held its slot before. */
  add(remote: RemotePeer): void {
    let place = 0;
    while (this.#list[place] !== undefined && (this.#list[place]?.member ?? 0) < remote.member) place++;
    this.#list.splice(place, this.#list[place]?.member === remote.member ? 1 : 0, remote);
  }

  of(member: number): RemotePeer | undefined {
    for (const remote of this.#list) if (remote.member === member) return remote;
    return undefined;
  }

  /** The last frame that all of them have confirmed, as far as they told. Who joined later counts from its first frame on. */
  confirmedFrame(): number {
    let confirmed = ALWAYS;
    for (const { isGone, confirmedFrame, firstFrame } of this.#list) {
      if (!isGone) confirmed = Math.min(confirmed, Math.max(confirmedFrame, firstFrame - 1));
    }
    return confirmed;
  }

  /**
   * The same, by what they told alone: also of who has not begun yet. What it has not confirmed it does not know.
   */
  toldFrame(): number {
    let told = ALWAYS;
    for (const { isGone, confirmedFrame } of this.#list) if (!isGone) told = Math.min(told, confirmedFrame);
    return told;
  }

  /** Those who have not told that they confirmed `frame`: bits by rank. */
  lacking(frame: number): number {
    let lacking = 0;
    for (const { isGone, confirmedFrame, member } of this.#list) if (!isGone && confirmedFrame < frame) lacking |= 1 << member;
    return lacking;
  }
}
