/** A node of a cluster without sockets, on a store in memory. Needs vitest's fake timers. */
import {
  LOBBY_PROTOCOL_VERSION,
  type CommandResult,
  type EntranceAttempt,
  type GoodbyeReason,
  type LobbyCode,
  type LobbyErrorCode,
} from "@rollcall/netcode/lobby-protocol";
import { Cluster } from "../src/cluster.ts";
import { Counters } from "../src/counters.ts";
import { IceGrants } from "../src/ice-grants.ts";
import { BROKER_LIMITS, type BrokerLimits } from "../src/limits.ts";
import { ListingBoard } from "../src/listing-board.ts";
import type { RoomCommand } from "../src/lobby.ts";
import { LobbyRooms, type MemberSocket } from "../src/lobby-rooms.ts";
import { LobbySeal } from "../src/lobby-seal.ts";
import { LobbyService } from "../src/lobby-service.ts";
import type { Membership, Outcome, Visitor } from "../src/lobby-visitor.ts";
import { createPeerServer } from "../src/peer-server.ts";
import { QuickMatch } from "../src/quick-match.ts";
import { createSecrets } from "../src/secrets.ts";
import type { SharedState } from "../src/shared-state.ts";
import { SignalingGuard } from "../src/signaling-guard.ts";
import { named, TAG } from "./lobby-fixture.ts";
import { PageKey } from "./page-key.ts";

const SIGNING_KEY = "a signing key of this test, long enough";
const nowMs = (): number => Date.now();

/** Somebody at a node, and what came of each of its requests. */
export class VirtualGuest {
  readonly key: string;
  readonly outcomes: (CommandResult | LobbyErrorCode | "in" | null)[] = [];
  readonly goodbyes: GoodbyeReason[] = [];
  /** All that was sent to it. */
  readonly texts: string[] = [];
  membership: Membership | undefined;
  readonly socket: MemberSocket = {
    sendText: (text) => void this.texts.push(text),
    sendFrame: () => false,
    goodbye: (reason) => void this.goodbyes.push(reason),
  };

  readonly visitor: Visitor = {
    socket: this.socket,
    address: "192.0.2.1",
    takeLobby: () => true,
    handleOutcome: (outcome) => this.#hear(outcome),
  };

  constructor(key: string = new PageKey().key) {
    this.key = key;
  }

  /** Its membership. Throws when it never got in. */
  get seat(): Membership {
    if (this.membership === undefined) throw new Error("not in");
    return this.membership;
  }

  #hear(outcome: Outcome): void {
    if (!outcome.ok) this.outcomes.push(outcome.refusal.code);
    else if (outcome.membership === undefined) this.outcomes.push(outcome.result);
    else {
      this.membership = outcome.membership;
      this.outcomes.push("in");
    }
  }
}

export class VirtualNode {
  readonly failures: unknown[] = [];
  readonly service: LobbyService;
  readonly rooms: LobbyRooms;
  readonly cluster: Cluster;
  readonly board: ListingBoard;
  readonly guard: SignalingGuard;
  readonly #quickMatch: QuickMatch;

  constructor(shared: SharedState, limits: BrokerLimits = BROKER_LIMITS) {
    const handleFailure = (error: unknown): void => void this.failures.push(error);
    const secrets = createSecrets(SIGNING_KEY);
    this.cluster = new Cluster({ shared, steadyMs: nowMs, handleFailure });
    const counters = new Counters();
    this.rooms = new LobbyRooms((peerId) => this.guard.expel(peerId), this.cluster.nodeId);
    this.guard = new SignalingGuard({
      peerServer: createPeerServer(handleFailure),
      secrets,
      limits,
      counters,
      signals: new Counters(),
      open: false,
      lobbyOf: (peerId) => this.rooms.lobbyOf(peerId),
      isRelayOnly: (code) => this.rooms.isRelayOnly(code),
      nowMs,
      cluster: this.cluster.forGuard,
    });
    this.board = new ListingBoard(shared.directory, handleFailure, true);
    this.service = new LobbyService({
      store: shared.lobbies,
      rooms: this.rooms,
      secrets,
      limits,
      relaysFrames: false,
      iceGrants: new IceGrants({ iceServers: [], turn: () => [], secrets, wallMs: nowMs }),
      nowMs,
      wallMs: nowMs,
      seal: new LobbySeal(SIGNING_KEY, nowMs),
      signer: undefined,
      board: this.board,
      closedLives: shared.once,
      seats: this.cluster.seats,
      counters,
      handleFailure,
    });
    this.#quickMatch = new QuickMatch({
      directory: shared.directory,
      service: this.service,
      lobbyOfKey: (key) => this.rooms.lobbyOf(secrets.peerIdOf(key)) ?? this.cluster.lobbyOf(secrets.peerIdOf(key)),
    });
    this.cluster.start({ rooms: this.rooms, service: this.service, guard: this.guard });
  }

  create(
    guest: VirtualGuest,
    { capacity = 4, listed = false, entrance }: { capacity?: number; listed?: boolean; entrance?: EntranceAttempt } = {},
    isWaiting: () => boolean = () => true,
  ): Promise<void> {
    const more = entrance === undefined ? {} : { entrance };
    const room = { game: TAG, profile: named("Ada"), capacity, settings: null, metadata: null, listed, ...more };
    return this.service.create(
      { ...guest.visitor, isWaiting },
      { type: "create", protocol: LOBBY_PROTOCOL_VERSION, key: guest.key, ...room },
    );
  }

  join({ visitor, key }: VirtualGuest, code: LobbyCode, entrance?: EntranceAttempt): Promise<void> {
    const more = entrance === undefined ? {} : { entrance };
    return this.service.join(visitor, {
      type: "join",
      protocol: LOBBY_PROTOCOL_VERSION,
      key,
      code,
      game: TAG,
      profile: named("Bob"),
      ...more,
    });
  }

  quickMatch(guest: VirtualGuest, capacity = 4): Promise<void> {
    const room = { game: TAG, profile: named("Bob"), capacity, settings: null, metadata: null, filter: {} };
    const command = { type: "quick-match", protocol: LOBBY_PROTOCOL_VERSION, key: guest.key, ...room } as const;
    return this.#quickMatch.find(guest.visitor, command, () => true);
  }

  /** Whatever comes of it. */
  command({ seat }: VirtualGuest, command: RoomCommand): Promise<void> {
    return this.service.command(seat, { command }, () => undefined);
  }

  async close(): Promise<void> {
    this.service.close();
    await this.cluster.close();
  }
}
