import { randomBytes } from "node:crypto";
import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";
import { ClusterNode } from "./cluster-node.ts";
import { ClusterSignaling } from "./cluster-signaling.ts";
import type { LobbyRooms } from "./lobby-rooms.ts";
import type { LobbyService } from "./lobby-service.ts";
import { SeatClaims } from "./seat-claims.ts";
import type { SharedState } from "./shared-state.ts";
import type { GuardCluster, SignalingGuard } from "./signaling-guard.ts";

/** A join is answered within a second, whatever the shared state does: with `RETRY` if there is nothing better to say. */
export const ANSWER_MS_MAX = 950;

export interface ClusterOptions {
  readonly shared: SharedState;
  readonly steadyMs: () => number;
  readonly handleFailure: (error: unknown) => void;
}

export interface ClusterParts {
  readonly rooms: LobbyRooms;
  readonly service: LobbyService;
  readonly guard: SignalingGuard;
}

/** Makes one process a node of many: what its parts need of the others, and what the others tell it. */
export class Cluster {
  /** New with each start: what the process before had is nobody's. */
  readonly nodeId: string;
  readonly seats: SeatClaims;
  readonly forGuard: GuardCluster;
  readonly #options: ClusterOptions;
  readonly #signaling: ClusterSignaling;
  #parts: ClusterParts | undefined;
  #node: ClusterNode | undefined;

  constructor(options: ClusterOptions, nodeId: string = randomBytes(9).toString("base64url")) {
    const { shared, handleFailure } = options;
    this.#options = options;
    this.nodeId = nodeId;
    this.seats = new SeatClaims({ claims: shared.claims, lobbies: shared.lobbies, nodeId, handleFailure });
    this.#signaling = new ClusterSignaling({
      shared,
      seats: this.seats,
      deliver: (dst, signal) => this.#parts?.guard.deliver(dst, signal),
      handleLost: (peerId) => this.#parts?.guard.lose(peerId),
      handleUp: () => this.#parts?.guard.handleUp(),
    });
    this.forGuard = { signaling: this.#signaling, follow: (record) => this.#parts?.rooms.follow(record) };
  }

  /** Once, with the parts that were made with `nodeId`, `seats` and `forGuard`. */
  start(parts: ClusterParts): void {
    const { shared, steadyMs, handleFailure } = this.#options;
    this.#parts = parts;
    this.#node = new ClusterNode({
      nodeId: this.nodeId,
      shared,
      seats: this.seats,
      rooms: parts.rooms,
      service: parts.service,
      signalingCodes: () => parts.guard.lobbyCodes(),
      handleText: ({ here }) => {
        // Of a node of ours: an id that nothing waits for changes nothing.
        if (typeof here === "string") parts.guard.handleElsewhere(here as PeerId);
      },
      steadyMs,
      handleFailure,
    });
  }

  get isUp(): boolean {
    return this.#options.shared.bus.isUp;
  }

  /** Of a member that may be at any node. */
  async lobbyOf(peerId: PeerId): Promise<LobbyCode | undefined> {
    return (await this.seats.find(peerId))?.code;
  }

  get nodeCount(): number {
    return this.#node?.nodeCount ?? 1;
  }

  /** After all sockets were closed and what that changes was written. */
  async close(): Promise<void> {
    this.#signaling.close();
    await this.#node?.close();
    this.#options.shared.close();
  }
}
