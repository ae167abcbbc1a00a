import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import { withRole } from "./lobby-roles.ts";
import type { LobbyChange, LobbyState, MatchAgreement, Member } from "./lobby-types.ts";

/**
 * The lobby after one change. Pure; run by the broker and by every member alike, so that all hold the same lobby.
 *
 * `undefined` when the change does not fit: `eventNumber` is not the next one, or the change names a member, a seat or a match that is not there (or is
 * there already). A member has then missed something and resumes for a full state; for the broker it is a bug.
 */
export function applyLobbyChange(state: LobbyState, eventNumber: number, change: LobbyChange): LobbyState | undefined {
  if (eventNumber !== state.event + 1) return undefined;
  const changed = changedFields(state, change);
  return changed === undefined ? undefined : { ...state, ...changed, event: eventNumber };
}

function changedFields(state: LobbyState, change: LobbyChange): Partial<LobbyState> | undefined {
  switch (change.type) {
    case "member-joined":
      return withMember(state.members, change.member);
    case "member-left":
      return holds(state, change.peerId) ? { members: state.members.filter((member) => member.peerId !== change.peerId) } : undefined;
    case "member-disconnected":
      return patchMember(state, change.peerId, { connected: false });
    case "member-returned":
      return returnMember(state, change.peerId, change.member);
    case "member-changed":
      return patchMember(state, change.peerId, { profile: change.profile, ready: change.ready });
    case "role-changed":
      return mapMember(state, change.peerId, (member) => withRole(member, change));
    case "host-changed":
      return holds(state, change.hostId) && change.hostEpoch > state.hostEpoch
        ? { hostId: change.hostId, hostEpoch: change.hostEpoch }
        : undefined;
    case "settings-changed":
      return { settings: change.settings };
    case "metadata-changed":
      return { metadata: change.metadata };
    case "locked-changed":
      return { locked: change.locked };
    case "capacity-changed":
      return { capacity: change.capacity };
    case "door-changed":
      return { door: change.door };
    case "idle-changed":
      return { idle: change.idle };
    case "match-started":
      return startMatch(state, change.match);
    case "match-ended":
      return state.match?.matchNumber === change.matchNumber ? { match: undefined } : undefined;
    default:
      return unreachable(change);
  }
}

function holds(state: LobbyState, peerId: PeerId): boolean {
  return state.members.some((member) => member.peerId === peerId);
}

function withMember(members: readonly Member[], joined: Member): Partial<LobbyState> | undefined {
  const clash = members.some((member) => member.peerId === joined.peerId || member.seat === joined.seat || member.order === joined.order);
  return clash ? undefined : { members: [...members, joined].sort((left, right) => left.seat - right.seat) };
}

function patchMember(state: LobbyState, peerId: PeerId, patch: Partial<Member>): Partial<LobbyState> | undefined {
  return mapMember(state, peerId, (member) => ({ ...member, ...patch }));
}

function mapMember(state: LobbyState, peerId: PeerId, map: (member: Member) => Member): Partial<LobbyState> | undefined {
  if (!holds(state, peerId)) return undefined;
  return { members: state.members.map((member) => (member.peerId === peerId ? map(member) : member)) };
}

/** Same seat, perhaps another peer id. A host that comes back as a new peer starts a new host epoch: the old page may still be talking. */
function returnMember(state: LobbyState, peerId: PeerId, member: Member): Partial<LobbyState> | undefined {
  const before = state.members.find((item) => item.peerId === peerId);
  if (before === undefined || before.seat !== member.seat) return undefined;
  const members = withMember(
    state.members.filter((item) => item !== before),
    member,
  );
  if (members === undefined || peerId === member.peerId) return members;
  const match = state.match === undefined ? undefined : renameSeats(state.match, peerId, member.peerId);
  const host = peerId === state.hostId ? { hostId: member.peerId, hostEpoch: state.hostEpoch + 1 } : {};
  return { ...members, ...host, match };
}

/** Who comes back as another peer finds its seats in the running match under the new name. */
function renameSeats(match: MatchAgreement, before: PeerId, after: PeerId): MatchAgreement {
  const seats = match.seats.map((seat) => (seat.kind === "person" && seat.peerId === before ? { ...seat, peerId: after } : seat));
  // Ranks in the match begin with its host: a returning page must come to the same ones.
  return { ...match, seats, hostId: match.hostId === before ? after : match.hostId };
}

/** Everybody's `ready` was for this match; the next one is asked anew. */
function startMatch(state: LobbyState, match: MatchAgreement): Partial<LobbyState> | undefined {
  if (state.match !== undefined || match.matchNumber !== state.matchCount + 1) return undefined;
  return { match, matchCount: match.matchNumber, members: state.members.map((member) => ({ ...member, ready: false })) };
}
