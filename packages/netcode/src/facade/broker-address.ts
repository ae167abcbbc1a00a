import { badArgument } from "./netcode-error.ts";

/** Where a broker is. */
export interface BrokerAddress {
  /** `http:` or `https:`, without a slash at its end: PeerJS signaling is below it. */
  readonly base: string;
  /** `ws:` or `wss:`: the control socket. */
  readonly lobbyUrl: string;
}

/**
 * Reads the address of a broker: `http`, `https`, `ws` or `wss`, with a path when the broker is behind one. Without one it is the page's own
 * `origin`. Throws `BAD_ARGUMENT`.
 */
export function parseBrokerAddress(broker: string | URL | undefined, origin: string | undefined): BrokerAddress {
  const text = broker ?? origin;
  if (text === undefined) throw badArgument("the option `broker`: this page has no origin");
  const url = readUrl(text);
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  const plain = url.protocol === "http:" || url.protocol === "ws:";
  if (!secure && !plain) throw badArgument(`a broker at http, https, ws or wss, got "${url.protocol}"`);
  const place = `//${url.host}${url.pathname.replace(/\/+$/, "")}`;
  return { base: `${secure ? "https" : "http"}:${place}`, lobbyUrl: `${secure ? "wss" : "ws"}:${place}/lobby` };
}

function readUrl(text: string | URL): URL {
  try {
    return new URL(text);
  } catch {
    throw badArgument(`a broker address such as "https://example.org", got "${String(text)}"`);
  }
}
