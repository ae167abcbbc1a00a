import { parsePeerId, type PeerId } from "../core/base/units.ts";
import * as LOBBY_LIMITS from "../core/ports/lobby-limits.ts";
import { jsonBytes } from "../core/ports/lobby-protocol.ts";
import type { GameIdentity, Json, MatchSeat, PlayerProfile, Profile } from "../core/ports/lobby-protocol.ts";
import { badArgument } from "./netcode-error.ts";
import type { PlayerOptions, ProfileOptions } from "./player-options.ts";

/** As many graphemes as a name tag has room for. */
const NAME_GRAPHEMES_MAX = 16;

const COLOUR_MAX = 63;

/** Names of options. */
export const PROFILE_OPTIONS = "name colour choices guests";

const RUN_CALLBACKS = ["input", "render", "frame", "beforeRollback", "afterRollback"] as const;

/** RFC 7064 and 7065: scheme and host, and what may follow. */
const ICE_URL = /^(?:stuns?|turns?):[^\s/?]/i;

/** `options`, if they are any, and all `known` (names with spaces between them; left out: any). Throws `BAD_ARGUMENT`: programs without types pass anything, here and below. */
export function checkedOptions<Options extends object>(options: Options | undefined, known?: string): Options {
  if (typeof options !== "object" || options === null) throw badArgument(`an object of options, got ${String(options)}`);
  // A slip of the pen would quietly leave a default in force. What is `undefined` is as good as left out.
  if (known !== undefined)
    for (const [name, value] of Object.entries(options)) if (value !== undefined) checkedOneOf("an option", name, known);
  return options;
}

/** `list`, if it is one. Throws `BAD_ARGUMENT`. */
export function checkedList<Item>(name: string, list: readonly Item[]): readonly Item[] {
  if (Array.isArray(list)) return list;
  throw badArgument(`${name} as a list, got ${String(list)}`);
}

/** A profile that the broker will take: the name trimmed and cut, the rest checked. It may be one of other options. Throws `BAD_ARGUMENT`. */
export function checkedProfile(options: ProfileOptions): Profile {
  const { guests } = options;
  if (guests === undefined) return playerOf(options);
  if (checkedList("guests", guests).length > LOBBY_LIMITS.guests)
    throw badArgument(`at most ${LOBBY_LIMITS.guests} guests, got ${guests.length}`);
  return { ...playerOf(options), guests: guests.map(checkedPlayer) };
}

/** The same for who changes its profile. */
export function checkedChange(profile: Partial<ProfileOptions>): Partial<ProfileOptions> {
  return checkedOptions(profile, PROFILE_OPTIONS);
}

/** The same for a guest or a bot. */
export function checkedPlayer(player: PlayerOptions): PlayerProfile {
  return playerOf(checkedOptions(player, PROFILE_OPTIONS));
}

function playerOf({ name, colour = 0, choices = null }: PlayerOptions): PlayerProfile {
  return {
    name: cutName(checkedText("a name", name)),
    colour: checkedInteger("a colour", colour, [0, COLOUR_MAX]),
    choices: checkedJson("choices", choices, LOBBY_LIMITS.choicesBytes),
  };
}

/** What peers compare of a game. Throws `BAD_ARGUMENT`. */
export function checkedIdentity(game: GameIdentity | undefined): GameIdentity {
  if (game?.contentHash === undefined) throw badArgument("the option `game`, made by defineGame()");
  return { id: game.id, version: game.version, contentHash: game.contentHash };
}

/** `value`, if it is a text. Throws `BAD_ARGUMENT`. */
export function checkedText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw badArgument(`${name} as a text, got ${String(value)}`);
}

/** `value`, if it is yes or no. Throws `BAD_ARGUMENT`. */
export function checkedBoolean(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw badArgument(`${name} as true or false, got ${String(value)}`);
}

/** `value`, if it is one of `values`, which have spaces between them. Throws `BAD_ARGUMENT`. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says which texts these are
export function checkedOneOf<Value extends string>(name: string, value: unknown, values: string): Value {
  const found = values.split(" ").find((one): one is Value => one === value);
  if (found === undefined) throw badArgument(`${name} as one of ${values.replaceAll(" ", ", ")}, got ${String(value)}`);
  return found;
}

/** Throws `BAD_ARGUMENT` for what cannot be called. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw badArgument(`${name} as a function, got ${String(value)}`);
}

/** `options` of `match.run`, if all its callbacks can be called. Throws `BAD_ARGUMENT`. */
export function checkedRunOptions<Options extends object>(options: Options): Options {
  checkedOptions(options, `${RUN_CALLBACKS.join(" ")} on confirmed cancelled runAheadFrames`);
  for (const name of RUN_CALLBACKS) {
    const callback: unknown = Reflect.get(options, name);
    if (callback !== undefined || name === "input") checkFunction(name, callback);
  }
  return options;
}

/** Throws `BAD_ARGUMENT` for what aborts nothing. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw badArgument(`signal as an AbortSignal, got ${typeof signal}`);
}

/** What a browser makes no connection with: then nobody would ever be reached, and nothing said why. Throws `BAD_ARGUMENT`. */
export function checkIceServers(servers: readonly RTCIceServer[] | undefined): void {
  if (servers === undefined) return;
  for (const server of checkedList("iceServers", servers)) {
    const { urls, username, credential } = checkedOptions(server);
    const list: readonly unknown[] = Array.isArray(urls) ? urls : [urls];
    const wrong = list.find((url) => typeof url !== "string" || !ICE_URL.test(url));
    if (list.length === 0 || wrong !== undefined || urls === undefined)
      throw badArgument(`urls of an ICE server such as "stun:example.org:3478", got ${String(wrong)}`);
    const isTurn = list.some((url) => String(url).toLowerCase().startsWith("turn"));
    if (isTurn && (typeof username !== "string" || typeof credential !== "string"))
      throw badArgument(`username and credential of the ICE server ${String(list[0])}`);
  }
}

/** `value`, if it can be a peer's id, such as `member.peerId`. Throws `BAD_ARGUMENT`. */
export function checkedPeerId(value: unknown): PeerId {
  const peerId = parsePeerId(value);
  if (peerId === undefined) throw badArgument(`a peer id, such as \`member.peerId\`, got ${String(value)}`);
  return peerId;
}

/** `value`, if it can be sent as `name` and arrives as it is. Throws `BAD_ARGUMENT`. */
export function checkedJson(name: string, value: Json, bytesMax: number): Json {
  let bytes: number;
  try {
    bytes = jsonBytes(value);
  } catch {
    throw badArgument(`${name} as plain JSON data`);
  }
  const loss = jsonLoss(value, name);
  if (loss !== undefined) throw badArgument(`${name} as plain JSON data; ${loss}`);
  if (bytes > bytesMax) throw badArgument(`${name} of at most ${bytesMax} bytes of JSON, got ${bytes}`);
  return value;
}

/** `metadata`, if a lobby can have it, in the public list or not. Throws `BAD_ARGUMENT`. */
export function checkedMetadata(metadata: Json, isListed: boolean): Json {
  if (isListed) return checkedJson("metadata of a listed lobby", metadata, LOBBY_LIMITS.listedMetadataBytes);
  return checkedJson("metadata", metadata, LOBBY_LIMITS.metadataBytes);
}

/** A password that can be typed; `undefined` when there is none. Throws `BAD_ARGUMENT`. */
export function checkedPassword(password: string | undefined): string | undefined {
  if (password !== undefined) checkedText("a password", password);
  if ((password?.length ?? 0) > LOBBY_LIMITS.passwordUnits) throw badArgument(`a password of at most ${LOBBY_LIMITS.passwordUnits} units`);
  return password === "" ? undefined : password;
}

/** `audience`, if a lobby can have it. Throws `BAD_ARGUMENT`. */
export function checkedAudience(audience: number): number {
  return checkedInteger("an audience", audience, [0, LOBBY_LIMITS.members]);
}

/** `capacity`, if a lobby can have it. Throws `BAD_ARGUMENT`. */
export function checkedCapacity(capacity: number): number {
  return checkedInteger("a capacity", capacity, [1, LOBBY_LIMITS.members]);
}

/** `countdownMs`, if a match can have it. Throws `BAD_ARGUMENT`. */
export function checkedCountdown(countdownMs: number): number {
  return checkedInteger("countdownMs", countdownMs, [0, LOBBY_LIMITS.countdownMs]);
}

/** `value`, if it is a whole number in the range. Throws `BAD_ARGUMENT`. */
export function checkedInteger(name: string, value: number, [least, most]: readonly [least: number, most: number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw badArgument(`${name} in ${least}–${most}, got ${value}`);
}

/** What JSON would quietly make something else of. A property that is `undefined` is left out, as everybody expects. Call it when the size is known: it has an end then. */
function jsonLoss(value: unknown, path: string): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${path} is ${value}`;
  if (typeof value === "string" || typeof value === "boolean" || value === null) return undefined;
  if (typeof value !== "object") return `${path} is ${typeof value}`;
  if (Array.isArray(value)) return firstLoss(value.map((item, index) => [item, `${path}[${index}]`]));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return `${path} is an instance of ${value.constructor.name}`;
  return firstLoss(Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[item, `${path}.${key}`]])));
}

function firstLoss(items: readonly (readonly [value: unknown, path: string])[]): string | undefined {
  for (const [value, path] of items) {
    const loss = jsonLoss(value, path);
    if (loss !== undefined) return loss;
  }
  return undefined;
}

/** By graphemes, so that no emoji is cut in two. */
function cutName(name: string): string {
  const trimmed = name.trim();
  // As nearly all are. The engine loads what it knows of graphemes at the first use, which takes 10 ms in Chromium while a player waits.
  if (trimmed.length <= NAME_GRAPHEMES_MAX) return trimmed;
  const graphemes = [...new Intl.Segmenter().segment(trimmed)].slice(0, NAME_GRAPHEMES_MAX);
  let cut = "";
  for (const { segment } of graphemes) {
    // A grapheme can be of any length ("zalgo" text); the broker counts units.
    if (cut.length + segment.length <= LOBBY_LIMITS.nameUnits) cut += segment;
  }
  return cut;
}

/** Players that can be taken together, by rising index: a seat that began as a bot's goes alone, those of one peer go together. */
export function checkedSeats(seats: readonly MatchSeat[], playerIndexes: readonly number[]): readonly number[] {
  const holder = (seat: MatchSeat | undefined): PeerId | undefined => (seat?.kind === "person" ? seat.peerId : undefined);
  const first = checkedInteger("a seat", checkedList("seats", playerIndexes)[0] ?? -1, [0, seats.length - 1]);
  const peerId = holder(seats[first]);
  const together = [...seats.keys()].filter((player) => player === first || (peerId !== undefined && holder(seats[player]) === peerId));
  const isSame = playerIndexes.length === together.length && together.every((player) => playerIndexes.includes(player));
  if (!isSame) throw badArgument("the seat of one bot, or all seats of one peer");
  return together;
}
