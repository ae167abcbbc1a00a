import type { IceServer } from "@rollcall/netcode/lobby-protocol";
import { assert, LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { SIGNING_KEY_UNITS_MIN } from "./key-ring.ts";
import { BROKER_LIMITS, type BrokerLimits } from "./limits.ts";
import { normalizeOrigin } from "./origin-policy.ts";

/** A TURN server that makes out credentials by a shared secret (coturn: `use-auth-secret`). */
export interface TurnOptions {
  /** `turn:` and `turns:` addresses of servers with this secret, such as `turn:turn.example:3478?transport=udp`; 1–8. */
  readonly urls: readonly string[];
  /** coturn's `static-auth-secret`, at least 16 characters: a member could try out shorter ones against the credential that it got. */
  readonly secret: string;
  /**
   * Life of the credentials in ms, at least 1,000; default 600,000. Connections outlive their credentials; only what begins later needs fresh ones, and
   * members ask for these in time. Half makes members ask twice as often; double lets who was kicked relay twice as long.
   */
  readonly lifeMs?: number;
}

/** What a broker does; all of it has defaults that are safe on the open internet. */
export interface BrokerOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Address to listen on; default: all. */
  readonly host?: string;
  /** Handed to members on joining, and to nobody else. Default: none, so that peers meet on a LAN only. */
  readonly iceServers?: readonly IceServer[];
  /** Credentials for each member, beside `iceServers`. Default: none. */
  readonly turn?: TurnOptions;
  /** Stock PeerJS clients may signal without a lobby. Default: false. */
  readonly open?: boolean;
  /** Carries packets of a match between members that have no other way, over their sockets here. Costs bandwidth of this machine. Default: false. */
  readonly relayFrames?: boolean;
  /** Origins of pages that may connect, `["*"]` for all. Default: pages of the same host, and pages on this machine. */
  readonly origins?: readonly string[];
  /** Proxies in front, each of which appends to `X-Forwarded-For`. Default 0. */
  readonly trustedProxyHops?: number;
  /** A full, a locked and another version's lobby look like no lobby at all. Default: false. */
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
  /** Gets short lines for an operator. Default: silence. */
  readonly log?: (line: string) => void;
}

/** `BrokerOptions` with every default filled in. */
export interface BrokerSettings {
  readonly iceServers: readonly IceServer[];
  readonly turn: Required<TurnOptions> | undefined;
  readonly open: boolean;
  readonly relayFrames: boolean;
  readonly origins: readonly string[] | undefined;
  readonly trustedProxyHops: number;
  readonly uniformErrors: boolean;
  readonly signingKey: string | undefined;
  readonly signingKeyFile: string | undefined;
  readonly limits: BrokerLimits;
  readonly log: (line: string) => void;
}

const ICE_URL_PATTERN = /^(?:stuns?|turns?):[^\s]+$/;
const TURN_URL_PATTERN = /^turns?:[^\s@]+$/;
const TURN_LIFE_MS = 600_000;
export const TURN_SECRET_UNITS_MIN = 16;

/** Fills in defaults. Asserts what the types cannot say: a wrong option is the caller's bug. */
export function resolveOptions(options: BrokerOptions): BrokerSettings {
  const {
    iceServers = [],
    turn,
    open = false,
    relayFrames = false,
    origins,
    trustedProxyHops = 0,
    uniformErrors = false,
    signingKey,
    signingKeyFile,
    limits = {},
    log = () => undefined,
  } = options;
  assert(Number.isInteger(trustedProxyHops) && trustedProxyHops >= 0, "trustedProxyHops to be a count");
  assert(signingKey === undefined || signingKey.length >= SIGNING_KEY_UNITS_MIN, "signingKey to have at least 32 characters");
  assert(signingKey === undefined || signingKeyFile === undefined, "signingKey or signingKeyFile, not both");
  assert(iceServers.length <= LOBBY_LIMITS.iceServers && iceServers.every(isIceServer), "iceServers to be stun: and turn: servers");
  assert(turn === undefined || iceServers.length < LOBBY_LIMITS.iceServers, "room among iceServers for turn");
  for (const [name, value] of Object.entries(limits)) {
    assert(Object.hasOwn(BROKER_LIMITS, name), `limits to have known names, not ${name}`);
    assert(Number.isSafeInteger(value) && value > 0, `limits.${name} to be a positive integer`);
  }
  const normalized = origins?.map((origin) => {
    const bare = normalizeOrigin(origin);
    assert(bare !== undefined, `origins to be origins such as https://play.example, not ${origin}`);
    return bare;
  });
  return {
    iceServers,
    turn: turn === undefined ? undefined : resolveTurn(turn),
    open,
    relayFrames,
    origins: normalized,
    trustedProxyHops,
    uniformErrors,
    signingKey,
    signingKeyFile,
    limits: { ...BROKER_LIMITS, ...limits },
    log,
  };
}

function resolveTurn({ urls, secret, lifeMs = TURN_LIFE_MS }: TurnOptions): Required<TurnOptions> {
  assert(areTurnUrls(urls), "turn.urls to be turn: and turns: addresses");
  assert(secret.length >= TURN_SECRET_UNITS_MIN, `turn.secret to have at least ${TURN_SECRET_UNITS_MIN} characters`);
  assert(Number.isSafeInteger(lifeMs) && lifeMs >= 1_000, "turn.lifeMs to be at least 1,000");
  return { urls, secret, lifeMs };
}

/** Addresses of TURN servers within the limits of the protocol, without credentials. */
export function areTurnUrls(urls: readonly string[]): boolean {
  return (
    urls.length > 0 &&
    urls.length <= LOBBY_LIMITS.iceUrls &&
    urls.every((url) => url.length <= LOBBY_LIMITS.iceUnits && TURN_URL_PATTERN.test(url))
  );
}

/** An ICE server within the limits of the protocol, TURN with its credentials. */
export function isIceServer({ urls, username, credential }: IceServer): boolean {
  const fits = (text: string): boolean => text.length > 0 && text.length <= LOBBY_LIMITS.iceUnits;
  const urlsFit = urls.length > 0 && urls.length <= LOBBY_LIMITS.iceUrls && urls.every((url) => fits(url) && ICE_URL_PATTERN.test(url));
  const needsCredentials = urls.some((url) => url.startsWith("turn"));
  const credentialsFit = [username, credential].every((text) => (text === undefined ? !needsCredentials : fits(text)));
  return urlsFit && credentialsFit;
}
