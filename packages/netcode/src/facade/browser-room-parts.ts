import { PeerJsTransport } from "../adapters/peerjs.ts";
export { warmUpWebRtc } from "../adapters/warm-up.ts";
import { LinkMesh } from "../core/link/link-mesh.ts";
import { LobbyRoom } from "./lobby-room.ts";
import type { RoomParts } from "./room-parts.ts";

/** What a page loads when it enters a lobby, as one file: of three, a bundler makes six and more, since what some of them share is a file of its own. */
export const browserRoomParts: RoomParts = {
  createTransport: ({ localPeerId, ...setup }) => new PeerJsTransport({ peerId: localPeerId, ...setup }),
  LinkMesh,
  LobbyRoom,
};
