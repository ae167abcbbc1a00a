import type { EntranceAttempt, LobbyChange, LobbyState, PasswordVerifier, PeerId } from "@rollcall/netcode/lobby-protocol";

/** What the broker keeps about a member and tells nobody. */
export interface SeatRecord {
  readonly peerId: PeerId;
  /** The pages that had the seat before, oldest first: they are over, and do not get it back. */
  readonly formerPeerIds: readonly PeerId[];
  /** Hash of the resume secret: a copy of the store gives no seats away. */
  readonly secretHash: string;
  /** Where the member came from, as the limits see it; for a ban. */
  readonly address: string;
  /** Hash of what its browser calls itself, if it does; for a ban. */
  readonly deviceHash: string | null;
  /** The attempt that has the seat, with the hash of its id; `null` for a member that cannot ask again. */
  readonly entrance: EntranceAttempt | null;
  /** Rises with each socket of this seat. Only the newest may act, and only its end counts. */
  readonly connection: number;
  /** The node that has the newest socket, where nodes share the store. */
  readonly node?: string;
  /** When the newest socket closed; `null` while it is open. */
  readonly disconnectedAtMs: number | null;
  /** How long it is kept from then on. */
  readonly keptMs: number;
}

/** Somebody who was kicked or banned, by everything that the broker knew of its seat. */
export interface BanRecord {
  readonly id: number;
  /** As the host saw it. */
  readonly name: string;
  readonly peerId: PeerId;
  readonly secretHash: string;
  readonly deviceHash: string | null;
  /** `null`: a member that stayed had it, too. */
  readonly address: string | null;
  /** `null`: while the lobby lives. */
  readonly untilMs: number | null;
  /** Of a kick: over in a moment, told to whoever knocks, and none of the host's list. */
  readonly isPause: boolean;
}

/** A change with its number in the lobby. */
export interface NumberedChange {
  readonly event: number;
  readonly change: LobbyChange;
}

/** While a lobby that its members brought back is not certain to be the newest that they have. */
export interface Restoration {
  /** `revision` of the copy that it came from. */
  readonly baseRevision: number;
  /** Seats of the members that were connected when that copy was made, and those of them who have not come back. */
  readonly seats: readonly number[];
  readonly awaitedSeats: readonly number[];
  readonly hostSeat: number;
}

/** A player's seat that is held. */
export interface ReservationRecord {
  /** Of what whoever comes for it has to show. */
  readonly hash: string;
  readonly untilMs: number;
  /** Somebody came: no seat is held any more, and nobody comes with it again. */
  readonly isUsed: boolean;
}

/** How long nothing was done in a lobby. */
export interface Idleness {
  /** What is too long. */
  readonly limitMs: number;
  /** When something was done last, as far as it was noted. */
  readonly sinceMs: number;
  /** When everybody was told that the lobby will be closed. */
  readonly warnedAtMs: number | null;
}

/** A lobby as the store keeps it: plain JSON, so that any store can hold it. Without members it is over. */
export interface LobbyRecord {
  /** Tells this lobby from others that had its code before, or will have. */
  readonly life: { readonly id: string; readonly openedAtMs: number };
  /** Rises when the members have brought the lobby back to a broker that lost it: what they kept from before is history then. */
  readonly generation: number;
  /** Rises with each write. */
  readonly revision: number;
  readonly restoration: Restoration | null;
  readonly lobby: LobbyState;
  /** What checks the password, if there is one. */
  readonly password: PasswordVerifier | null;
  readonly seats: readonly SeatRecord[];
  readonly nextOrder: number;
  readonly nextConnection: number;
  /** Oldest first. */
  readonly bans: readonly BanRecord[];
  readonly nextBan: number;
  readonly idleness: Idleness;
  /** Oldest first. */
  readonly reservations: readonly ReservationRecord[];
  /** The newest changes, for members whose socket was away; numbers are dense and end at `lobby.event`. */
  readonly recent: readonly NumberedChange[];
}

/**
 * Changes kept for members that come back. A page that reconnects within its 90 s has missed a handful; half as many would make full
 * lobbies send whole states after a common outage, twice as many only cost memory.
 */
export const RECENT_CHANGES = 32;

/** And their size: the largest settings eight times over. What no longer fits costs a returning member a full state instead. */
export const RECENT_BYTES = 32_768;

/** Most pages of a seat that are remembered as over: of sixteen reloads ago, none is left that could ask. */
export const FORMER_PAGES = 16;

export function isMember({ lobby }: Pick<LobbyRecord, "lobby">, peerId: PeerId): boolean {
  return lobby.members.some((member) => member.peerId === peerId);
}

/** Changes after `lastEvent`, when all of them are still known; else none: the whole state comes with the admission anyway. */
export function changesAfter({ recent }: LobbyRecord, lastEvent: number): readonly NumberedChange[] {
  const missed = recent.filter((item) => item.event > lastEvent);
  return missed[0]?.event === lastEvent + 1 ? missed : [];
}
