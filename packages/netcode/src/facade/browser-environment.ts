import { browserPage } from "../adapters/page.ts";
import { openWebSocket } from "../adapters/websocket.ts";
import { startTicker } from "../driver/ticker.ts";
import type { Environment } from "./environment.ts";

/** The real one: this page, its timers, WebSocket and WebRTC by PeerJS. PeerJS is loaded when a lobby is entered, so that a page without one never pays for it. */
export const browserEnvironment: Environment = {
  page: browserPage,
  startTicker,
  openControlSocket: openWebSocket,
  loadTransport: async () => {
    const { PeerJsTransport } = await import("../adapters/peerjs.ts");
    return ({ localPeerId, signalingToken, broker, iceServers }) =>
      new PeerJsTransport({ peerId: localPeerId, token: signalingToken, broker, iceServers });
  },
};
