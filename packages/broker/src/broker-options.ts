import type { IceServer } from "@rollcall/netcode/lobby-protocol";
import { assert, LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX, LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { SIGNING_KEY_UNITS_MIN } from "./key-ring.ts";
import { BROKER_LIMITS, type BrokerLimits } from "./limits.ts";
import type { Log } from "./log-entry.ts";
import { normalizeOrigin } from "./origin-policy.ts";
import type { TlsFiles } from "./tls-files.ts";
import { resolveTurnServers, type TurnOptions, type TurnServer } from "./turn-servers.ts";

/** What a broker does; all of it has defaults that are safe on the open internet. */
export interface BrokerOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Address to listen on; default: all. */
  readonly host?: string;
  /** Handed to members on joining, and to nobody else. Default: none, so that peers meet on a LAN only. */
  readonly iceServers?: readonly IceServer[];
  /** Credentials for each member, beside `iceServers`; several where servers have secrets of their own. Default: none. */
  readonly turn?: TurnOptions | readonly TurnOptions[];
  /**
   * The same from a file, read again when it changes: JSON, `[{ "urls": ["turn:…"], "secrets": ["newest", "the one before"], "ttlSeconds": 600 }, …]`.
   * Give one or the other. The broker does not start when it cannot be read.
   */
  readonly turnServersFile?: string;
  /** Stock PeerJS clients may signal without a lobby. Default: false. */
  readonly open?: boolean;
  /**
   * Stock PeerJS clients may signal without a lobby if they have a ticket, which whoever has this secret too makes out: at least 32 characters, and
   * another than `signingKey`. Not beside `open`. Default: there are no tickets.
   */
  readonly ticketSecret?: string;
  /**
   * The same from a file, read again when it changes: a secret a line, `SECRET` or `2026-12-01T00:00Z SECRET` with the time from which it signs. Give one
   * or the other. The broker does not start when it cannot be read.
   */
  readonly ticketSecretFile?: string;
  /** Carries packets of a match between members that have no other way, over their sockets here. Costs bandwidth of this machine. Default: false. */
  readonly relayFrames?: boolean;
  /** Origins of pages that may connect, `["*"]` for all. Default: pages of the same host, and pages on this machine. */
  readonly origins?: readonly string[];
  /** Proxies in front, each of which appends to `X-Forwarded-For`. Default 0. */
  readonly trustedProxyHops?: number;
  /** Letters of a code, 5–8. At 5 a thousand living lobbies are one code in 3,200, at 8 one in 25 million. Default 5. */
  readonly codeLength?: number;
  /** A full, a locked and another version's lobby, and one with a password that was not proved, look like no lobby at all. Default: false. */
  readonly uniformErrors?: boolean;
  /**
   * Makes signaling tokens and keepsakes that outlive this process, or that several brokers share: at least 32 characters. With it, members bring their
   * lobbies back after a restart. Default: random.
   */
  readonly signingKey?: string;
  /**
   * The same from a file, which is made when missing and read again when it changes: a key a line, `SECRET` or `2026-12-01T00:00Z SECRET` with the time
   * from which it signs. Give one or the other. The broker does not start when it cannot be read.
   */
  readonly signingKeyFile?: string;
  readonly limits?: Partial<BrokerLimits>;
  /**
   * `drain` moves members away over this many ms, evenly. Worth it where another node takes them; where members wait for this very broker to start again,
   * whoever went first would wait longest. Default 0: all at once.
   */
  readonly drainMs?: number;
  /** Opens `/metrics` and `/admin` to whoever has it: at least 16 characters. Default: there are none. */
  readonly adminToken?: string;
  /** `createBroker` alone: `/metrics`, `/healthz` and `/readyz` on a port of their own, without a token; 0 takes any free one. Default: none. */
  readonly metricsPort?: number;
  /** Address for `metricsPort`. Default: this machine alone. */
  readonly metricsHost?: string;
  /** `createBroker` alone: a folder with a built game, served beside the broker's own paths. Rejects when there is none. Default: none. */
  readonly staticFolder?: string;
  /**
   * `createBroker` alone: files with a certificate (with its chain) and its key, as PEM, for `https:` and `wss:`. Read again when they change; a wrong pair
   * changes nothing. Rejects when it is wrong from the start. Default: plain `http:`, for a proxy in front.
   */
  readonly tls?: TlsFiles;
  /**
   * `redis://` or `rediss://` of a Redis 7 that several brokers share: then they are one. They need the same `signingKey` too. Default: lobbies live in
   * this process.
   */
  readonly redisUrl?: string;
  /** Before every key and channel in Redis: brokers that shall have nothing to do with each other have another one. Default: "rollcall". */
  readonly redisPrefix?: string;
  /** Gets what an operator should know. Default: silence. */
  readonly log?: Log;
}

/** `BrokerOptions` with every default filled in. */
export interface BrokerSettings {
  readonly iceServers: readonly IceServer[];
  readonly turn: readonly TurnServer[];
  readonly turnServersFile: string | undefined;
  readonly open: boolean;
  readonly ticketSecret: string | undefined;
  readonly ticketSecretFile: string | undefined;
  readonly relayFrames: boolean;
  readonly origins: readonly string[] | undefined;
  readonly trustedProxyHops: number;
  readonly codeLength: number;
  readonly uniformErrors: boolean;
  readonly signingKey: string | undefined;
  readonly signingKeyFile: string | undefined;
  readonly limits: BrokerLimits;
  readonly drainMs: number;
  readonly redis: { readonly url: string; readonly prefix: string } | undefined;
  readonly adminToken: string | undefined;
  /** Somebody may ask for metrics. */
  readonly metrics: boolean;
  readonly log: Log;
}

/** Long enough that guessing is hopeless at any rate. */
export const ADMIN_TOKEN_UNITS_MIN = 16;
const ICE_URL_PATTERN = /^(?:stuns?|turns?):[^\s]+$/;

export const REDIS_PREFIX_PATTERN: RegExp = /^[A-Za-z0-9_-]{1,32}$/;

/** Whether a broker could connect to it. Beside the place it may name a user, a password and the number of a database. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(text);
  return /^rediss?:$/.test(protocol) && hostname !== "" && /^(?:\/\d*)?$/.test(pathname) && isUriText(`${username}${password}`);
}

function isUriText(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Fills in defaults. Asserts what the types cannot say: a wrong option is the caller's bug. */
export function resolveOptions(options: BrokerOptions): BrokerSettings {
  const {
    iceServers = [],
    turn,
    turnServersFile,
    open = false,
    ticketSecret,
    ticketSecretFile,
    relayFrames = false,
    origins,
    trustedProxyHops = 0,
    codeLength = LOBBY_CODE_LENGTH,
    uniformErrors = false,
    signingKey,
    signingKeyFile,
    limits = {},
    drainMs = 0,
    adminToken,
    metricsPort,
    redisUrl,
    redisPrefix = "rollcall",
    log = () => undefined,
  } = options;
  const isLength = Number.isInteger(codeLength) && codeLength >= LOBBY_CODE_LENGTH && codeLength <= LOBBY_CODE_LENGTH_MAX;
  assert(isLength, "codeLength to be a number of letters, 5 to 8");
  assert(Number.isInteger(trustedProxyHops) && trustedProxyHops >= 0, "trustedProxyHops to be a count");
  assertSecrets(options);
  assert(iceServers.length <= LOBBY_LIMITS.iceServers && iceServers.every(isIceServer), "iceServers to be stun: and turn: servers");
  const turnServers = resolveTurnServers(turn);
  assert(iceServers.length + turnServers.length <= LOBBY_LIMITS.iceServers, "room among iceServers for turn");
  assert(turn === undefined || turnServersFile === undefined, "turn or turnServersFile, not both");
  assert(Number.isFinite(drainMs) && drainMs >= 0, "drainMs to be a time");
  assert(redisUrl === undefined || isRedisUrl(redisUrl), "redisUrl to be redis://host:port or rediss://host:port");
  assert(REDIS_PREFIX_PATTERN.test(redisPrefix), "redisPrefix to be 1 to 32 letters, digits, - or _");
  assert(
    redisUrl === undefined || (signingKey ?? signingKeyFile) !== undefined,
    "a signingKey or signingKeyFile beside redisUrl, the same for all brokers",
  );
  assertLimits(limits);
  const normalized = origins?.map((origin) => {
    const bare = normalizeOrigin(origin);
    assert(bare !== undefined, `origins to be origins such as https://play.example, not ${origin}`);
    return bare;
  });
  return {
    iceServers,
    turn: turnServers,
    turnServersFile,
    open,
    ticketSecret,
    ticketSecretFile,
    relayFrames,
    origins: normalized,
    trustedProxyHops,
    codeLength,
    uniformErrors,
    signingKey,
    signingKeyFile,
    limits: { ...BROKER_LIMITS, ...limits },
    drainMs,
    redis: redisUrl === undefined ? undefined : { url: redisUrl, prefix: redisPrefix },
    adminToken,
    metrics: adminToken !== undefined || metricsPort !== undefined,
    log,
  };
}

function assertSecrets({ signingKey, signingKeyFile, ticketSecret, ticketSecretFile, open = false, adminToken }: BrokerOptions): void {
  assert(signingKey === undefined || signingKey.length >= SIGNING_KEY_UNITS_MIN, "signingKey to have at least 32 characters");
  assert(signingKey === undefined || signingKeyFile === undefined, "signingKey or signingKeyFile, not both");
  assert(ticketSecret === undefined || ticketSecret.length >= SIGNING_KEY_UNITS_MIN, "ticketSecret to have at least 32 characters");
  const ways = [open, ticketSecret !== undefined, ticketSecretFile !== undefined].filter(Boolean);
  assert(ways.length <= 1, "open, ticketSecret or ticketSecretFile, not two of them");
  assert(ticketSecret === undefined || ticketSecret !== signingKey, "another ticketSecret than signingKey");
  assert(ticketSecretFile === undefined || ticketSecretFile !== signingKeyFile, "another ticketSecretFile than signingKeyFile");
  assert(adminToken === undefined || adminToken.length >= ADMIN_TOKEN_UNITS_MIN, "adminToken to have at least 16 characters");
}

function assertLimits(limits: Partial<BrokerLimits>): void {
  for (const [name, value] of Object.entries(limits)) {
    assert(Object.hasOwn(BROKER_LIMITS, name), `limits to have known names, not ${name}`);
    assert(Number.isSafeInteger(value) && value > 0, `limits.${name} to be a positive integer`);
  }
}

/** An ICE server within the limits of the protocol, TURN with its credentials. */
export function isIceServer({ urls, username, credential }: IceServer): boolean {
  const fits = (text: string): boolean => text.length > 0 && text.length <= LOBBY_LIMITS.iceUnits;
  const urlsFit = urls.length > 0 && urls.length <= LOBBY_LIMITS.iceUrls && urls.every((url) => fits(url) && ICE_URL_PATTERN.test(url));
  const needsCredentials = urls.some((url) => url.startsWith("turn"));
  const credentialsFit = [username, credential].every((text) => (text === undefined ? !needsCredentials : fits(text)));
  return urlsFit && credentialsFit;
}
