import type { GameIdentity, PeerId, Profile } from "@rollcall/netcode/lobby-protocol";
import type { LobbyAnswer } from "./lobby.ts";
import type { LobbyDraft, LobbyRefusal } from "./lobby-draft.ts";
import { cleanProfile } from "./profile.ts";

/** A stranger at the door. `peerId` and `secretHash` are fresh. */
export interface JoinRequest {
  readonly type: "join";
  readonly game: GameIdentity;
  readonly profile: Profile;
  readonly address: string;
  readonly peerId: PeerId;
  readonly secretHash: string;
}

/** Somebody with the secret of a kept seat. `peerId` is fresh, and used when the page is. */
export interface ResumeRequest {
  readonly type: "resume";
  readonly secretHash: string;
  readonly freshPage: boolean;
  readonly peerId: PeerId;
}

/** A new seat, the smallest that is free. A banned address sees what a wrong code sees; the rest is told only after that. */
export function joinLobby(draft: LobbyDraft, request: JoinRequest): LobbyAnswer {
  const { lobby, bannedAddresses } = { lobby: draft.lobby, bannedAddresses: draft.record.bannedAddresses };
  if (bannedAddresses.includes(request.address)) return refused({ code: "LOBBY_NOT_FOUND" });
  if (!sameGame(lobby.game, request.game)) return refused({ code: "VERSION_MISMATCH", expected: lobby.game });
  if (lobby.locked) return refused({ code: "LOBBY_LOCKED" });
  if (lobby.members.length >= lobby.capacity) return refused({ code: "LOBBY_FULL" });
  const taken = new Set(lobby.members.map((member) => member.seat));
  let seat = 0;
  while (taken.has(seat)) seat++;
  const { peerId, secretHash, address } = request;
  const connection = draft.takeConnection();
  draft.addSeat({ peerId, secretHash, address, connection, disconnectedAtMs: null });
  draft.change({
    type: "member-joined",
    member: { peerId, seat, order: draft.takeOrder(), profile: cleanProfile(request.profile, seat), ready: false, connected: true },
  });
  return { ok: true, entrance: { peerId, connection } };
}

/**
 * Back in the same seat. A fresh page is another peer: new id, higher order (so that it dials), not ready. A page that only lost its socket stays
 * who it is; when nobody noticed, nobody is told.
 */
export function resumeSeat(draft: LobbyDraft, request: ResumeRequest): LobbyAnswer {
  if (draft.record.bannedSecretHashes.includes(request.secretHash)) return refused({ code: "LOBBY_NOT_FOUND" });
  const seat = draft.record.seats.find((item) => item.secretHash === request.secretHash);
  if (seat === undefined) return refused({ code: "SEAT_EXPIRED" });
  const before = draft.member(seat.peerId);
  const peerId = request.freshPage ? request.peerId : seat.peerId;
  const connection = draft.takeConnection();
  draft.patchSeat(seat.peerId, { peerId, connection, disconnectedAtMs: null });
  if (request.freshPage) {
    const member = { ...before, peerId, order: draft.takeOrder(), ready: false, connected: true };
    draft.change({ type: "member-returned", peerId: before.peerId, member });
    draft.endDesertedMatch();
  } else if (!before.connected) {
    draft.change({ type: "member-returned", peerId, member: { ...before, connected: true } });
  }
  return { ok: true, entrance: { peerId, connection } };
}

function sameGame(left: GameIdentity, right: GameIdentity): boolean {
  return left.id === right.id && left.version === right.version && left.contentHash === right.contentHash;
}

function refused(refusal: LobbyRefusal): LobbyAnswer {
  return { ok: false, refusal };
}
