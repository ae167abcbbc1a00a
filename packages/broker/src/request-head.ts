import type { IncomingMessage } from "node:http";

/** Before HTTP/1.1, which has neither upgrades nor a host that has to be named. */
export function isOldHttp({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor < 1 || (httpVersionMajor === 1 && httpVersionMinor === 0);
}

/**
 * Whether a request says for which host it is, once (RFC 9112, section 3.2). Of two, Node would take the first and a proxy may have taken the last: each would let in what the other was to keep
 * out.
 */
export function namesItsHost(request: IncomingMessage): boolean {
  const count = request.headersDistinct["host"]?.length ?? 0;
  return count === 1 || (count === 0 && isOldHttp(request));
}
