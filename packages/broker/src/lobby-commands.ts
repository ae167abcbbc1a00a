import { LOBBY_TIMES, playersOf, type MatchSeat, type PeerId, type PlayerProfile, unreachable } from "@rollcall/netcode/lobby-protocol";
import type { LobbyAnswer, RoomCommand } from "./lobby.ts";
import type { BanTime } from "./lobby-bans.ts";
import type { LobbyDraft, LobbyRefusal } from "./lobby-draft.ts";
import { isMember } from "./lobby-record.ts";
import { releaseSeats, reserveSeats } from "./lobby-reservations.ts";
import { changeRole } from "./lobby-roles.ts";
import { cleanPlayer, cleanProfile } from "./profile.ts";

interface Commanding {
  readonly peerId: PeerId;
  readonly command: RoomCommand;
  readonly hostEpoch: number | undefined;
  readonly seed: number;
}

const DONE: LobbyAnswer = { ok: true, entrance: undefined };

/** A command of a member inside the lobby. */
export function commandLobby(draft: LobbyDraft, { peerId, command, hostEpoch, seed }: Commanding): LobbyAnswer {
  const { lobby } = draft;
  const isHost = lobby.hostId === peerId && (hostEpoch === undefined || hostEpoch === lobby.hostEpoch);
  const refusal = hostOnly(command) && !isHost ? { code: "NOT_HOST" as const } : apply(draft, peerId, command, seed);
  return refusal === undefined ? DONE : { ok: false, refusal };
}

/** The commands of everybody. */
const SHARED: ReadonlySet<RoomCommand["type"]> = new Set([
  "leave",
  "ice-servers",
  "keep-open",
  "set-profile",
  "set-ready",
  "set-role",
  "end-match",
]);

function hostOnly(command: RoomCommand): boolean {
  return !SHARED.has(command.type);
}

function apply(draft: LobbyDraft, peerId: PeerId, command: RoomCommand, seed: number): LobbyRefusal | undefined {
  switch (command.type) {
    case "leave":
      draft.remove(peerId, "left");
      return undefined;
    // Made out by the service, which has the secrets. To be a member is all that it takes.
    case "ice-servers":
      return undefined;
    // Noted like every command.
    case "keep-open":
      return undefined;
    case "set-profile": {
      const { seat, ready } = draft.member(peerId);
      draft.change({ type: "member-changed", peerId, profile: cleanProfile(command.profile, seat), ready });
      return undefined;
    }
    case "set-ready":
      draft.change({ type: "member-changed", peerId, profile: draft.member(peerId).profile, ready: command.ready });
      return undefined;
    case "set-role":
      return setRole(draft, peerId, command);
    case "set-settings":
      draft.change({ type: "settings-changed", settings: command.settings });
      return undefined;
    case "set-metadata":
      draft.change({ type: "metadata-changed", metadata: command.metadata });
      return undefined;
    case "set-locked":
      draft.change({ type: "locked-changed", locked: command.locked });
      return undefined;
    case "set-capacity":
      return setCapacity(draft, command.capacity);
    case "set-listed":
      draft.change({ type: "door-changed", door: { ...draft.lobby.door, listed: command.listed } });
      return undefined;
    case "set-audience":
      draft.change({ type: "door-changed", door: { ...draft.lobby.door, audience: command.audience } });
      return undefined;
    case "reserve":
      return reserveSeats(draft, command.reservations, draft.nowMs + command.forMs);
    case "unreserve": {
      const { reservations } = command;
      releaseSeats(draft, ({ hash, isUsed }) => !isUsed && (reservations === undefined || reservations.includes(hash)));
      return undefined;
    }
    case "set-password":
      draft.setPassword(command.password);
      return undefined;
    case "kick":
      return putOut(draft, peerId, { peerId: command.peerId, untilMs: draft.nowMs + LOBBY_TIMES.kickPauseMs, isPause: true });
    case "ban": {
      const untilMs = command.banMs === undefined ? null : draft.nowMs + command.banMs;
      return putOut(draft, peerId, { peerId: command.peerId, untilMs, isPause: false });
    }
    // Listed by the service, from the record. To be the host is all that it takes.
    case "bans":
      return undefined;
    case "unban":
      draft.unban(command.ban);
      return undefined;
    case "transfer-host":
      return transferHost(draft, command.peerId);
    case "start":
      return startMatch(draft, command, seed);
    case "end-match":
      return endMatch(draft, peerId, command.matchNumber);
    default:
      return unreachable(command);
  }
}

function setCapacity(draft: LobbyDraft, capacity: number): LobbyRefusal | undefined {
  if (capacity < playersOf(draft.lobby).length + draft.lobby.door.reserved)
    return { code: "BAD_REQUEST", detail: "The lobby has more players and held seats than that." };
  draft.change({ type: "capacity-changed", capacity });
  return undefined;
}

/** Of oneself, or the host of anybody: somebody who does not come back holds a seat that others wait for. */
function setRole(
  draft: LobbyDraft,
  sender: PeerId,
  { role, peerId = sender }: Extract<RoomCommand, { readonly type: "set-role" }>,
): LobbyRefusal | undefined {
  if (peerId !== sender && draft.lobby.hostId !== sender) return { code: "NOT_HOST" };
  return isMember(draft, peerId) ? changeRole(draft, peerId, role) : { code: "BAD_REQUEST", detail: "This member has gone." };
}

/** Who is gone already was wanted gone: no error. */
function putOut(draft: LobbyDraft, hostId: PeerId, { peerId, ...time }: BanTime & { readonly peerId: PeerId }): LobbyRefusal | undefined {
  if (peerId === hostId) return { code: "BAD_REQUEST", detail: "The host leaves instead." };
  if (!isMember(draft, peerId)) return undefined;
  draft.ban(peerId, time);
  draft.remove(peerId, time.isPause ? "kicked" : "banned");
  return undefined;
}

function transferHost(draft: LobbyDraft, peerId: PeerId): LobbyRefusal | undefined {
  if (peerId === draft.lobby.hostId) return undefined;
  // A host without a socket would lose the role again within a second.
  if (!isMember(draft, peerId) || !draft.member(peerId).connected) {
    return { code: "BAD_REQUEST", detail: "Only a connected member can become host." };
  }
  draft.makeHost(peerId);
  return undefined;
}

function startMatch(draft: LobbyDraft, command: Extract<RoomCommand, { type: "start" }>, seed: number): LobbyRefusal | undefined {
  const { lobby } = draft;
  if (lobby.match !== undefined) return { code: "MATCH_RUNNING" };
  const players = playersOf(lobby).filter((member) => member.connected);
  // A guest takes no seat that a member would go without.
  let seatsForGuests = Math.max(0, command.playerCount - players.length);
  const people: MatchSeat[] = players
    .flatMap(({ peerId, profile: { guests = [], ...profile } }) => {
      const seated = guests.slice(0, seatsForGuests);
      seatsForGuests -= seated.length;
      return [profile, ...seated].map((player) => ({ kind: "person" as const, peerId, profile: player }));
    })
    .slice(0, command.playerCount);
  if (people.length === 0) return { code: "BAD_REQUEST", detail: "Nobody would play: all members watch." };
  const bots: MatchSeat[] = Array.from({ length: command.playerCount - people.length }, (_, index) => ({
    kind: "bot",
    profile: botProfile(command.botProfiles[index], people.length + index),
  }));
  draft.change({
    type: "match-started",
    match: {
      matchNumber: lobby.matchCount + 1,
      seed,
      seats: [...people, ...bots],
      settings: lobby.settings,
      hostId: lobby.hostId,
      countdownMs: command.countdownMs,
    },
  });
  return undefined;
}

function botProfile(given: PlayerProfile | undefined, playerIndex: number): PlayerProfile {
  const name = `Bot ${playerIndex + 1}`;
  return given === undefined ? { name, colour: playerIndex, choices: null } : cleanPlayer(given, name);
}

/** Everybody in the match says so at its end: the first one counts, the rest find it done. The host may end a match that it only watches. */
function endMatch(draft: LobbyDraft, peerId: PeerId, matchNumber: number): LobbyRefusal | undefined {
  const { match, matchCount, hostId } = draft.lobby;
  if (match?.matchNumber !== matchNumber) return matchNumber >= 1 && matchNumber <= matchCount ? undefined : { code: "NO_MATCH" };
  const plays = match.seats.some((seat) => seat.kind === "person" && seat.peerId === peerId);
  if (!plays && peerId !== hostId) return { code: "NOT_HOST" };
  draft.change({ type: "match-ended", matchNumber });
  return undefined;
}
