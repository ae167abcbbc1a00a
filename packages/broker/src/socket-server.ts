import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { WebSocketServer } from "ws";
import { CLOSING_MS } from "./guarded-socket.ts";

/** Frames of one message, and reads in which it may come. Browsers send a message of our size in a handful, networks in 45 packets; each costs some hundred bytes until the message is whole. */
const PARTS_MAX = 1_024;
/** A constant of its own, since the types of `ws` do not know all of it yet. */
const SOCKET_OPTIONS = {
  noServer: true,
  maxPayload: LOBBY_LIMITS.frameBytes,
  maxFragments: PARTS_MAX,
  maxBufferedChunks: PARTS_MAX,
  // A small frame could else unpack to a large one, and every socket would hold a window of memory.
  perMessageDeflate: false,
  clientTracking: false,
  // The guard answers pings, so that it can count them.
  autoPong: false,
  // Of a socket that broke the rules of WebSockets: for us it is over at once, and it is not counted any more.
  closeTimeout: CLOSING_MS,
} as const;

/** Makes WebSockets of upgrades that were let in, for `GuardedSocket`. */
export function createSocketServer(handleFailure: (error: unknown) => void): WebSocketServer {
  return new WebSocketServer(SOCKET_OPTIONS).on("error", handleFailure);
}
