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
  const protocol = /^(?:http|ws)(s?):$/.exec(url.protocol);
  if (protocol === null) throw badArgument(`a broker at http, https, ws or wss, such as "https://example.org", got "${String(text)}"`);
  const secured = protocol[1] ?? "";
  const place = `${secured}://${url.host}${url.pathname.replace(/\/+$/, "")}`;
  return { base: `http${place}`, lobbyUrl: `ws${place}/lobby` };
}

function readUrl(text: string | URL): URL {
  try {
    return new URL(text);
  } catch {
    throw badArgument(`a broker address such as "https://example.org", got "${String(text)}"`);
  }
}
