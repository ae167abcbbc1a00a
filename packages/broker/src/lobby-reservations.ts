/** Seats that the host holds for people whom it invited. Pure. */
import { LOBBY_LIMITS, playersOf } from "@rollcall/netcode/lobby-protocol";
import type { LobbyDraft, LobbyRefusal } from "./lobby-draft.ts";
import type { LobbyRecord, ReservationRecord } from "./lobby-record.ts";

/** Those that hold a seat. */
export function heldReservations({ reservations }: LobbyRecord): readonly ReservationRecord[] {
  return reservations.filter(({ isUsed }) => !isUsed);
}

/** Holds a seat for each of `hashes` that is new. Players and held seats together are never more than the capacity. */
export function reserveSeats(draft: LobbyDraft, hashes: readonly string[], untilMs: number): LobbyRefusal | undefined {
  const { lobby, record } = draft;
  const known = new Set(record.reservations.map(({ hash }) => hash));
  const fresh = [...new Set(hashes)].filter((hash) => !known.has(hash));
  const held = lobby.door.reserved + fresh.length;
  if (playersOf(lobby).length + held > lobby.capacity || lobby.members.length + held > LOBBY_LIMITS.members) return { code: "LOBBY_FULL" };
  if (fresh.length > 0)
    draft.setReservations(withinBound([...record.reservations, ...fresh.map((hash) => ({ hash, untilMs, isUsed: false }))]));
  return undefined;
}

/** Somebody came with the reservation of `hash`. False: there is none, or not any more. */
export function takeReservedSeat(draft: LobbyDraft, hash: string): boolean {
  const held = heldReservations(draft.record).some((reservation) => reservation.hash === hash);
  if (held)
    draft.setReservations(
      draft.record.reservations.map((reservation) => (reservation.hash === hash ? { ...reservation, isUsed: true } : reservation)),
    );
  return held;
}

/** Gives back the seats of these; used ones that are over are forgotten with them. */
export function releaseSeats(draft: LobbyDraft, isOver: (reservation: ReservationRecord) => boolean): void {
  const { reservations } = draft.record;
  if (reservations.some(isOver)) draft.setReservations(reservations.filter((reservation) => !isOver(reservation)));
}

/** Of used ones the oldest give way; those that hold a seat are at most as many as there are seats. */
function withinBound(reservations: readonly ReservationRecord[]): readonly ReservationRecord[] {
  let tooMany = reservations.length - LOBBY_LIMITS.reservations;
  return reservations.filter(({ isUsed }) => !isUsed || tooMany-- <= 0);
}
