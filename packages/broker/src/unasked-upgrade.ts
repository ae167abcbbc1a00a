import { ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { letFail } from "./refuse-upgrade.ts";

/** Whether the upgrade is one that the broker knows. Any other may be ignored (RFC 9110, section 7.8): some programs offer `h2c` with whatever they ask. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .includes("websocket");
}

/** Answers such a request as if it had asked for nothing else. It is the last one of its connection: Node has stopped to read it. */
export function responseWithoutUpgrade(request: IncomingMessage, socket: Duplex): ServerResponse {
  letFail(socket);
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(request.socket);
  // What Node does for the sockets that it reads itself: else whoever writes a file would wait for ever.
  request.socket.on("drain", () => response.emit("drain"));
  response.once("finish", () => request.socket.destroySoon());
  return response;
}
