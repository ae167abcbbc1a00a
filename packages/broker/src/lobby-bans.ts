/** Who may not come in: what a ban is of, and when it ends. Pure. */
import { LOBBY_LIMITS, type Ban, type Member, type PeerId } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRefusal } from "./lobby-draft.ts";
import type { BanRecord, LobbyRecord, SeatRecord } from "./lobby-record.ts";

/** Everything that a newcomer can be known by. */
export interface Newcomer {
  readonly peerId: PeerId;
  readonly address: string;
  readonly deviceHash: string | null;
}

export type BanTime = Pick<BanRecord, "untilMs" | "isPause">;

interface NewBan extends BanTime {
  readonly seat: SeatRecord;
  readonly member: Member;
  readonly nowMs: number;
}

/** A seat, a key and a device are one person's. An address may be a whole school's: it is banned only when nobody who stays has it too. */
export function withBan(record: LobbyRecord, { seat, member, untilMs, isPause, nowMs }: NewBan): LobbyRecord {
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
    isPause,
  };
  return { ...record, bans: withinBound([...lasting(record, nowMs), ban]), nextBan: ban.id + 1 };
}

/** The oldest gives way, of those of kicks first. */
function withinBound(bans: readonly BanRecord[]): readonly BanRecord[] {
  if (bans.length <= LOBBY_LIMITS.bans) return bans;
  return bans.toSpliced(
    Math.max(
      0,
      bans.findIndex(({ isPause }) => isPause),
    ),
    1,
  );
}

export function withoutBan(record: LobbyRecord, id: number): LobbyRecord {
  return record.bans.some((ban) => ban.id === id) ? { ...record, bans: record.bans.filter((ban) => ban.id !== id) } : record;
}

/** Why this newcomer may not come in, if it may not. */
export function barOf(record: LobbyRecord, { peerId, address, deviceHash }: Newcomer, nowMs: number): LobbyRefusal | undefined {
  const isOf = (ban: BanRecord): boolean =>
    ban.peerId === peerId || ban.address === address || (deviceHash !== null && ban.deviceHash === deviceHash);
  return refusalOf(lasting(record, nowMs).filter(isOf), nowMs);
}

/** The same of whoever has this secret of a seat. */
export function barOfSecret(record: LobbyRecord, secretHash: string, nowMs: number): LobbyRefusal | undefined {
  return refusalOf(
    lasting(record, nowMs).filter((ban) => ban.secretHash === secretHash),
    nowMs,
  );
}

/** A ban looks like a wrong code. A kick is no secret to who was kicked, and soon over. */
function refusalOf(bans: readonly BanRecord[], nowMs: number): LobbyRefusal | undefined {
  if (bans.length === 0) return undefined;
  if (bans.some(({ isPause }) => !isPause)) return { code: "LOBBY_NOT_FOUND" };
  const untilMs = Math.max(...bans.map((ban) => ban.untilMs ?? nowMs));
  return { code: "KICKED", retryAfterMs: Math.ceil(untilMs - nowMs) };
}

/** As the host may see them. */
export function listBans(record: LobbyRecord, nowMs: number): Ban[] {
  return lasting(record, nowMs)
    .filter(({ isPause }) => !isPause)
    .map(({ id, name, untilMs }) => (untilMs === null ? { id, name } : { id, name, leftMs: Math.ceil(untilMs - nowMs) }));
}

function lasting({ bans }: LobbyRecord, nowMs: number): readonly BanRecord[] {
  return bans.filter(({ untilMs }) => untilMs === null || nowMs < untilMs);
}
