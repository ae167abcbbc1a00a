import { browserPage } from "../adapters/page.ts";
import { takeVisitCrypto } from "../adapters/visit-crypto.ts";
import { openWebSocket } from "../adapters/websocket.ts";
import { startTicker } from "../driver/ticker.ts";
import type { Environment } from "./environment.ts";

/** The real one: this page, its timers, WebSocket and WebRTC by PeerJS. What a lobby needs is loaded when one is entered, so that a page without one never pays for it. */
export const browserEnvironment: Environment = {
  page: browserPage,
  createCrypto: takeVisitCrypto,
  startTicker,
  openControlSocket: openWebSocket,
  loadRoomParts: async () => (await import("./browser-room-parts.ts")).browserRoomParts,
  loadPasswordParts: () => import("./lobby-password.ts"),
};
