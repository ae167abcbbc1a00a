/** Who plays, who watches and who waits. */
import { LOBBY_LIMITS, playersOf, type LobbyState, type Member, type PeerId } from "@rollcall/netcode/lobby-protocol";
import type { LobbyDraft, LobbyRefusal } from "./lobby-draft.ts";
import { takeReservedSeat } from "./lobby-reservations.ts";

type Role = Pick<Member, "role" | "queueNumber">;

const PLAYER: Role = {};
const FULL: LobbyRefusal = { code: "LOBBY_FULL" };

/** In which role somebody may come in who comes `as` that, perhaps to a seat that is held for it. */
export function roleOfNewcomer(
  draft: LobbyDraft,
  as: "player" | "spectator" | "queue",
  reservationHash: string | null,
): Role | LobbyRefusal {
  const { lobby } = draft;
  if (as !== "spectator" && reservationHash !== null && takeReservedSeat(draft, reservationHash)) return PLAYER;
  if (lobby.members.length + lobby.door.reserved >= LOBBY_LIMITS.members) return FULL;
  if (as !== "spectator" && hasSeat(lobby)) return PLAYER;
  if (as === "player" || !hasRoom(lobby)) return FULL;
  return as === "spectator" ? { role: "spectator" } : queued(lobby);
}

/** A member wants another role. One that wants what it has changes nothing, and keeps its place in the queue. */
export function changeRole(draft: LobbyDraft, peerId: PeerId, wanted: "player" | "spectator"): LobbyRefusal | undefined {
  const { lobby } = draft;
  const member = draft.member(peerId);
  if (wanted === "spectator") {
    if (member.role === "spectator") return undefined;
    // Whoever leaves a seat needs one in the audience; who waits there has it.
    if (member.role === undefined && !hasRoom(lobby)) return FULL;
    setRole(draft, member, { role: "spectator" });
  } else if (member.role === "spectator") setRole(draft, member, hasSeat(lobby) ? PLAYER : queued(lobby));
  return undefined;
}

/** Gives free seats to who has waited longest, of those that are there. */
export function promoteQueued(draft: LobbyDraft): void {
  while (hasSeat(draft.lobby)) {
    const [next] = draft.lobby.members
      .filter(({ role, connected }) => role === "queued" && connected)
      .toSorted((left, right) => (left.queueNumber ?? 0) - (right.queueNumber ?? 0));
    if (next === undefined) return;
    setRole(draft, next, PLAYER);
  }
}

function setRole(draft: LobbyDraft, { peerId, profile, ready }: Member, role: Role): void {
  draft.change({ type: "role-changed", peerId, ...role });
  // It was ready for what it did before.
  if (ready) draft.change({ type: "member-changed", peerId, profile, ready: false });
}

function hasSeat(lobby: LobbyState): boolean {
  return playersOf(lobby).length + lobby.door.reserved < lobby.capacity;
}

function hasRoom(lobby: LobbyState): boolean {
  return lobby.members.length - playersOf(lobby).length < lobby.door.audience;
}

function queued({ members }: LobbyState): Role {
  return { role: "queued", queueNumber: 1 + Math.max(0, ...members.map(({ queueNumber = 0 }) => queueNumber)) };
}
