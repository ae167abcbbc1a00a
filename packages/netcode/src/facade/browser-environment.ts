import { browserPage } from "../adapters/page.ts";
import { takeVisitCrypto } from "../adapters/visit-crypto.ts";
import { openWebSocket } from "../adapters/websocket.ts";
import { startTicker } from "../driver/ticker.ts";
import type { Environment } from "./environment.ts";
import { NetcodeError } from "./netcode-error.ts";
import type { RoomParts } from "./room-parts.ts";

/** The real one: this page, its timers, WebSocket and WebRTC by PeerJS. What a lobby needs is loaded when one is entered, so that a page without one never pays for it. */
export const browserEnvironment: Environment = {
  page: browserPage,
  createCrypto: takeVisitCrypto,
  startTicker,
  openControlSocket: openWebSocket,
  loadRoomParts,
  loadPasswordParts: () => import("./lobby-password.ts"),
};

let warmUp: Promise<void> | undefined;

/** The same before anybody asks for anything, with all that the browser loads for it. */
export async function prepareRoomParts(): Promise<void> {
  await loadRoomParts();
  await warmUp;
}

async function loadRoomParts(): Promise<RoomParts> {
  if (typeof document === "undefined") {
    const message = "Lobbies are entered on a page, and this is none.";
    const remedy =
      "In Node, import from @rollcall/netcode/node. Where pages are rendered on a server or work in a worker, call this on the page.";
    throw new NetcodeError("BAD_ARGUMENT", { message, remedy });
  }
  const { browserRoomParts, warmUpWebRtc } = await import("./browser-room-parts.ts");
  // Once, while the broker is asked.
  warmUp ??= warmUpWebRtc();
  return browserRoomParts;
}
