import type { IncomingMessage } from "node:http";
import { isIPv4, isIPv6, type Socket } from "node:net";

/**
 * Who a request comes from, as the limits count: an IPv4 address, or the /64 of an IPv6 address (what one customer gets, and can move within at will).
 *
 * Each trusted proxy appends the address that it saw to `X-Forwarded-For`; with exactly `trustedProxyHops` of them, the client is that many places
 * from the right. Whatever stands further left was written by the client itself. A request that came by fewer proxies counts as its socket's address.
 */
export function clientAddress(request: IncomingMessage, trustedProxyHops: number): string {
  if (trustedProxyHops === 0) return connectionAddress(request.socket);
  const header = request.headers["x-forwarded-for"];
  const forwarded = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",");
  const claimed = forwarded[forwarded.length - trustedProxyHops];
  return addressKey((claimed ?? "").trim()) ?? connectionAddress(request.socket);
}

/** Where a connection has the key of its address: the system is asked once, and each connection is counted several times. */
const KEY = Symbol("address");

/** The key of whoever is at the other end. Of who has hung up already, the system does not know it. */
export function connectionAddress(socket: Socket): string {
  const known: unknown = Reflect.get(socket, KEY);
  return typeof known === "string" ? known : noteAddress(socket, remoteKey(socket.remoteAddress));
}

/** Notes the key of whoever is at the other end, and gives it. */
export function noteAddress(socket: Socket, key: string): string {
  Reflect.set(socket, KEY, key);
  return key;
}

/** Of an address as the system has it. */
export function remoteKey(remoteAddress: string | undefined): string {
  return addressKey(remoteAddress ?? "") ?? "unknown";
}

/**
 * Some providers give a customer a /48, with 65,536 addresses as we count them: all of these may do everything so many times as often as one of them, together. Elsewhere
 * the same /48 is a city's phones. At half, an evening's mistypes there, and its 500 players, are turned away; at double, five customers fill a broker.
 */
export const NETWORK_TIMES = 16;

/** The /48 of a /64; `undefined`: an IPv4 address. */
export function networkOf(address: string): string | undefined {
  const groups = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f]+::\/64$/.exec(address)?.[1];
  return groups === undefined ? undefined : `${groups}::/48`;
}

/** The key of an address; `undefined` when it is none. An IPv4 address written as IPv6 is the IPv4 address; some proxies write a port behind it. */
export function addressKey(address: string): string | undefined {
  // As Node writes nearly all.
  const usual = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIPv4(usual)) return usual;
  const bare = address.replace(/^\[|\](?::\d+)?$/g, "").replace(/%.*$/, "");
  if (isIPv6(bare)) return ipv6Key(bare);
  const withoutPort = bare.replace(/:\d{1,5}$/, "");
  return isIPv4(withoutPort) ? withoutPort : undefined;
}

function ipv6Key(address: string): string {
  // An IPv4 tail stands for two groups.
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_text, ...octets: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = octets.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right].map((group) => Number.parseInt(group, 16));
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 6).join() === "0,0,0,0,0,65535";
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  const prefix = groups.slice(0, 4).map((group) => group.toString(16));
  return `${prefix.join(":")}::/64`;
}
