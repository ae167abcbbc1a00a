import { toRtcIceServer } from "../adapters/rtc-ice-server.ts";
import type { MessageTypes } from "../core/base/message-type.ts";
import { Random } from "../core/base/random.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import { readInvite, readReservation, type Invite } from "../core/identity/invite.ts";
import type { LinkMeshOptions } from "../core/link/link-mesh.ts";
import type { LobbyEntrance } from "../core/lobby/lobby-entrance.ts";
import * as LOBBY_LIMITS from "../core/ports/lobby-limits.ts";
import { normalizeLobbyCode } from "../core/ports/lobby-protocol.ts";
import type { Admission, GameIdentity, Json, PasswordVerifier, Profile } from "../core/ports/lobby-protocol.ts";
import { parseBrokerAddress } from "./broker-address.ts";
import type { BrokerAddress } from "./broker-address.ts";
import {
  checkedAudience,
  checkedBoolean,
  checkedCapacity,
  checkedIdentity,
  checkedJson,
  checkedMetadata,
  checkedOneOf,
  checkedOptions,
  checkedPassword,
  checkedProfile,
  checkedText,
  checkFunction,
  checkIceServers,
  checkSignal,
  PROFILE_OPTIONS,
} from "./checked-arguments.ts";
import { deviceOf } from "./device-identity.ts";
import type { Environment, LobbyTransport, PasswordParts, TransportGrant } from "./environment.ts";
import type { PasswordQuestion } from "./lobby-password.ts";
import type { Ticker } from "../driver/ticker.ts";
import { LobbyConnection } from "./lobby-connection.ts";
import type { LobbyRoom } from "./lobby-room.ts";
import { badArgument, NetcodeError } from "./netcode-error.ts";
import type { RoomParts } from "./room-parts.ts";
import { SeatMemory } from "./seat-memory.ts";
import type { LobbyLog } from "./lobby-log.ts";
import { LobbyVisit, newInvite } from "./lobby-visit.ts";
import { ROOM_TICK_MS } from "./facade-times.ts";
import type { LobbyList, LobbyListOptions, QuickMatchOptions } from "./public-lobby-types.ts";
import type { HostOptions, JoinOptions, Lobby, LobbyOptions, ResumeOptions } from "./lobby-types.ts";

/** Watchers and who waits: as many as a match of eight has players. At double, who comes to watch costs each of them another link. */
const AUDIENCE = 8;

/** Of all who enter a lobby, or look for one: a page gives the same to `hostLobby`, `joinLobby` and `resumeLobby`. */
const OPTIONS = `${PROFILE_OPTIONS} game broker iceServers transferLimits signal log capacity settings metadata relayOnly listed audience password inviteOnly as wanted takeOver filter`;

/** Options of any game. */
type AnyLobbyOptions = Omit<LobbyOptions<never, never>, "game"> & { readonly game: GameIdentity };

/** Opens a lobby and is its host. Rejects with a `NetcodeError`. */
export async function hostLobby<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  environment: Environment,
  options: HostOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  const { metadata = null, listed = false, relayOnly = false, audience = AUDIENCE } = checkedOptions(options);
  checkedBoolean("listed", listed);
  checkedBoolean("relayOnly", relayOnly);
  const invite = newInvite(environment.page.randomToken(), checkedBoolean("inviteOnly", options.inviteOnly ?? false));
  const password = checkedPassword(options.password);
  const entrance = {
    type: "create" as const,
    ...roomOf(options),
    metadata: checkedMetadata(metadata, listed),
    audience: checkedAudience(audience),
    ...(relayOnly ? { relayOnly } : {}),
    ...(listed ? { listed } : {}),
    ...(password === undefined ? {} : { password: await makeVerifier(environment, password) }),
  };
  return enter(environment, options, { invite, entrance });
}

/** Joins a listed lobby that has a free seat and plays no match, or opens one. Rejects with a `NetcodeError`. */
export async function quickMatch<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  environment: Environment,
  options: QuickMatchOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  const metadata = checkedJson("what is wanted", checkedOptions(options).wanted ?? null, LOBBY_LIMITS.listedMetadataBytes);
  if (Object.keys(options.wanted ?? {}).length > LOBBY_LIMITS.filterFields)
    throw badArgument(`at most ${LOBBY_LIMITS.filterFields} fields wanted`);
  const filter = options.wanted === undefined ? {} : { metadata: options.wanted };
  return enter(environment, options, {
    invite: undefined,
    entrance: { type: "quick-match", ...roomOf(options), metadata, filter },
  });
}

/** Follows the public list. Rejects with a `NetcodeError`. */
export async function watchLobbies(environment: Environment, options: LobbyListOptions): Promise<LobbyList> {
  const { filter = {}, signal } = checkedOptions(options);
  checkSignal(signal);
  const { lobbyUrl } = addressOf(environment, options);
  const { WatchedList } = await loadPart(() => import("./lobby-list.ts"));
  return WatchedList.open(environment, { lobbyUrl, game: checkedIdentity(options.game), filter, signal });
}

/** Joins the lobby of a code, or of an invite, as people type or paste it. Rejects with a `NetcodeError`. */
export async function joinLobby<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  environment: Environment,
  code: string,
  options: JoinOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result>> {
  const normalized = normalizeLobbyCode(checkedText("a code", code));
  if (normalized === undefined) throw new NetcodeError("LOBBY_NOT_FOUND", { message: "This is not a lobby code." });
  const reservation = readReservation(code);
  const entrance = {
    type: "join" as const,
    code: normalized,
    game: checkedIdentity(checkedOptions(options).game),
    profile: checkedProfile(options),
    ...(options.as === undefined ? {} : { as: checkedOneOf<"spectator" | "queue">("as", options.as, "spectator queue") }),
    ...(reservation === undefined ? {} : { reservation }),
  };
  return enter(environment, options, { invite: readInvite(code), entrance, password: checkedPassword(options.password) });
}

/**
 * Back to the seat that this tab had before it was reloaded; `undefined` when there is none, or it is gone. Name, colour and choices stay
 * as they were. Rejects when the broker cannot be asked.
 */
export async function resumeLobby<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  environment: Environment,
  options: ResumeOptions<State, Schema, Messages, Result>,
): Promise<Lobby<State, Schema, Messages, Result> | undefined> {
  const memory = seatMemoryOf(environment, checkedOptions(options));
  const seat = await memory.recall(options.takeOver === true);
  if (seat === undefined) return undefined;
  try {
    // The invite is not the broker's.
    const { invite, ...kept } = seat;
    const entrance = { type: "resume" as const, ...kept };
    return await enter(environment, options, {
      invite: invite === undefined ? undefined : readInvite(invite),
      entrance,
      seatMemory: memory,
    });
  } catch (error) {
    if (!(error instanceof NetcodeError) || !isSeatGone(error)) {
      // The page may try again, and must not take its own claim for another tab's.
      memory.release();
      throw error;
    }
    memory.forget();
    return undefined;
  }
}

function isSeatGone({ code }: NetcodeError): boolean {
  return code === "LOBBY_NOT_FOUND" || code === "SEAT_EXPIRED" || code === "KICKED" || code === "BANNED" || code === "VERSION_MISMATCH";
}

interface Arrival {
  readonly invite: Invite | undefined;
  readonly entrance: LobbyEntrance;
  /** Typed by somebody who joins. */
  readonly password?: string | undefined;
  /** With its claim, when a page comes back. */
  readonly seatMemory?: SeatMemory;
}

async function enter<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  environment: Environment,
  options: LobbyOptions<State, Schema, Messages, Result>,
  { invite, entrance: wish, password, seatMemory = seatMemoryOf(environment, options) }: Arrival,
): Promise<Lobby<State, Schema, Messages, Result>> {
  const address = addressOf(environment, options);
  checkSignal(options.signal);
  checkIceServers(options.iceServers);
  if (options.log !== undefined) checkFunction("log", options.log);
  // While the key pair is made, and while the broker is asked.
  const loading = loadSoon(() => environment.loadRoomParts());
  const visit = await beginVisit(environment, invite, options.signal);
  const { game, signal } = options;
  const entrance = await withProof(environment, wish, password, { lobbyUrl: address.lobbyUrl, game, key: visit.key, signal });
  let connection: LobbyConnection | undefined;
  let room: LobbyRoom<State, Schema, Messages, Result> | undefined;
  const ticker = environment.startTicker(ROOM_TICK_MS, (nowMs) => {
    connection?.tick(nowMs);
    room?.tick(nowMs);
  });
  const log = await openLog(environment, options, ticker);
  const { page } = environment;
  connection = new LobbyConnection({
    nowMs: () => ticker.nowMs(),
    openControlSocket: environment.openControlSocket,
    lobbyUrl: address.lobbyUrl,
    game: options.game,
    entrance,
    keys: { entranceId: page.randomToken(), device: deviceOf(page), key: visit.key },
    seed: page.randomSeed(),
  });
  const opening = openSoon({ loading, connection, visit }, address);
  opening.catch(() => {});
  try {
    const [admission, parts] = await Promise.all([admit(connection, options.signal), loading]);
    throwIfAborted(options.signal);
    if (connection.endedEarly !== undefined) throw connection.endedEarly;
    const { peerId } = admission;
    if (peerId !== visit.peerId) throw new NetcodeError("IDENTITY_MISMATCH");
    const transport = await opening;
    transport.admit(grantOf(admission, entrance, options.iceServers));
    connection.followKeepsakes((keepsake) => seatMemory.keep(keepsake));
    // The game's own servers stay.
    if (options.iceServers === undefined) connection.followIceServers((servers) => transport.setIceServers?.(servers));
    const { capabilities = 0, isMutual = false } = transport;
    const random = new Random(page.randomSeed(), "links");
    const mesh = new parts.LinkMesh({ localPeerId: peerId, game, random, capabilities, isMutual, ...lobbyOf(admission, ticker.nowMs()) });
    room = new parts.LobbyRoom({
      page,
      ticker,
      game: options.game,
      connection,
      admission,
      transport,
      mesh,
      visit,
      seatMemory,
      transferLimits: options.transferLimits ?? {},
      makeVerifier: (text) => makeVerifier(environment, text),
    });
    log?.noteEntrance(entrance.type, undefined);
    log?.watch(room);
    return room;
  } catch (error) {
    connection.leave();
    ticker.dispose();
    opening.then((transport) => transport.dispose()).catch(() => {});
    if (error instanceof NetcodeError) log?.noteEntrance(entrance.type, error);
    throw error;
  }
}

/**
 * A transport whose way to the broker is made while we are being admitted, and no sooner: browsers open sockets to one place one after the other, and where nobody
 * answers one is enough to find that out. What goes wrong is told to whoever waits for it then.
 */
async function openSoon(
  {
    loading,
    connection,
    visit,
  }: { readonly loading: Promise<RoomParts>; readonly connection: LobbyConnection; readonly visit: LobbyVisit },
  { base }: BrokerAddress,
): Promise<LobbyTransport> {
  const [{ createTransport }] = await Promise.all([loading, connection.reached]);
  return createTransport({ localPeerId: visit.peerId, prove: (nonce) => visit.prove(nonce), seals: visit, broker: new URL(base) });
}

function grantOf(
  { signalingToken, iceServers, lobby }: Admission,
  entrance: LobbyEntrance,
  ownServers: readonly RTCIceServer[] | undefined,
): TransportGrant {
  return {
    token: signalingToken,
    iceServers: ownServers ?? iceServers.map(toRtcIceServer),
    // Who asked for it has it, whatever the broker says.
    relayOnly: lobby.relayOnly || (entrance.type === "create" && entrance.relayOnly === true),
  };
}

/** Whose rosters count is said by the first admission, and no later one. */
function lobbyOf({ lobby, authority }: Admission, atMs: number): Pick<LinkMeshOptions, "lobby" | "trust"> {
  return { lobby: lobby.code, trust: authority && { ...authority, atMs } };
}

/** Who joins with a password shows that it has it. */
async function withProof(
  environment: Environment,
  entrance: LobbyEntrance,
  password: string | undefined,
  question: Omit<PasswordQuestion, "code">,
): Promise<LobbyEntrance> {
  if (entrance.type !== "join" || password === undefined) return entrance;
  const { provePassword } = await loadPasswordParts(environment);
  const proof = await provePassword(environment, password, { ...question, code: entrance.code });
  throwIfAborted(question.signal);
  return { ...entrance, password: proof };
}

async function makeVerifier(environment: Environment, password: string): Promise<PasswordVerifier> {
  return (await loadPasswordParts(environment)).makeVerifier(password);
}

function loadPasswordParts(environment: Environment): Promise<PasswordParts> {
  return loadPart(() => environment.loadPasswordParts());
}

/** Loaded only where somebody wants to read it. */
async function openLog<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  { page }: Environment,
  { log }: LobbyOptions<State, Schema, Messages, Result>,
  ticker: Ticker,
): Promise<LobbyLog | undefined> {
  if (log === undefined) return undefined;
  try {
    const { LobbyLog } = await import("./lobby-log.ts");
    return new LobbyLog({ nowMs: () => ticker.nowMs(), write: log, reportError: (error) => page.reportError(error) });
  } catch {
    // A part of the page that is gone: entering fails of it too, and says so.
    return undefined;
  }
}

/** The admission; on abort the seat is given back, and the promise rejects with `CLOSED`. */
async function admit(connection: LobbyConnection, signal: AbortSignal | undefined): Promise<Admission> {
  const abort = (): void => connection.leave();
  signal?.addEventListener("abort", abort);
  try {
    return await connection.admitted;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function beginVisit(environment: Environment, invite: Invite | undefined, signal: AbortSignal | undefined): Promise<LobbyVisit> {
  const visit = await LobbyVisit.begin(await environment.createCrypto(), invite);
  throwIfAborted(signal);
  return visit;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new NetcodeError("CLOSED", { message: "Joining was aborted." });
}

/** For whoever waits later: what goes wrong is told there. */
function loadSoon<Part>(load: () => Promise<Part>): Promise<Part> {
  const loading = loadPart(load);
  loading.catch(() => {});
  return loading;
}

async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof NetcodeError) throw cause;
    throw new NetcodeError("BROKER_UNREACHABLE", { message: "A part of this page could not be loaded.", cause });
  }
}

function addressOf(environment: Environment, options: { readonly broker?: string | URL | undefined }): BrokerAddress {
  return parseBrokerAddress(checkedOptions(options, OPTIONS).broker, environment.page.origin);
}

function seatMemoryOf(environment: Environment, options: AnyLobbyOptions): SeatMemory {
  return new SeatMemory(environment.page, checkedIdentity(options.game).id, addressOf(environment, options).base);
}

/** What a new lobby is like. */
function roomOf<State, Schema extends InputSchema, Messages extends MessageTypes, Result>(
  options: QuickMatchOptions<State, Schema, Messages, Result>,
): { readonly game: GameIdentity; readonly profile: Profile; readonly capacity: number; readonly settings: Json } {
  return {
    game: checkedIdentity(options.game),
    profile: checkedProfile(options),
    capacity: checkedCapacity(options.capacity ?? options.game.players[1]),
    settings: checkedJson("settings", options.settings ?? null, LOBBY_LIMITS.settingsBytes),
  };
}
