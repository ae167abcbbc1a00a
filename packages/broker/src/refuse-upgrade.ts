import type { Duplex } from "node:stream";

/** After a restart, or on another node, members are taken again within this, and an address has a token or two again of what it used up; a proxy or a program that can read it waits as long. */
export const RETRY_AFTER_SECONDS = 2;

/** Lets a raw socket fail: once Node has handed it over with an upgrade nobody listens to its errors, and one that is reset would end the process. */
export function letFail(socket: Duplex): void {
  // A function made here would keep the request for as long as the socket lives.
  socket.on("error", destroyItself);
}

function destroyItself(this: Duplex): void {
  this.destroy();
}

/** What to answer to what Node could not read as HTTP. */
export function statusOfBroken(error: Error & { readonly code?: string }): string {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
}

/** Answers a request for a socket with an HTTP status, and with 429 and 503 when to come again. The raw socket may fail at any time. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  letFail(socket);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const hint = /^(429|503)/.test(status) ? `Retry-After: ${RETRY_AFTER_SECONDS}\r\n` : "";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${hint}\r\n`, () => socket.destroy());
}
