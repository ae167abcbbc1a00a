import type { PeerId } from "../core/base/units.ts";
import { playersOf } from "../core/ports/lobby-roles.ts";
import { NetcodeError } from "./netcode-error.ts";
import type { Admission, LobbyState, Member } from "../core/ports/lobby-protocol.ts";

export function memberOf({ members }: LobbyState, peerId: PeerId): Member | undefined {
  return members.find((member) => member.peerId === peerId);
}

/** We: as we came in, once the lobby is over for us. */
export function ownMember(state: LobbyState, { lobby, peerId }: Admission): Member {
  const me = memberOf(state, peerId) ?? memberOf(lobby, peerId);
  if (me === undefined) throw new NetcodeError("NOT_MEMBER");
  return me;
}

/** Players and their guests. */
export function peopleCount(lobby: LobbyState): number {
  return playersOf(lobby).reduce((sum, { profile }) => sum + 1 + (profile.guests?.length ?? 0), 0);
}

/** Whether seats of the running match, which bots play now, may go to `peerId`: back to who had them, and those of a bot, or of who is gone for good, to any member. */
export function mayTakeSeats(state: LobbyState, peerId: PeerId, playerIndexes: readonly number[]): boolean {
  const isFree = (player: number): boolean => {
    const seat = state.match?.seats[player];
    return seat !== undefined && (seat.kind === "bot" || seat.peerId === peerId || memberOf(state, seat.peerId) === undefined);
  };
  return memberOf(state, peerId) !== undefined && playerIndexes.every(isFree);
}
