import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** A broker inside a server of your own. */
export interface BrokerHandlers {
  /** Answers `/healthz`, `/readyz`, with a token `/metrics` and `/admin`, and on an open broker `/peerjs/id`. False: not the broker's path, nothing was written. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes the sockets `/lobby` and `/peerjs`, or refuses them. False: not the broker's path, the socket was not touched. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Takes nobody new, moves everybody away over `drainMs`, then closes. Idempotent; `close` cuts it short. */
  drain(): Promise<void>;
  /** Says goodbye to everybody at once and frees every socket and timer. Idempotent. */
  close(): Promise<void>;
}
