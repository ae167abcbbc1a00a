import type { IncomingMessage } from "node:http";

/**
 * Which pages may open sockets. There are no cookies here that a foreign page could borrow, so this does not protect members; it keeps other
 * sites from running their games on this broker.
 *
 * - No `Origin` header: not a page (a Node peer, a command): allowed.
 * - A list: exactly these origins; `*` is every page.
 * - No list: pages of the same host (any port), and pages on this very machine (`localhost`, loopback addresses).
 */
export class OriginPolicy {
  readonly #origins: ReadonlySet<string> | undefined;

  constructor(origins: readonly string[] | undefined) {
    this.#origins = origins === undefined ? undefined : new Set(origins);
  }

  allows(request: IncomingMessage, behindProxy: boolean): boolean {
    const origin = request.headers.origin;
    if (origin === undefined) return true;
    if (this.#origins !== undefined) return this.#origins.has("*") || this.#origins.has(origin);
    const hostname = originHostname(origin);
    if (hostname === undefined) return false;
    if (isLocal(hostname)) return true;
    const hosts = [request.headers.host, behindProxy ? request.headers["x-forwarded-host"] : undefined];
    return hosts.some((host) => typeof host === "string" && originHostname(`http://${host}`) === hostname);
  }
}

/** Writes an origin as browsers do; `undefined` when the text is none. */
export function normalizeOrigin(text: string): string | undefined {
  if (text === "*" || text === "null") return text;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const bare = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  return bare && (url.protocol === "http:" || url.protocol === "https:") ? url.origin : undefined;
}

function originHostname(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined;
}

function isLocal(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
