import { Allowance } from "./allowance.ts";
import { AdminDesk } from "./admin-desk.ts";
import { BrokerMetrics } from "./broker-metrics.ts";
import type { BrokerSettings } from "./broker-options.ts";
import { Cluster } from "./cluster.ts";
import { Counters } from "./counters.ts";
import type { FollowedFile } from "./followed-file.ts";
import { IceGrants } from "./ice-grants.ts";
import { KeyWatch } from "./key-watch.ts";
import { ListViews } from "./list-views.ts";
import { ListingBoard } from "./listing-board.ts";
import { LobbyRooms } from "./lobby-rooms.ts";
import { LobbySeal } from "./lobby-seal.ts";
import { LobbyService } from "./lobby-service.ts";
import { failureEntry, type LogEvents } from "./log-entry.ts";
import type { LobbyStore } from "./lobby-store.ts";
import { measureStore } from "./measured-store.ts";
import { MemoryLobbyDirectory } from "./memory-lobby-directory.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";
import { Meters } from "./meters.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import type { Readiness } from "./operations-door.ts";
import { createPeerServer, type PeerServerAdapter } from "./peer-server.ts";
import { QuickMatch } from "./quick-match.ts";
import { RosterSigner } from "./roster-signer.ts";
import { createSecrets, type Secrets } from "./secrets.ts";
import { StoreUnavailable, type SharedState } from "./shared-state.ts";
import { SignalingGuard } from "./signaling-guard.ts";
import { openSigningKeys, type SigningKeys } from "./signing-key.ts";
import { openTicketOffice, type TicketOffice } from "./ticket-office.ts";
import { openTurnServers, type TurnServer } from "./turn-servers.ts";

/** Failures that are logged, of those that are counted: whoever finds a way to make one could else fill the disk. At half, of two kinds at once one is missed; at double, an hour of them is a megabyte. */
const FAILURES_PER_MINUTE = 10;

export interface BrokerCoreOptions {
  readonly settings: BrokerSettings;
  /** With other nodes; `undefined`: all of it is in this process. */
  readonly shared: SharedState | undefined;
  /** Of the whole broker, for those who ask the metrics or the page. */
  readonly readiness: () => Readiness;
}

/** What stands behind the doors, put together: keys and secrets, lobbies, signaling, other nodes, and what is counted of them. */
export class BrokerCore {
  readonly counters: Counters = new Counters();
  readonly meters: Meters = new Meters();
  readonly rooms: LobbyRooms;
  readonly service: LobbyService;
  readonly listViews: ListViews;
  readonly quickMatch: QuickMatch;
  readonly guard: SignalingGuard;
  readonly peerServer: PeerServerAdapter;
  /** `undefined`: nobody may ask for them. */
  readonly metrics: BrokerMetrics | undefined;
  readonly admin: AdminDesk | undefined;
  /** One for all who need it. Counts all, and logs some. */
  readonly handleFailure = (error: unknown): void => {
    const isAway = error instanceof StoreUnavailable;
    this.counters.add(isAway ? "broker:store" : "broker:failure");
    // Away: told once, when it went.
    if (!isAway && this.#failures.take(monotonicMs())) this.#options.settings.log(failureEntry(error));
  };
  readonly #failures = new Allowance(monotonicMs(), { perSecond: FAILURES_PER_MINUTE / 60, burst: FAILURES_PER_MINUTE });
  readonly #options: BrokerCoreOptions;
  readonly #cluster: Cluster | undefined;
  readonly #keyWatch: KeyWatch | undefined;
  readonly #signingKeys: SigningKeys;
  readonly #turnServers: FollowedFile<readonly TurnServer[]>;
  readonly #tickets: TicketOffice | undefined;

  /** Throws when a file of the settings cannot be read. */
  constructor(options: BrokerCoreOptions) {
    this.#options = options;
    const { settings, shared } = options;
    const { limits, log } = settings;
    const { handleFailure } = this;
    this.#cluster = shared && new Cluster({ shared, steadyMs: monotonicMs, handleFailure });
    this.#signingKeys = openSigningKeys(settings, () => this.noteUnreadable("signing key"));
    this.#turnServers = openTurnServers(settings, () => this.noteUnreadable("TURN servers"));
    const secrets = createSecrets(this.#signingKeys.ring, settings.codeLength);
    this.rooms = new LobbyRooms((peerId) => this.guard.expel(peerId), this.#cluster?.nodeId);
    const held = shared?.lobbies ?? new MemoryLobbyStore(monotonicMs, limits.codeRestMs);
    // Times in a record mean the same at every node.
    const nowMs = shared === undefined ? monotonicMs : (): number => shared.bus.nowMs();
    const wallMs = shared === undefined ? Date.now : (): number => Math.floor(nowMs());
    const signer = new RosterSigner(this.#signingKeys.ring, wallMs);
    const tickets = openTicketOffice({ ...settings, shared, wallMs, handleUnreadable: () => this.noteUnreadable("ticket secrets") });
    this.#tickets = tickets;
    this.#keyWatch =
      shared && new KeyWatch({ shared, keys: () => signer.thumbprints(), tickets: () => tickets?.names(), log, handleFailure });
    const metrics = settings.metrics ? this.#createMetrics(() => held.count()) : undefined;
    this.metrics = metrics;
    const store =
      metrics === undefined ? held : measureStore(held, { observe: (...took) => metrics.observeStore(...took), nowMs: monotonicMs });
    this.admin = settings.adminToken === undefined ? undefined : this.#createAdminDesk(store, wallMs);
    const directory = shared?.directory ?? new MemoryLobbyDirectory();
    this.listViews = new ListViews(directory, handleFailure);
    this.service = new LobbyService({
      store,
      rooms: this.rooms,
      secrets,
      limits,
      relaysFrames: settings.relayFrames,
      iceGrants: new IceGrants({ iceServers: settings.iceServers, turn: () => this.#turnServers.value, secrets, wallMs: Date.now }),
      nowMs,
      wallMs,
      signer,
      seal: lasts(settings) ? new LobbySeal(this.#signingKeys.ring, wallMs) : undefined,
      board: new ListingBoard(directory, handleFailure, shared !== undefined),
      closedLives: shared?.once,
      seats: this.#cluster?.seats,
      counters: this.counters,
      handleFailure,
    });
    this.quickMatch = new QuickMatch({
      directory,
      service: this.service,
      lobbyOfKey: (key) => this.rooms.lobbyOf(secrets.peerIdOf(key)) ?? this.#cluster?.lobbyOf(secrets.peerIdOf(key)),
    });
    this.peerServer = createPeerServer(handleFailure);
    this.guard = this.#createGuard(secrets);
    shared?.bus.onUp(() => log({ event: "store-up", nodes: this.#cluster?.nodeCount ?? 1 }));
    this.#cluster?.start({ rooms: this.rooms, service: this.service, guard: this.guard });
  }

  /** Whether it has other nodes, and asks a store that may be away. */
  get isShared(): boolean {
    return this.#cluster !== undefined;
  }

  /** What it says of itself: whether it can take new members. */
  get readiness(): "ready" | "store" | "keys" {
    if (this.#cluster?.isUp === false || this.#keyWatch?.verdict === "unknown") return "store";
    return this.#keyWatch?.verdict === "others" ? "keys" : "ready";
  }

  /** A file that was read again makes no sense: what it said before stays. */
  noteUnreadable(file: LogEvents["file-refused"]["file"]): void {
    this.counters.add("broker:unreadable-file");
    this.#options.settings.log({ event: "file-refused", file });
  }

  /** Before the sockets are closed. */
  beginClosing(): void {
    this.listViews.close();
    // The other nodes go on with these lobbies: that their members' sockets closed is written before this one stops.
    if (!this.isShared) this.service.close();
    for (const file of [this.#signingKeys, this.#turnServers, this.#tickets]) file?.close();
  }

  /** Once they are closed. */
  async close(): Promise<void> {
    this.service.close();
    await this.#keyWatch?.close();
    await this.#cluster?.close();
  }

  #createGuard(secrets: Secrets): SignalingGuard {
    return new SignalingGuard({
      peerServer: this.peerServer,
      secrets,
      limits: this.#options.settings.limits,
      counters: this.counters,
      signals: this.meters.signals,
      open: this.#options.settings.open,
      tickets: this.#tickets,
      lobbyOf: (peerId) => this.rooms.lobbyOf(peerId),
      isRelayOnly: (code) => this.rooms.isRelayOnly(code),
      nowMs: monotonicMs,
      cluster: this.#cluster?.forGuard,
    });
  }

  #createMetrics(lobbyCount: () => Promise<number>): BrokerMetrics {
    return new BrokerMetrics({
      meters: this.meters,
      refusals: this.counters,
      memberCount: () => this.rooms.memberCount,
      lobbyCount,
      isReady: () => this.#options.readiness() === "ready",
      cluster: this.#cluster,
    });
  }

  #createAdminDesk(store: LobbyStore, wallMs: () => number): AdminDesk {
    return new AdminDesk({
      meters: this.meters,
      refusals: this.counters,
      codes: () => this.rooms.codes,
      memberCount: () => this.rooms.memberCount,
      store,
      limits: this.#options.settings.limits,
      readiness: () => this.#options.readiness(),
      memoryBytes: () => process.memoryUsage.rss(),
      nowMs: monotonicMs,
      wallMs,
    });
  }
}

/** Whether what is sealed can be opened by a process that is started later. */
function lasts({ signingKey, signingKeyFile }: BrokerSettings): boolean {
  return (signingKey ?? signingKeyFile) !== undefined;
}
