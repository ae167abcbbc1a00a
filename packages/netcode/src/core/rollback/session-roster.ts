import { assert } from "../base/assert.ts";
import { PLAYERS_MAX, type PeerId } from "../base/units.ts";
import type { SessionPlayer } from "../ports/session.ts";

export interface SessionRosterOptions {
  readonly localPeerId: PeerId;
  readonly hostId: PeerId;
  readonly players: readonly SessionPlayer[];
}

/**
 * The peers that hold the seats of a match, by rank: the lobby host first, then by lowest player index. All peers come to the same ranks, since they
 * hold the same players; sets of members travel as bits by rank.
 */
export class SessionRoster {
  readonly peerIds: readonly PeerId[];
  /** Players of each member, by rising index. */
  readonly playersOf: readonly (readonly number[])[];
  /** Our rank; −1 when we hold no player, which is allowed only while nobody else does. */
  readonly localMember: number;
  readonly localPlayers: readonly number[];

  constructor(options: SessionRosterOptions) {
    const { players, hostId, localPeerId } = options;
    assert(players.length >= 1 && players.length <= PLAYERS_MAX, `1 to ${PLAYERS_MAX} players`);
    const peerIds: PeerId[] = players.some((player) => player.peerId === hostId) ? [hostId] : [];
    for (const { peerId } of players) if (peerId !== undefined && !peerIds.includes(peerId)) peerIds.push(peerId);
    this.peerIds = peerIds;
    this.playersOf = peerIds.map((peerId) => players.flatMap((player, index) => (player.peerId === peerId ? [index] : [])));
    this.localMember = peerIds.indexOf(localPeerId);
    assert(this.localMember >= 0 || peerIds.length === 0, "a session's own peer among its players (who only watches has no session)");
    this.localPlayers = this.playersOf[this.localMember] ?? [];
  }

  /** The rank of `peerId`; −1 for a stranger. */
  memberOf(peerId: PeerId): number {
    return this.peerIds.indexOf(peerId);
  }
}
