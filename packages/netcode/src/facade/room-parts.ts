import type { LinkMesh } from "../core/link/link-mesh.ts";
import type { CreateTransport } from "./environment.ts";
import type { LobbyRoom } from "./lobby-room.ts";

/** What only a page that enters a lobby needs, and most of what the library weighs: links, matches, WebRTC. */
export interface RoomParts {
  readonly createTransport: CreateTransport;
  readonly LinkMesh: typeof LinkMesh;
  readonly LobbyRoom: typeof LobbyRoom;
}
