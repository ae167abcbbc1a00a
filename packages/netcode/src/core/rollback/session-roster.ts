import { assert } from "../base/assert.ts";
import { PLAYERS_MAX, type PeerId } from "../base/units.ts";
import type { SessionPlayer } from "../ports/session.ts";
import type { TimelineEntry } from "./timeline.ts";

export interface SessionRosterOptions {
  readonly localPeerId: PeerId;
  readonly hostId: PeerId;
  readonly players: readonly SessionPlayer[];
  /** What happened before we joined. */
  readonly timeline?: readonly TimelineEntry[];
}

/**
 * The slots of a match and who holds them, by rank: the lobby host first, then by lowest player index those that a peer holds from the start, then one for each
 * seat that begins as a bot's. A slot keeps its players and its rank; its holder changes when somebody joins into it. All peers come to the same ranks, since
 * they hold the same players; sets of members travel as bits by rank.
 */
export class SessionRoster {
  /** Players of each slot, by rising index. */
  readonly playersOf: readonly (readonly number[])[];
  /** Our slot; −1 when we hold no player, which is allowed only while nobody else does. */
  readonly localMember: number;
  readonly localPlayers: readonly number[];
  /** The last holder of each slot, who may be gone; `undefined` for a bot's from the start, and for who joined into another since. */
  readonly #holders: (PeerId | undefined)[];
  readonly #generations: number[];
  readonly #heldCount: number;

  constructor(options: SessionRosterOptions) {
    const { players, hostId, localPeerId } = options;
    assert(players.length >= 1 && players.length <= PLAYERS_MAX, `1 to ${PLAYERS_MAX} players`);
    const holders: (PeerId | undefined)[] = players.some((player) => player.peerId === hostId) ? [hostId] : [];
    for (const { peerId } of players) if (peerId !== undefined && !holders.includes(peerId)) holders.push(peerId);
    const playersOf = holders.map((peerId) => players.flatMap((player, index) => (player.peerId === peerId ? [index] : [])));
    for (const [index, { peerId }] of players.entries()) if (peerId === undefined) playersOf.push([index]);
    this.playersOf = playersOf;
    this.#heldCount = holders.length;
    this.#holders = playersOf.map((_, slot) => holders[slot]);
    this.#generations = playersOf.map(() => 0);
    for (const entry of options.timeline ?? []) {
      const slot = entry.type === "seat-to-player" ? this.slotOf(entry.playerIndexes) : -1;
      if (slot >= 0) this.seat(slot, entry.peerId);
    }
    this.localMember = this.memberOf(localPeerId);
    const isEmpty = holders.length === 0;
    assert(this.localMember >= 0 || isEmpty, "a session's own peer among its players (who only watches has no session)");
    this.localPlayers = this.playersOf[this.localMember] ?? [];
  }

  /** The slot that `peerId` holds, or held last; −1 for a stranger. */
  memberOf(peerId: PeerId): number {
    return this.#holders.indexOf(peerId);
  }

  /** Who holds `slot`, or held it last. */
  holder(slot: number): PeerId | undefined {
    return this.#holders[slot];
  }

  /** False for the slot of a seat that begins as a bot's. */
  isHeldFromStart(slot: number): boolean {
    return slot < this.#heldCount;
  }

  /** How often somebody has joined into `slot`. */
  generation(slot: number): number {
    return this.#generations[slot] ?? 0;
  }

  get generations(): readonly number[] {
    return this.#generations;
  }

  /** The slot with exactly these players; −1 when there is none. */
  slotOf(playerIndexes: readonly number[]): number {
    return this.playersOf.findIndex(
      (players) => players.length === playerIndexes.length && players.every((player) => playerIndexes.includes(player)),
    );
  }

  /** `peerId` joins into `slot`. */
  seat(slot: number, peerId: PeerId): void {
    assert(slot >= 0 && slot < this.#holders.length, "a slot of this match");
    const former = this.memberOf(peerId);
    if (former >= 0) this.#holders[former] = undefined;
    this.#holders[slot] = peerId;
    this.#generations[slot] = this.generation(slot) + 1;
  }
}
