import { LOBBY_TIMES, type EntranceAttempt, type GameIdentity, type PeerId, type Profile } from "@rollcall/netcode/lobby-protocol";
import type { LobbyAnswer } from "./lobby.ts";
import type { LobbyDraft, LobbyRefusal } from "./lobby-draft.ts";
import { barOf, barOfSecret } from "./lobby-bans.ts";
import { provesPassword } from "./lobby-password.ts";
import { roleOfNewcomer } from "./lobby-roles.ts";
import { FORMER_PAGES, isMember, type SeatRecord } from "./lobby-record.ts";
import { cleanProfile } from "./profile.ts";

/** Where somebody comes from. */
export interface Origin {
  readonly address: string;
  /** `null`: the browser does not say. */
  readonly deviceHash: string | null;
}

/** A stranger at the door, or one that asks again. `peerId` is that of its key, `secretHash` is fresh. */
export interface JoinRequest extends Origin {
  readonly type: "join";
  readonly game: GameIdentity;
  readonly profile: Profile;
  readonly as: "player" | "spectator" | "queue";
  /** A proof, and the text that it is of; `null`: none, or not for here and now. */
  readonly password: { readonly text: string; readonly proof: string } | null;
  /** `null`: it has none. */
  readonly reservationHash: string | null;
  readonly entrance: EntranceAttempt | null;
  readonly peerId: PeerId;
  readonly secretHash: string;
}

/** Somebody whose lobby may be this one: it heard no answer when it opened it. `secretHash` is fresh. */
export interface ReenterRequest extends Origin {
  readonly type: "reenter";
  readonly entrance: EntranceAttempt;
  readonly secretHash: string;
}

/** Somebody with the secret of a kept seat. `freshPeerId`: that of the key of a fresh page. */
export interface ResumeRequest extends Origin {
  readonly type: "resume";
  readonly secretHash: string;
  readonly freshPeerId: PeerId | undefined;
}

/** A key is one page's. */
export const KEY_TAKEN: LobbyRefusal = { code: "BAD_REQUEST", detail: "This key is another member's." };

/** The page of a seat that a later page took over, while it was not heard. */
const REPLACED: LobbyRefusal = { code: "SEAT_EXPIRED", goodbye: "REPLACED" };

/**
 * A new seat, the smallest that is free; or the seat that an earlier attempt of this entrance took. Who is banned sees what a wrong code sees; who was just kicked hears when to come again; the
 * rest is told only after that.
 */
export function joinLobby(draft: LobbyDraft, request: JoinRequest): LobbyAnswer {
  const { entrance, address, deviceHash } = request;
  if (entrance !== null && seatOfEntrance(draft, entrance) !== undefined)
    return reenterSeat(draft, { ...request, type: "reenter", entrance });
  const bar = barOf(draft.record, request, draft.nowMs);
  if (bar !== undefined) return refused(bar);
  if (isMember(draft, request.peerId)) return refused(KEY_TAKEN);
  const { lobby } = draft;
  if (!sameGame(lobby.game, request.game)) return refused({ code: "VERSION_MISMATCH", expected: lobby.game });
  if (lobby.locked) return refused({ code: "LOBBY_LOCKED" });
  const { password } = draft.record;
  if (password !== null) {
    if (request.password === null) return refused({ code: "PASSWORD_REQUIRED" });
    if (!provesPassword(password, request.password.text, request.password.proof)) return refused({ code: "WRONG_PASSWORD" });
  }
  const role = roleOfNewcomer(draft, request.as, request.reservationHash);
  if ("code" in role) return refused(role);
  const taken = new Set(lobby.members.map((member) => member.seat));
  let seat = 0;
  while (taken.has(seat)) seat++;
  const { peerId, secretHash } = request;
  const connection = draft.takeConnection();
  draft.addSeat(newSeat({ peerId, secretHash, address, deviceHash, entrance, connection }));
  draft.change({
    type: "member-joined",
    member: {
      peerId,
      seat,
      order: draft.takeOrder(),
      profile: cleanProfile(request.profile, seat),
      ready: false,
      connected: true,
      ...role,
    },
  });
  return { ok: true, entrance: { peerId, connection } };
}

/**
 * The seat of an earlier attempt whose answer was lost, under the new secret. An older attempt that was held up on the way would throw out the
 * newer one, which lives: it is refused.
 */
export function reenterSeat(draft: LobbyDraft, request: ReenterRequest): LobbyAnswer {
  const { entrance, secretHash, address, deviceHash } = request;
  const seat = seatOfEntrance(draft, entrance);
  if (seat === undefined) return refused({ code: "SEAT_EXPIRED" });
  if (entrance.attempt <= (seat.entrance?.attempt ?? 0)) return refused({ code: "BAD_REQUEST", detail: "A later attempt has this seat." });
  const { peerId } = seat;
  const connection = draft.takeConnection();
  draft.patchSeat(peerId, { secretHash, address, deviceHash, entrance, connection, disconnectedAtMs: null });
  draft.confirmReturn(draft.member(peerId).seat);
  returnMember(draft, peerId);
  return { ok: true, entrance: { peerId, connection } };
}

/**
 * Back in the same seat. A fresh page is another peer: the id of its key, higher order (so that it dials), not ready. A page that only lost its socket stays
 * who it is; when nobody noticed, nobody is told.
 */
export function resumeSeat(draft: LobbyDraft, request: ResumeRequest): LobbyAnswer {
  const bar = barOfSecret(draft.record, request.secretHash, draft.nowMs);
  if (bar !== undefined) return refused(bar);
  const seat = draft.record.seats.find((item) => item.secretHash === request.secretHash);
  if (seat === undefined) return refused({ code: "SEAT_EXPIRED" });
  const before = draft.member(seat.peerId);
  const peerId = request.freshPeerId ?? seat.peerId;
  // The same as now: a fresh page that heard no answer asks again.
  const isFresh = peerId !== seat.peerId;
  if (isFresh && isMember(draft, peerId)) return refused(KEY_TAKEN);
  if (isFresh && seat.formerPeerIds.includes(peerId)) return refused(REPLACED);
  const connection = draft.takeConnection();
  const { address, deviceHash } = request;
  // Who has the secret has heard the answer: whatever attempt is still on its way comes too late.
  const entrance = seat.entrance === null ? null : { ...seat.entrance, attempt: Number.MAX_SAFE_INTEGER };
  const formerPeerIds = isFresh ? [...seat.formerPeerIds, seat.peerId].slice(-FORMER_PAGES) : seat.formerPeerIds;
  draft.patchSeat(seat.peerId, { peerId, formerPeerIds, address, deviceHash, entrance, connection, disconnectedAtMs: null });
  draft.confirmReturn(before.seat);
  if (isFresh) {
    const member = { ...before, peerId, order: draft.takeOrder(), ready: false, connected: true };
    draft.change({ type: "member-returned", peerId: before.peerId, member });
    draft.endDesertedMatch();
  } else returnMember(draft, peerId);
  return { ok: true, entrance: { peerId, connection } };
}

/** The seat of somebody who has just come in. */
export function newSeat(seat: Omit<SeatRecord, "formerPeerIds" | "disconnectedAtMs" | "keptMs">): SeatRecord {
  return { ...seat, formerPeerIds: [], disconnectedAtMs: null, keptMs: LOBBY_TIMES.seatKeptMs };
}

/** Told only when somebody noticed that it was away. */
function returnMember(draft: LobbyDraft, peerId: PeerId): void {
  const member = draft.member(peerId);
  if (!member.connected) draft.change({ type: "member-returned", peerId, member: { ...member, connected: true } });
}

function seatOfEntrance(draft: LobbyDraft, { id }: EntranceAttempt): SeatRecord | undefined {
  return draft.record.seats.find((seat) => seat.entrance?.id === id);
}

function sameGame(left: GameIdentity, right: GameIdentity): boolean {
  return left.id === right.id && left.version === right.version && left.contentHash === right.contentHash;
}

function refused(refusal: LobbyRefusal): LobbyAnswer {
  return { ok: false, refusal };
}
