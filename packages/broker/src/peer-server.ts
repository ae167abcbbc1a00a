/**
 * The one file that knows `peer`, the signaling server of PeerJS. It never meets a real socket: the guard gives it messages that are already checked,
 * on stand-ins whose life the guard controls: one stand-in per id at a time, LEAVE never without a destination, nothing that cannot be written again.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { assert } from "@rollcall/netcode/lobby-protocol";
import express from "express";
import { ExpressPeerServer } from "peer";
import { WebSocketServer } from "ws";
import { CLOSE_CODE, type GuardedSocket } from "./guarded-socket.ts";

/** One client as `peer` knows it. */
export interface PeerServerClient {
  /** The client is gone; its id is free. */
  handleClosed(): void;
}

export interface PeerServerAdapter {
  /** `socket`: what `peer` has to say is sent there, and when it hangs up, after saying why (ID-TAKEN), it is closed. */
  connect(identity: { readonly id: string; readonly token: string }, socket: GuardedSocket): PeerServerClient;
  /** `GET /peerjs/id` of stock clients. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
}

/** The API key that PeerJS sends when it is told none; part of the path of its HTTP calls. */
export const PEERJS_KEY = "peerjs";

/**
 * `peer` writes down all ids that it has whenever a client comes, to count them: 8 bytes for each that is there, which at 5,000 is more garbage than all the rest of a connection. So there are several of them, each for some of
 * the ids. At half, it is twice as much; at double, the broker starts a few milliseconds later.
 */
const REALMS = 16;

/** `handleFailure`: an error inside `peer`. */
export function createPeerServer(handleFailure: (error: unknown) => void): PeerServerAdapter {
  const app = express();
  app.disable("x-powered-by");
  const realms = Array.from({ length: REALMS }, () => mountRealm(app, handleFailure));
  return {
    connect(identity, socket) {
      const standIn = new StandInSocket(socket);
      // Every letter of an id may stand in an address.
      const url = `/?key=${PEERJS_KEY}&id=${identity.id}&token=${encodeURIComponent(identity.token)}`;
      realms[realmOf(identity.id)]?.emit("connection", standIn, { url });
      return standIn;
    },
    // Of making up an id, any of them knows as much.
    handleRequest: (request, response) => {
      app(request, response);
    },
  };
}

/** Which one has this id: however it was made, its end is the most random of it. */
function realmOf(id: string): number {
  return (7 * id.charCodeAt(id.length - 1) + (id.charCodeAt(id.length - 2) || 0)) % REALMS;
}

/** One `peer`, and what it hears of connections by. */
function mountRealm(app: express.Express, handleFailure: (error: unknown) => void): WebSocketServer {
  const connections = new WebSocketServer({ noServer: true }).on("error", handleFailure);
  withoutTimers(() => {
    // `peer` attaches to a server only through `createWebSocketServer`; this one never listens.
    const peerApp = ExpressPeerServer(createServer(), {
      path: "/",
      key: PEERJS_KEY,
      allow_discovery: false,
      // Sockets are counted by the guard. `peer` counts its own at each connect by a list of all ids, which nothing of it lets us spare: 8 µs at 5,000.
      concurrent_limit: Number.MAX_SAFE_INTEGER,
      createWebSocketServer: () => connections,
    });
    peerApp.on("error", handleFailure);
    // Of its own, whatever the one above says.
    peerApp.disable("x-powered-by");
    app.use(peerApp);
  });
  return connections;
}

/** What `peer` uses of a WebSocket: `send`, `close`, and `on` for `message`, `close` and `error`, of which only one happens. An `EventEmitter` would be half a kilobyte more for each connection. */
class StandInSocket {
  readonly #socket: GuardedSocket;
  #handleClosed: (() => void) | undefined;

  constructor(socket: GuardedSocket) {
    this.#socket = socket;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    this.#socket.close(CLOSE_CODE.normal, "");
  }

  on(event: string, listener: () => void): this {
    if (event === "close") this.#handleClosed = listener;
    return this;
  }

  handleClosed(): void {
    const handle = this.#handleClosed;
    this.#handleClosed = undefined;
    handle?.();
  }
}

/**
 * Mounting `peer` arms two timers that re-arm themselves for good and that nothing can stop: one expires its message queue, one closes silent clients
 * by the wall clock. The guard does both (by the monotonic clock), so they are never armed. Synchronous: no other code runs in between.
 */
function withoutTimers(mount: () => void): void {
  const { setTimeout } = globalThis;
  let armed = 0;
  globalThis.setTimeout = Object.assign(() => {
    armed++;
    return setTimeout(() => undefined, 0);
  }, setTimeout);
  try {
    mount();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert(armed === 2, `peer to arm its two timers when it is mounted, got ${armed}`);
}
