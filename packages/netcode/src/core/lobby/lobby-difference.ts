import type { LobbyChange, LobbyState, Member } from "../ports/lobby-protocol.ts";

/**
 * The changes that lead from one state of a lobby to a later one, for a member that missed the events between them.
 * What came and went in between leaves no trace. Members are told apart by peer id: a reload that was missed shows as one
 * who left and another who joined.
 */
export function lobbyDifference(before: LobbyState, after: LobbyState): LobbyChange[] {
  const changes: LobbyChange[] = [];
  if (before.match !== undefined && before.match.matchNumber !== after.match?.matchNumber) {
    changes.push({ type: "match-ended", matchNumber: before.match.matchNumber });
  }
  addMemberChanges(before, after, changes);
  if (before.hostId !== after.hostId) {
    changes.push({ type: "host-changed", hostId: after.hostId, hostEpoch: after.hostEpoch });
  }
  if (!equalJson(before.settings, after.settings)) changes.push({ type: "settings-changed", settings: after.settings });
  if (!equalJson(before.metadata, after.metadata)) changes.push({ type: "metadata-changed", metadata: after.metadata });
  if (before.locked !== after.locked) changes.push({ type: "locked-changed", locked: after.locked });
  if (before.capacity !== after.capacity) changes.push({ type: "capacity-changed", capacity: after.capacity });
  if (!equalJson(before.door, after.door)) changes.push({ type: "door-changed", door: after.door });
  if (before.idle !== after.idle) changes.push({ type: "idle-changed", idle: after.idle });
  if (after.match !== undefined && before.match?.matchNumber !== after.match.matchNumber) {
    changes.push({ type: "match-started", match: after.match });
  }
  return changes;
}

function addMemberChanges(before: LobbyState, after: LobbyState, changes: LobbyChange[]): void {
  for (const member of before.members) {
    if (findMember(after, member) === undefined) changes.push({ type: "member-left", peerId: member.peerId, reason: "left" });
  }
  for (const member of after.members) {
    const earlier = findMember(before, member);
    if (earlier === undefined) changes.push({ type: "member-joined", member });
    else addOneMemberChange(earlier, member, changes);
  }
}

function addOneMemberChange(earlier: Member, member: Member, changes: LobbyChange[]): void {
  const { peerId, role, queueNumber } = member;
  if (role !== earlier.role || queueNumber !== earlier.queueNumber) {
    changes.push({
      type: "role-changed",
      peerId,
      ...(role === undefined ? {} : { role }),
      ...(queueNumber === undefined ? {} : { queueNumber }),
    });
  }
  if (member.order !== earlier.order || (member.connected && !earlier.connected)) {
    changes.push({ type: "member-returned", peerId, member });
    return;
  }
  if (!member.connected && earlier.connected) changes.push({ type: "member-disconnected", peerId });
  if (member.ready !== earlier.ready || !equalJson(member.profile, earlier.profile)) {
    changes.push({ type: "member-changed", peerId, profile: member.profile, ready: member.ready });
  }
}

function findMember(state: LobbyState, wanted: Member): Member | undefined {
  return state.members.find((member) => member.peerId === wanted.peerId);
}

/** The broker keeps the key order of what it was given, so equal values have equal text; a false alarm only draws once more. */
function equalJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
