import type { Duplex } from "node:stream";

/** Answers a request for a socket with an HTTP status, and when to come again. The raw socket may fail at any time. */
export function refuseUpgrade(socket: Duplex, status: string, retryAfterSeconds?: number): void {
  socket.on("error", () => socket.destroy());
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const hint = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${hint}\r\n`, () => socket.destroy());
}
