/**
 * How a lobby comes back to a broker that lost it. Members keep copies of its record; some are old, one may be from before its owner was kicked.
 *
 * - Copies are ranked: a later life of the code before an earlier one; then the generation, then the revision.
 * - A restored lobby is *certain* when more than half of the members that were connected in its copy are back, or just half with the host. Its generation
 *   rises then, and copies of earlier ones no longer count. A stale copy gets there only with a majority of its own time.
 * - Until then a copy that ranks higher takes its place.
 */
import { LOBBY_TIMES } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord, Restoration } from "./lobby-record.ts";

/**
 * Events, host epochs and connections of a restored lobby are counted on from the clock: in the moment that its copy missed, numbers were given out that
 * members remember, and a second restart from the same copy must not give them out again. This many for each millisecond, more than 64 members can
 * ask for; until the year 2248 they stay below 2^53.
 */
const NUMBERS_PER_MS = 1_024;
/** The least leap, for a clock that was set back: more than 64 members can ask for in the second that a copy may have missed. */
const LEAP = 65_536;

/** True when copy `left` is to be preferred to `right`. */
export function outranks(left: LobbyRecord, right: LobbyRecord): boolean {
  for (const [index, value] of rankOf(left).entries()) {
    const other = rankOf(right)[index] ?? 0;
    if (value !== other) return value > other;
  }
  return false;
}

/** A lobby that is not certain yet ranks as the copy that it came from, whatever happened in it since. */
function rankOf({ life, generation, restoration, revision }: LobbyRecord): readonly (number | string)[] {
  return [life.openedAtMs, life.id, generation, restoration?.baseRevision ?? revision, revision];
}

/** Whether the owner of this secret may speak for the lobby of `copy`: it has a seat there. */
export function holdsSeat({ seats, bans }: LobbyRecord, secretHash: string): boolean {
  return seats.some((seat) => seat.secretHash === secretHash) && !bans.some((ban) => ban.secretHash === secretHash);
}

/** Whether these owners of secrets make the lobby of `copy` certain. */
export function isCertain(copy: LobbyRecord, secretHashes: ReadonlySet<string>): boolean {
  const returned = copy.lobby.members.filter(({ peerId }) =>
    copy.seats.some((seat) => seat.peerId === peerId && secretHashes.has(seat.secretHash)),
  );
  const { restoration } = returned.reduce((record, { seat }) => withReturned(record, seat), begin(copy));
  return restoration === null;
}

/**
 * The lobby of `copy`, with nobody connected: as they resume, members come back into their seats; who does not within the usual time loses it.
 * `present`: the uncertain lobby whose place it takes.
 */
export function restoreLobby(
  copy: LobbyRecord,
  present: LobbyRecord | undefined,
  { nowMs, wallMs }: { readonly nowMs: number; readonly wallMs: number },
): LobbyRecord {
  const above = (number: number, other = 0): number => Math.max(number + LEAP, other + LEAP, Math.floor(wallMs) * NUMBERS_PER_MS);
  const { lobby } = copy;
  return {
    ...begin(copy),
    revision: Math.max(copy.revision, present?.revision ?? 0) + 1,
    lobby: {
      ...lobby,
      members: lobby.members.map((member) => ({ ...member, connected: false })),
      idle: false,
      event: above(lobby.event, present?.lobby.event),
      hostEpoch: above(lobby.hostEpoch, present?.lobby.hostEpoch),
    },
    seats: copy.seats.map((seat) => ({ ...seat, disconnectedAtMs: nowMs, keptMs: LOBBY_TIMES.seatKeptMs })),
    nextConnection: above(copy.nextConnection, present?.nextConnection),
    idleness: { ...copy.idleness, sinceMs: nowMs, warnedAtMs: null },
    recent: [],
  };
}

/** The member of `seat` is back. */
export function withReturned(record: LobbyRecord, seat: number): LobbyRecord {
  const { restoration } = record;
  if (restoration === null) return record;
  const awaitedSeats = restoration.awaitedSeats.filter((awaited) => awaited !== seat);
  return settle(record, { ...restoration, awaitedSeats });
}

function begin(copy: LobbyRecord): LobbyRecord {
  const { lobby, restoration, revision } = copy;
  const seats = restoration?.seats ?? lobby.members.filter(({ connected }) => connected).map((member) => member.seat);
  const hostSeat = restoration?.hostSeat ?? lobby.members.find(({ peerId }) => peerId === lobby.hostId)?.seat ?? 0;
  return settle(copy, { baseRevision: restoration?.baseRevision ?? revision, seats, awaitedSeats: seats, hostSeat });
}

function settle(record: LobbyRecord, restoration: Restoration): LobbyRecord {
  const { seats, awaitedSeats, hostSeat } = restoration;
  const returned = seats.length - awaitedSeats.length;
  const certain = returned * 2 > seats.length || (returned * 2 === seats.length && !awaitedSeats.includes(hostSeat));
  return certain ? { ...record, generation: record.generation + 1, restoration: null } : { ...record, restoration };
}
