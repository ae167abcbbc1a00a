import { assert, LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { followFile, type FollowedFile } from "./followed-file.ts";

/** TURN servers that make out credentials by one shared secret (coturn: `use-auth-secret`). */
export interface TurnOptions {
  /** `turn:` and `turns:` addresses of servers with this secret, such as `turn:turn.example:3478?transport=udp`; 1–8. */
  readonly urls: readonly string[];
  /**
   * coturn's `static-auth-secret`, at least 16 characters: a member could try out shorter ones against the credential that it got. While one gives way to
   * another, both, the newest first: credentials are made with that, and the server takes both until the last one of the other is over.
   */
  readonly secret: string | readonly string[];
  /**
   * Life of the credentials in ms, at least 1,000; default 600,000. Connections outlive their credentials; only what begins later needs fresh ones, and
   * members ask for these in time. Half makes members ask twice as often; double lets who was kicked relay twice as long.
   */
  readonly lifeMs?: number;
}

/** One of them, with its newest secret. */
export interface TurnServer {
  readonly urls: readonly string[];
  readonly secret: string;
  readonly lifeMs: number;
}

const TURN_LIFE_MS = 600_000;
const TURN_LIFE_S_MAX = 86_400;
export const TURN_SECRET_UNITS_MIN = 16;
/** The one in use and the one before it. */
const SECRETS_MAX = 2;
/** A page asks each server, and browsers warn above four. */
const TURN_SERVERS_MAX = 8;
const TURN_FIELDS: ReadonlySet<string> = new Set(["urls", "secrets", "ttlSeconds"]);
const TURN_URL_PATTERN = /^turns?:[^\s@]+$/;

/** Fills in defaults; asserts: wrong options are the caller's bug. */
export function resolveTurnServers(turn: TurnOptions | readonly TurnOptions[] | undefined): readonly TurnServer[] {
  const servers = turn === undefined ? [] : "urls" in turn ? [turn] : turn;
  assert(servers.length <= TURN_SERVERS_MAX, `at most ${TURN_SERVERS_MAX} turn servers`);
  return servers.map(({ urls, secret, lifeMs = TURN_LIFE_MS }) => {
    assert(areTurnUrls(urls), "turn.urls to be turn: and turns: addresses");
    const secrets = typeof secret === "string" ? [secret] : secret;
    const [newest = ""] = secrets;
    assert(areTurnSecrets(secrets), `turn.secret to be one or two of at least ${TURN_SECRET_UNITS_MIN} characters`);
    assert(Number.isSafeInteger(lifeMs) && lifeMs >= 1_000, "turn.lifeMs to be at least 1,000");
    return { urls, secret: newest, lifeMs };
  });
}

/** Those of the options, or of a file that is read again when it changes. `handleUnreadable`: it makes no sense any more. */
export function openTurnServers(
  { turn, turnServersFile: path }: { readonly turn: readonly TurnServer[]; readonly turnServersFile: string | undefined },
  handleUnreadable: () => void,
): FollowedFile<readonly TurnServer[]> {
  if (path === undefined) return { value: turn, close: () => undefined };
  const parse = (text = ""): readonly TurnServer[] | undefined => {
    const servers = parseTurnServers(text);
    return servers && resolveTurnServers(servers);
  };
  return followFile({ paths: [path], parse, handleUnreadable });
}

/** Addresses of TURN servers within the limits of the protocol, without credentials. */
export function areTurnUrls(urls: readonly string[]): boolean {
  return (
    urls.length > 0 &&
    urls.length <= LOBBY_LIMITS.iceUrls &&
    urls.every((url) => url.length <= LOBBY_LIMITS.iceUnits && TURN_URL_PATTERN.test(url))
  );
}

function areTurnSecrets(secrets: readonly string[]): boolean {
  return secrets.length > 0 && secrets.length <= SECRETS_MAX && secrets.every((secret) => secret.length >= TURN_SECRET_UNITS_MIN);
}

/** Reads `[{ "urls": ["turn:…"], "secrets": ["newest", "the one before"], "ttlSeconds": 600 }, …]`. `undefined` when it is anything else. */
export function parseTurnServers(text: string): readonly TurnOptions[] | undefined {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(items) || items.length === 0 || items.length > TURN_SERVERS_MAX) return undefined;
  const servers = (items as readonly unknown[]).map(readTurnServer);
  return servers.every((server) => server !== undefined) ? servers : undefined;
}

function readTurnServer(item: unknown): TurnOptions | undefined {
  if (typeof item !== "object" || item === null || !("urls" in item) || !("secrets" in item)) return undefined;
  if (Object.keys(item).some((name) => !TURN_FIELDS.has(name))) return undefined;
  const { urls, secrets } = item;
  const ttlSeconds = "ttlSeconds" in item ? item.ttlSeconds : TURN_LIFE_MS / 1000;
  if (!isTexts(urls) || !areTurnUrls(urls) || !isTexts(secrets) || !areTurnSecrets(secrets)) return undefined;
  if (typeof ttlSeconds !== "number" || !Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > TURN_LIFE_S_MAX) return undefined;
  return { urls, secret: secrets, lifeMs: ttlSeconds * 1000 };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
