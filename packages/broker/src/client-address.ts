import type { IncomingMessage } from "node:http";
import { isIPv4, isIPv6 } from "node:net";

/**
 * Who a request comes from, as the limits count: an IPv4 address, or the /64 of an IPv6 address (what one customer gets, and can move within at will).
 *
 * Each trusted proxy appends the address that it saw to `X-Forwarded-For`; with exactly `trustedProxyHops` of them, the client is that many places
 * from the right. Whatever stands further left was written by the client itself. A request that came by fewer proxies counts as its socket's address.
 */
export function clientAddress(request: IncomingMessage, trustedProxyHops: number): string {
  const socketAddress = request.socket.remoteAddress ?? "";
  if (trustedProxyHops === 0) return addressKey(socketAddress) ?? "unknown";
  const header = request.headers["x-forwarded-for"];
  const forwarded = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",");
  const claimed = forwarded[forwarded.length - trustedProxyHops];
  return addressKey((claimed ?? "").trim()) ?? addressKey(socketAddress) ?? "unknown";
}

/** The key of an address; `undefined` when it is none. An IPv4 address written as IPv6 is the IPv4 address. */
export function addressKey(address: string): string | undefined {
  if (isIPv4(address)) return address;
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIPv4(bare)) return bare;
  const withoutZone = bare.replace(/^\[|\](?::\d+)?$/g, "").replace(/%.*$/, "");
  return isIPv6(withoutZone) ? `${prefix64(withoutZone)}::/64` : undefined;
}

function prefix64(address: string): string {
  // An embedded IPv4 tail stands for two groups, which are not part of the prefix.
  const [head = "", tail] = address.replace(/\d+\.\d+\.\d+\.\d+$/, "0:0").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
