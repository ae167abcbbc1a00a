import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRooms, PlacedSeat } from "./lobby-rooms.ts";
import type { LobbyService } from "./lobby-service.ts";
import { lobbyChannel, NODES_CHANNEL } from "./node-bus.ts";
import { parseNodeText } from "./node-text.ts";
import { NodeWatch } from "./node-watch.ts";
import type { SeatClaims } from "./seat-claims.ts";
import type { SharedState } from "./shared-state.ts";

/** Signs of life, and looking after what this node follows. */
const BEAT_MS = 1_000;
/** A beat this late means that the process stood still, and could not hear the others. */
const STALL_MS = 3_000;
/** How often lobbies are kept: several times in their life (`LOBBY_KEPT_MS`). */
const KEEP_MS = 60_000;
/** A lobby without a node is forgotten after this: long after every kept seat of it ran out. */
export const LOBBY_KEPT_MS: number = 5 * KEEP_MS;
/** The ids of members are kept with every so many rounds of this: three times in the life of a claim (`SEAT_LEASE_MS`). */
const SEATS_KEPT_EACH = 20;
/** Lobbies that are read at a time, after an outage. */
const CATCH_UP_STEP = 32;

export interface ClusterNodeOptions {
  readonly nodeId: string;
  readonly shared: SharedState;
  readonly seats: SeatClaims;
  readonly rooms: LobbyRooms;
  readonly service: LobbyService;
  /** Lobbies of which somebody signals here. */
  readonly signalingCodes: () => ReadonlySet<LobbyCode>;
  /** Another node says something about a lobby that is followed here. */
  readonly handleText: (message: { readonly [key: string]: unknown }) => void;
  readonly steadyMs: () => number;
  readonly handleFailure: (error: unknown) => void;
}

/**
 * One of many nodes: follows every lobby that has somebody here, so that writes of other nodes reach its members; keeps them from being forgotten; and
 * lets go the seats whose node has died. While the shared state is away it does nothing, and looks at everything again when it is back.
 */
export class ClusterNode {
  readonly #options: ClusterNodeOptions;
  readonly #watch: NodeWatch;
  readonly #followed = new Set<LobbyCode>();
  /** Lobbies that wait for being read, up to which version; each once. */
  readonly #behind = new Map<LobbyCode, number>();
  /** Lobbies that could not be read. */
  readonly #unread = new Set<LobbyCode>();
  /** Channels that could not be subscribed, and how to try again. */
  readonly #deaf = new Map<string, () => void>();
  /** Seats that are being let go. */
  readonly #losing = new Set<string>();
  /** Seats of this node that had no socket here at the last beat. */
  #unattended: ReadonlySet<string> = new Set();
  readonly #timer: NodeJS.Timeout;
  #reading = 0;
  #keptCount = 0;
  #beatAtMs: number;
  #keptAtMs: number;

  constructor(options: ClusterNodeOptions) {
    const { shared, rooms, steadyMs } = options;
    this.#options = options;
    this.#beatAtMs = this.#keptAtMs = steadyMs();
    this.#watch = new NodeWatch(this.#beatAtMs);
    rooms.onOpened = (code) => this.follow(code);
    shared.bus.onUp(() => this.#handleUp());
    void this.#subscribe(NODES_CHANNEL, { hear: (text) => this.#handleNode(text), handleHearing: () => this.#watch.startOver(steadyMs()) });
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
    if (shared.bus.isUp) this.#beat();
  }

  /** Nodes that live, this one too. */
  get nodeCount(): number {
    return 1 + this.#watch.count(this.#options.steadyMs());
  }

  /** Hears of this lobby's writes from now on, and whether there were some. */
  follow(code: LobbyCode): void {
    if (this.#followed.has(code)) return;
    this.#followed.add(code);
    void this.#subscribe(lobbyChannel(code), { hear: (text) => this.#handleLobby(code, text), handleHearing: () => this.#catchUp(code) });
  }

  /** Says that this node stops; what its sockets had is let go at once. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#publish({ node: this.#options.nodeId, leaves: true });
  }

  /** `handleHearing`: from now on it is heard. Tried again with each beat until it is. */
  async #subscribe(channel: string, ends: { readonly hear: (text: string) => void; readonly handleHearing: () => void }): Promise<void> {
    this.#deaf.delete(channel);
    try {
      await this.#options.shared.bus.subscribe(channel, ends.hear);
    } catch {
      this.#deaf.set(channel, () => void this.#subscribe(channel, ends));
    }
    ends.handleHearing();
  }

  async #publish(message: { readonly node: string; readonly leaves?: true }): Promise<void> {
    await this.#options.shared.bus.publish(NODES_CHANNEL, JSON.stringify(message)).catch(() => undefined);
  }

  #handleUp(): void {
    this.#watch.startOver(this.#options.steadyMs());
    for (const code of this.#followed) this.#catchUp(code);
    void this.#publish({ node: this.#options.nodeId });
    // It may have lost some, or all.
    this.#claimSeats().catch(this.#options.handleFailure);
  }

  #handleNode(text: string): void {
    const message = parseNodeText(text);
    const node = message?.["node"];
    if (typeof node !== "string" || node === this.#options.nodeId) return;
    if (message?.["leaves"] === true) this.#watch.leave(node);
    else this.#watch.hear(this.#options.steadyMs(), node);
  }

  #handleLobby(code: LobbyCode, text: string): void {
    const message = parseNodeText(text);
    const version = message?.["written"];
    if (typeof version !== "number") return message && this.#options.handleText(message);
    const known = this.#options.rooms.versionOf(code);
    // A lower one: the store has lost some, and counts them again.
    if (known !== undefined && version !== known) this.#catchUp(code, version > known ? version : Infinity);
  }

  /** Reads the lobby soon, a few at a time: after an outage all are behind. */
  #catchUp(code: LobbyCode, version = Infinity): void {
    this.#behind.set(code, Math.max(version, this.#behind.get(code) ?? 0));
    if (this.#reading < CATCH_UP_STEP) void this.#readAll();
  }

  async #readAll(): Promise<void> {
    const { service, handleFailure } = this.#options;
    this.#reading++;
    for (let next = first(this.#behind); next !== undefined; next = first(this.#behind)) {
      const [code, version] = next;
      this.#behind.delete(code);
      try {
        await service.catchUp(code, version);
      } catch (error) {
        this.#unread.add(code);
        handleFailure(error);
      }
    }
    this.#reading--;
  }

  #beat(): void {
    const { shared, rooms, steadyMs } = this.#options;
    const nowMs = steadyMs();
    if (nowMs - this.#beatAtMs > STALL_MS || !shared.bus.isUp || this.#deaf.has(NODES_CHANNEL)) this.#watch.startOver(nowMs);
    this.#beatAtMs = nowMs;
    void this.#publish({ node: this.#options.nodeId });
    for (const [code, seat] of rooms.elsewhere()) if (this.#watch.isDead(nowMs, seat.node)) void this.#lose(code, seat);
    this.#loseUnattended();
    for (const retry of shared.bus.isUp ? this.#deaf.values() : []) retry();
    for (const code of shared.bus.isUp ? this.#unread : []) this.#catchUp(code);
    if (shared.bus.isUp) this.#unread.clear();
    this.#watch.sweep(nowMs);
    this.#letGo();
    if (nowMs - this.#keptAtMs < KEEP_MS) return;
    this.#keptAtMs = nowMs;
    void this.#keep();
  }

  /** Seats of this node that were written, of which it never heard so: nobody else would find out. */
  #loseUnattended(): void {
    const before = this.#unattended;
    const unattended = new Set<string>();
    for (const [code, seat] of this.#options.rooms.unattended()) {
      unattended.add(keyOf(code, seat));
      if (before.has(keyOf(code, seat))) void this.#lose(code, seat);
    }
    this.#unattended = unattended;
  }

  /** A seat without a socket. */
  async #lose(code: LobbyCode, seat: PlacedSeat): Promise<void> {
    const key = keyOf(code, seat);
    if (this.#losing.has(key)) return;
    this.#losing.add(key);
    // Tried again with the next beat.
    await this.#options.service.lost(code, seat).catch(this.#options.handleFailure);
    this.#losing.delete(key);
  }

  /** Lobbies that have nobody here any more. */
  #letGo(): void {
    const { rooms, service, shared, signalingCodes } = this.#options;
    const signaling = signalingCodes();
    for (const code of this.#followed) {
      if (!rooms.isEmpty(code) || rooms.isUncertain(code) || signaling.has(code)) continue;
      this.#followed.delete(code);
      this.#deaf.delete(lobbyChannel(code));
      shared.bus.unsubscribe(lobbyChannel(code));
      rooms.lose(code, "SHUTTING_DOWN");
      service.forget(code);
    }
  }

  async #keep(): Promise<void> {
    const { shared, handleFailure } = this.#options;
    try {
      // One that the store has not: emptied, without anything that could be noticed.
      for (const code of this.#followed) if (!(await shared.lobbies.keep(code))) this.#catchUp(code);
      if (++this.#keptCount % SEATS_KEPT_EACH !== 0) return;
      await this.#claimSeats();
    } catch (error) {
      handleFailure(error);
    }
  }

  /** One after the other: nobody waits for it. */
  async #claimSeats(): Promise<void> {
    for (const [code, peerId] of this.#options.rooms.guests()) await this.#options.seats.take(peerId, code);
  }
}

function keyOf(code: LobbyCode, { peerId, connection }: PlacedSeat): string {
  return `${code} ${peerId} ${connection}`;
}

function first<Key, Value>(map: ReadonlyMap<Key, Value>): readonly [Key, Value] | undefined {
  const next = map.entries().next();
  return next.done === true ? undefined : next.value;
}
