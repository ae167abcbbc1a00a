/** Who may not come in: what a ban is of, and when it ends. Pure. */
import { LOBBY_LIMITS, type Ban, type Member, type PeerId } from "@rollcall/netcode/lobby-protocol";
import type { BanRecord, LobbyRecord, SeatRecord } from "./lobby-record.ts";

/** Everything that a newcomer can be known by. */
export interface Newcomer {
  readonly peerId: PeerId;
  readonly address: string;
  readonly deviceHash: string | null;
}

interface NewBan {
  readonly seat: SeatRecord;
  readonly member: Member;
  readonly untilMs: number | null;
  readonly nowMs: number;
}

/** A seat, a key and a device are one person's. An address may be a whole school's: it is banned only when nobody who stays has it too. */
export function withBan(record: LobbyRecord, { seat, member, untilMs, nowMs }: NewBan): LobbyRecord {
  const { peerId, secretHash, deviceHash, address } = seat;
  const isShared = record.seats.some((other) => other.peerId !== peerId && other.address === address);
  const ban: BanRecord = {
    id: record.nextBan,
    name: member.profile.name,
    peerId,
    secretHash,
    deviceHash,
    address: isShared ? null : address,
    untilMs,
  };
  return { ...record, bans: [...lasting(record, nowMs), ban].slice(-LOBBY_LIMITS.bans), nextBan: ban.id + 1 };
}

export function withoutBan(record: LobbyRecord, id: number): LobbyRecord {
  return record.bans.some((ban) => ban.id === id) ? { ...record, bans: record.bans.filter((ban) => ban.id !== id) } : record;
}

export function isBanned(record: LobbyRecord, { peerId, address, deviceHash }: Newcomer, nowMs: number): boolean {
  return lasting(record, nowMs).some(
    (ban) => ban.peerId === peerId || ban.address === address || (deviceHash !== null && ban.deviceHash === deviceHash),
  );
}

/** Whether whoever has this secret of a seat is out. */
export function isBannedSecret(record: LobbyRecord, secretHash: string, nowMs: number): boolean {
  return lasting(record, nowMs).some((ban) => ban.secretHash === secretHash);
}

/** As the host may see them. */
export function listBans(record: LobbyRecord, nowMs: number): Ban[] {
  return lasting(record, nowMs).map(({ id, name, untilMs }) =>
    untilMs === null ? { id, name } : { id, name, leftMs: Math.ceil(untilMs - nowMs) },
  );
}

function lasting({ bans }: LobbyRecord, nowMs: number): readonly BanRecord[] {
  return bans.filter(({ untilMs }) => untilMs === null || nowMs < untilMs);
}
