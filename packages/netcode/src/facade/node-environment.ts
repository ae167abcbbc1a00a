import { loadNodePackages } from "../adapters/node.ts";
import { browserPage, type Page } from "../adapters/page.ts";
import { createVisitCrypto } from "../adapters/visit-crypto.ts";
import { openWebSocket } from "../adapters/websocket.ts";
import { LinkMesh } from "../core/link/link-mesh.ts";
import { startNodeTicker } from "../driver/node-ticker.ts";
import type { Environment } from "./environment.ts";
import { LobbyRoom } from "./lobby-room.ts";

const nothing = (): void => {};

/** A process has no screen, no reload and no other tabs, and keeps nothing. */
const nodePage: Page = {
  origin: undefined,
  localStorage: undefined,
  sessionStorage: undefined,
  onPageHide: () => nothing,
  onPageRestore: () => nothing,
  onNetworkChange: () => nothing,
  onAnimationFrame: () => nothing,
  isClaimed: () => Promise.resolve(false),
  claim: () => nothing,
  reportError: (error) => browserPage.reportError(error),
  randomSeed: () => browserPage.randomSeed(),
  randomToken: () => browserPage.randomToken(),
};

/** A Node process: its timers, `ws`, and WebRTC by `node-datachannel`. `loadNodePackages` comes first: it makes the `WebSocket` that the control socket uses. */
export const nodeEnvironment: Environment = {
  page: nodePage,
  createCrypto: () => createVisitCrypto(),
  startTicker: startNodeTicker,
  openControlSocket: openWebSocket,
  loadRoomParts: async () => {
    const createTransport = await loadNodePackages();
    return {
      createTransport: ({ localPeerId, ...setup }) => createTransport({ peerId: localPeerId, ...setup }),
      LinkMesh,
      LobbyRoom,
    };
  },
  loadPasswordParts: () => import("./lobby-password.ts"),
};
