import type { IceServer } from "../ports/lobby-protocol.ts";

/** Ways to a TURN server, as networks let them through: UDP, TCP, and TCP that looks like https. */
export const TURN_WAYS = ["udp", "tcp", "tls"] as const;
export type TurnWay = (typeof TURN_WAYS)[number];

/** What is to be asked, one URL a server. */
export interface IcePlan {
  readonly stun: readonly IceServer[];
  readonly turn: Readonly<Record<TurnWay, readonly IceServer[]>>;
}

/** Most STUN servers that are asked: two tell the kind of NAT. */
const STUN_SERVERS_MAX = 3;
/** Most TURN servers of one way. */
const TURN_SERVERS_MAX = 2;
const URL_PATTERN = /^(stuns?|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;

/** Sorts the servers that a lobby was given. Whatever cannot be read is left out. A TURN server answers STUN at the same port, so it counts as one, too. */
export function planIce(servers: readonly IceServer[]): IcePlan {
  const stun = new Map<string, IceServer>();
  const turn: Record<TurnWay, IceServer[]> = { udp: [], tcp: [], tls: [] };
  for (const { urls, username, credential } of servers) {
    for (const url of urls) {
      const [, scheme = "", host = "", port = "3478", transport = ""] = URL_PATTERN.exec(url) ?? [];
      const kind = scheme.toLowerCase();
      const way = kind === "turns" ? "tls" : transport.toLowerCase() === "tcp" ? "tcp" : "udp";
      if (kind.startsWith("turn")) {
        turn[way].push({
          urls: [url],
          ...(username === undefined ? {} : { username }),
          ...(credential === undefined ? {} : { credential }),
        });
      }
      if (kind === "stun" || (kind === "turn" && way === "udp")) stun.set(`${host}:${port}`, { urls: [`stun:${host}:${port}`] });
    }
  }
  const limited = (way: TurnWay): readonly IceServer[] => turn[way].slice(0, TURN_SERVERS_MAX);
  return {
    stun: [...stun.values()].slice(0, STUN_SERVERS_MAX),
    turn: { udp: limited("udp"), tcp: limited("tcp"), tls: limited("tls") },
  };
}
