import type { AudienceRole, LobbyPeer, Member } from "@rollcall/netcode";
import type { PeerId, Profile } from "@rollcall/netcode";
import { playersOf } from "@rollcall/netcode/lobby-protocol";
import type { RubberbandLobby } from "../net/gateway.ts";
import { botName, lookAt, PALETTE, parseSettings, type RubberbandSettings } from "../sim/index.ts";
import { PLAYERS_MAX } from "../sim/rules.ts";
import { connectionModel, type ConnectionModel } from "./connection-model.ts";
import { cleanName, secondName } from "./player-name.ts";
import { strings } from "./strings.ts";

export interface PersonSeat {
  readonly kind: "person";
  readonly peerId: PeerId;
  readonly name: string;
  readonly colour: number;
  readonly isMe: boolean;
  readonly isHost: boolean;
  readonly ready: boolean;
  /** Plays in the match that runs now, while we wait in the room. */
  readonly inMatch: boolean;
  readonly connection: ConnectionModel;
  /** The host may kick this member or make it host. */
  readonly manageable: boolean;
  /** Its chat does not reach us. */
  readonly muted: boolean;
  /** Of who does not play. */
  readonly role: AudienceRole | undefined;
  /** In the queue, from 1. */
  readonly queuePlace: number;
}

/** Somebody who plays on a member's device. */
export interface GuestSeat {
  readonly kind: "guest";
  readonly name: string;
  readonly colour: number;
  readonly hostName: string;
  readonly isMine: boolean;
  /** False where members need all seats of the next match. */
  readonly hasSeat: boolean;
}

export interface BotSeat {
  readonly kind: "bot";
  readonly name: string;
  readonly colour: number;
}

export type SeatModel = PersonSeat | GuestSeat | BotSeat;

/** Everything that the room shows, derived from the lobby. */
export interface RoomModel {
  readonly code: string;
  readonly seats: readonly SeatModel[];
  readonly personCount: number;
  /** Of the next match, bots included. */
  readonly seatCount: number;
  /** Seats of the lobby that are held for people with a link of their own. */
  readonly heldSeats: number;
  readonly isSpectator: boolean;
  readonly isPlayer: boolean;
  readonly listed: boolean;
  readonly hasPassword: boolean;
  readonly isHost: boolean;
  readonly ready: boolean;
  readonly locked: boolean;
  readonly settings: RubberbandSettings;
  readonly canStart: boolean;
  /** There is a seat left for somebody who plays on this device. */
  readonly canAddGuest: boolean;
  /** What happens next, in a sentence. */
  readonly status: string;
  /** A match is played without us. */
  readonly matchRunning: boolean;
  readonly brokerConnected: boolean;
  /** It is about to be closed for want of anything to do. */
  readonly idle: boolean;
}

/** Derives the room from the lobby as it is now. */
export function roomModel(lobby: RubberbandLobby): RoomModel {
  const { state } = lobby;
  const settings = parseSettings(state.settings);
  const players = playersOf(state);
  const audience = state.members.filter(({ role }) => role !== undefined).map((member) => personSeat(lobby, member));
  const seatedGuests = guestsWithSeat(players);
  const persons = players.flatMap((member): SeatModel[] => [
    personSeat(lobby, member),
    ...guestSeats(lobby, member, seatedGuests.get(member.peerId) ?? 0),
  ]);
  const bots = botProfiles(
    persons.map((person) => person.colour),
    seatCount(lobby) - persons.length,
  );
  // A host who watches has the match on in the room, too.
  const isUnseen = lobby.match === undefined || (lobby.match.role === "watcher" && lobby.match.phase !== "ended");
  const matchRunning = state.match !== undefined && isUnseen;
  return {
    code: state.code,
    seats: [...persons, ...bots.map((bot): BotSeat => ({ kind: "bot", name: bot.name, colour: bot.colour })), ...audience],
    personCount: peopleCount(lobby),
    seatCount: seatCount(lobby),
    heldSeats: state.door.reserved,
    isSpectator: lobby.me.role === "spectator",
    isPlayer: lobby.me.role === undefined,
    listed: state.door.listed,
    hasPassword: state.door.password,
    isHost: lobby.isHost,
    ready: lobby.me.ready,
    locked: state.locked,
    settings,
    // While the lobby server is away a start would come late, or not at all.
    canStart: lobby.isHost && lobby.brokerConnected && state.match === undefined && players.length > 0,
    canAddGuest: persons.length < PLAYERS_MAX,
    status: statusSentence(lobby, matchRunning),
    matchRunning,
    brokerConnected: lobby.brokerConnected,
    idle: state.idle,
  };
}

/** Seats of the next match: what the host set, but never fewer than there are people, up to what the game holds. */
export function seatCount(lobby: RubberbandLobby): number {
  return Math.min(PLAYERS_MAX, Math.max(parseSettings(lobby.state.settings).seats, peopleOf(lobby.state.members).length));
}

/** People who would play now. */
export function peopleCount(lobby: RubberbandLobby): number {
  return Math.min(PLAYERS_MAX, peopleOf(lobby.state.members).length);
}

/** How many guests of each player get a seat of the next match: no guest takes one that a member would go without (LB48). */
export function guestsWithSeat(players: readonly Member[]): ReadonlyMap<PeerId, number> {
  let seatsForGuests = Math.max(0, PLAYERS_MAX - players.filter(({ connected }) => connected).length);
  const counts = players.map(({ peerId, profile }): [PeerId, number] => {
    const seated = Math.min(seatsForGuests, profile.guests?.length ?? 0);
    seatsForGuests -= seated;
    return [peerId, seated];
  });
  return new Map(counts);
}

/** Players and their guests, as they are seated. */
export function peopleOf(members: readonly Member[]): readonly { readonly colour: number }[] {
  return playersOf({ members }).flatMap(({ profile }) => [profile].concat(profile.guests ?? []));
}

/** The look of a guest: the first that nobody has. */
export function freeColour(members: readonly Member[]): number {
  const taken = new Set(peopleOf(members).map(({ colour }) => PALETTE.indexOf(lookAt(colour))));
  return Math.max(
    0,
    PALETTE.findIndex((_, colour) => !taken.has(colour)),
  );
}

/** Names and colours for `count` bots, none with a colour of `colours` as long as there are others. */
export function botProfiles(colours: readonly number[], count: number): { name: string; colour: number; choices: null }[] {
  const taken = new Set(colours.map((colour) => PALETTE.indexOf(lookAt(colour))));
  const free = PALETTE.map((_, index) => index).filter((index) => !taken.has(index));
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const colour = free[index] ?? index % PALETTE.length;
    return { name: botName(colour), colour, choices: null };
  });
}

/**
 * The looks that we and who plays on our device should move to: `undefined` while each is its own, or none is free. Of two members with one colour the later comer moves, so that
 * both never do.
 */
export function yieldedLooks(
  { peerId, order, profile }: Member,
  members: readonly Member[],
): Pick<Profile, "colour" | "guests"> | undefined {
  const others = members.filter((member) => member.peerId !== peerId);
  const earlier = coloursOf(others.filter((other) => other.order < order));
  const { guests = [] } = profile;
  const used = new Set([...coloursOf(others), profile.colour, ...guests.map(({ colour }) => colour)]);
  let isMoved = false;
  const ownOf = (colour: number): number => {
    const free = earlier.has(colour) ? PALETTE.findIndex((_, other) => !used.has(other)) : -1;
    if (free === -1) return colour;
    isMoved = true;
    used.add(free);
    return free;
  };
  const looks = {
    colour: ownOf(profile.colour),
    guests: guests.map(({ name, colour, choices }) => ({ name, colour: ownOf(colour), choices })),
  };
  return isMoved ? looks : undefined;
}

function coloursOf(members: readonly Member[]): ReadonlySet<number> {
  return new Set(members.flatMap(({ profile }) => [profile, ...(profile.guests ?? [])]).map(({ colour }) => colour));
}

/** A member's name as it may be shown: cleaned, and never empty. */
export function memberName(member: Member): string {
  const name = cleanName(member.profile.name);
  return name === "" ? `Player ${member.seat + 1}` : name;
}

function personSeat(lobby: RubberbandLobby, member: Member): PersonSeat {
  const { state } = lobby;
  const isMe = member.peerId === lobby.me.peerId;
  const peer: LobbyPeer | undefined = lobby.peers.find((candidate) => candidate.peerId === member.peerId);
  const seats = state.match?.seats ?? [];
  return {
    kind: "person",
    peerId: member.peerId,
    name: memberName(member),
    colour: member.profile.colour,
    isMe,
    isHost: member.peerId === state.hostId,
    ready: member.ready,
    // Who sees the room does not play, though a seat may bear the name still: a bot has taken it over.
    inMatch: !isMe && seats.some((seat) => seat.kind === "person" && seat.peerId === member.peerId),
    connection: connectionModel(isMe ? "me" : peer, member.connected),
    manageable: lobby.isHost && !isMe,
    muted: lobby.isMuted(member.peerId),
    role: member.role,
    queuePlace: queuePlace(state.members, member),
  };
}

function queuePlace(members: readonly Member[], { queueNumber = 0 }: Member): number {
  return members.filter((other) => other.role === "queued" && (other.queueNumber ?? 0) <= queueNumber).length;
}

function guestSeats(lobby: RubberbandLobby, member: Member, seatedCount: number): GuestSeat[] {
  const hostName = memberName(member);
  return (member.profile.guests ?? []).map(({ name, colour }, index) => ({
    kind: "guest",
    name: cleanName(name) === "" ? secondName(hostName) : cleanName(name),
    colour,
    hostName,
    isMine: member.peerId === lobby.me.peerId,
    hasSeat: index < seatedCount,
  }));
}

function statusSentence(lobby: RubberbandLobby, matchRunning: boolean): string {
  const { hostId } = lobby.state;
  const { role } = lobby.me;
  const members = playersOf(lobby.state);
  if (matchRunning && role === "spectator") return strings.room.matchOnWatching;
  if (role === "queued") return strings.room.youWait(queuePlace(lobby.state.members, lobby.me));
  if (matchRunning) return lobby.isHost ? strings.room.matchOnHost : strings.room.matchOn;
  if (role === "spectator" && !lobby.isHost) return strings.room.youWatch;
  const readyCount = members.filter((member) => member.ready).length;
  const everybody = readyCount === members.length;
  const ready = everybody && members.length > 1 ? strings.room.allReady : `${strings.room.readyCount(readyCount, members.length)}.`;
  const alone = lobby.state.door.listed ? strings.room.hostAlonePublic : strings.room.hostAlone;
  if (lobby.isHost && !lobby.brokerConnected) return strings.room.startWaits;
  if (lobby.isHost && members.length === 0) return strings.room.nobodyPlays;
  if (lobby.isHost) return members.length === 1 ? alone : `${ready} ${strings.room.hostMay}`;
  const host = lobby.state.members.find((member) => member.peerId === hostId);
  return host === undefined ? ready : `${ready} ${strings.room.waitingForHost(memberName(host))}`;
}
