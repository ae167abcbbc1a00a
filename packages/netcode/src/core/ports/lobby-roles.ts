import type { LobbyState, Member } from "./lobby-types.ts";

/** Who plays, and takes up the capacity. */
export function playersOf({ members }: Pick<LobbyState, "members">): readonly Member[] {
  return members.filter(({ role }) => role === undefined);
}

/** The member in another role: a field that is not there is not `undefined` either, so that a lobby is the same as JSON. */
export function withRole(
  { role: _role, queueNumber: _queueNumber, ...member }: Member,
  { role, queueNumber }: Pick<Member, "role" | "queueNumber">,
): Member {
  if (role === undefined) return member;
  return queueNumber === undefined ? { ...member, role } : { ...member, role, queueNumber };
}
