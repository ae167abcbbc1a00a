import type { MessageTypes } from "../core/base/message-type.ts";
import type { Page } from "../adapters/page.ts";
import type { Game } from "../core/game/game.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { LinkMesh } from "../core/link/link-mesh.ts";
import type { Admission } from "../core/ports/lobby-protocol.ts";
import type { Transport } from "../core/ports/transport.ts";
import type { Ticker } from "../driver/ticker.ts";
import type { MakeVerifier } from "./environment.ts";
import type { LobbyConnection } from "./lobby-connection.ts";
import type { TransferLimits } from "./content-types.ts";
import type { LobbyVisit } from "./lobby-visit.ts";
import type { SeatMemory } from "./seat-memory.ts";

/** What a lobby is made of. */
export interface LobbyRoomOptions<State, Schema extends InputSchema, Messages extends MessageTypes, Result> {
  readonly page: Page;
  readonly ticker: Ticker;
  readonly game: Game<State, Schema, Messages, Result>;
  readonly connection: LobbyConnection;
  readonly admission: Admission;
  readonly transport: Transport;
  readonly mesh: LinkMesh;
  readonly visit: LobbyVisit;
  readonly seatMemory: SeatMemory;
  readonly transferLimits: TransferLimits;
  readonly makeVerifier: MakeVerifier;
}
