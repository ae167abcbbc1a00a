import { parsePeerId, TOKEN_BEFORE_ADMISSION, type LobbyCode, type PeerId } from "@rollcall/netcode/lobby-protocol";
import type { Counters } from "./counters.ts";
import { CLOSE_CODE, type GuardedSocket, type SocketUser } from "./guarded-socket.ts";
import type { BrokerLimits } from "./limits.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import type { CarriedSignal } from "./carried-signal.ts";
import type { ClusterSignaling } from "./cluster-signaling.ts";
import type { PeerServerAdapter, PeerServerClient } from "./peer-server.ts";
import { PendingSignals, type PendingSignal } from "./pending-signals.ts";
import type { Secrets } from "./secrets.ts";
import { withoutAddresses } from "./relay-only.ts";
import { SignalingDoor } from "./signaling-door.ts";
import { LateUser } from "./late-user.ts";
import { addSource, writeSignal, type Signal } from "./signaling-message.ts";
import { SignalingUser, type SignalingUserOptions } from "./signaling-user.ts";
import type { TicketOffice } from "./ticket-office.ts";
import { isTicketText } from "./tickets.ts";

/** Whose signaling socket it is. */
export interface SignalingIdentity {
  readonly id: PeerId;
  readonly token: string;
  /** The token looks like a ticket, and has to be read. */
  readonly isTicket?: boolean;
}

export interface SignalingGuardOptions {
  readonly peerServer: PeerServerAdapter;
  readonly secrets: Secrets;
  readonly limits: BrokerLimits;
  readonly counters: Counters;
  /** Counts signals by type and outcome. */
  readonly signals: Counters;
  /** Clients without a lobby may signal to each other. */
  readonly open: boolean;
  /** Clients with a ticket may, too. Not on an open broker, where everybody could have been in their places before. */
  readonly tickets?: TicketOffice | undefined;
  /** The lobby of a member, connected or not. */
  readonly lobbyOf: (peerId: PeerId) => LobbyCode | undefined;
  /** No address but a relay's goes from member to member there. */
  readonly isRelayOnly: (code: LobbyCode) => boolean;
  readonly nowMs: () => number;
  /** Where there are other nodes. */
  readonly cluster?: GuardCluster | undefined;
}

/** What the guard needs where its clients may be at any node. */
export interface GuardCluster {
  readonly signaling: ClusterSignaling;
  /** Makes this node know who is in this lobby. */
  readonly follow: (record: LobbyRecord) => void;
}

interface Client {
  readonly identity: SignalingIdentity;
  /** It has proved that the key of its id is its own. A stock client has an id that it named. */
  readonly isOwner: boolean;
  readonly socket: GuardedSocket;
  readonly peer: PeerServerClient;
  /** Gives its id back. */
  readonly release: () => void;
}

interface ServeOptions {
  readonly isOwner?: boolean;
  readonly isFirst?: boolean;
  /** Gives the id back. */
  readonly release?: () => void;
}

/** Signals on their way to other nodes at a time: at half a millisecond each, 4,000 a second with room for a slow moment; what is above is lost, and sent again by its link. */
const SENDING_MAX = 4_096;

/** PeerJS gives them to the page as the message of a `server-error`. */
const TICKET_REFUSED = "This server knows no such ticket for this id.";
const TICKET_OVER = "This ticket is over: it was used before, or came too late. Ask for a fresh one.";

function releaseNothing(): void {}

/** A token of a stock client: whatever it likes, within bounds. */
const TOKEN_PATTERN = /^[\u0021-\u007e]{1,128}$/;

/**
 * Decides who may signal to whom, before `peer` hears of it: a member that has the key of its id, one socket per id (the newest), and only to
 * members of the same lobby. A stranger's OFFER would show it the addresses of whoever answers.
 */
export class SignalingGuard {
  readonly #options: SignalingGuardOptions;
  readonly #clients = new Map<PeerId, Client>();
  readonly #pending: PendingSignals;
  readonly #users: SignalingUserOptions<Client>;
  /** Signals that are on their way to other nodes. */
  #sending = 0;
  /** Members' sockets that have not proved whose they are. */
  readonly #doors = new Set<SignalingDoor>();

  constructor(options: SignalingGuardOptions) {
    this.#options = options;
    this.#users = {
      counters: options.counters,
      limits: options.limits,
      relay: (client, signal, frame) => this.#relay(client, signal, frame),
      close: (client) => this.#forget(client),
    };
    this.#pending = new PendingSignals({ countMax: options.limits.pendingSignals, keptMs: options.limits.pendingSignalMs });
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** Whether this may become a signaling socket; asked before the upgrade. An unknown id and a wrong token look and take the same. */
  identify(id: string | null, token: string | null): SignalingIdentity | undefined {
    const { secrets, lobbyOf, open, tickets, cluster } = this.#options;
    const peerId = parsePeerId(id);
    if (peerId === undefined || token === null) return undefined;
    // Its page is being admitted. The door lets nobody in but the owner of a member's key.
    if (token === TOKEN_BEFORE_ADMISSION) return { id: peerId, token };
    if (tickets !== undefined && isTicketText(token)) return { id: peerId, token, isTicket: true };
    if (!TOKEN_PATTERN.test(token)) return undefined;
    const isMember = lobbyOf(peerId) !== undefined;
    // Whoever names an id that nobody has may come, whatever the token is.
    if (!isMember && open && cluster === undefined) return { id: peerId, token };
    const isToken = secrets.isSignalingToken(peerId, token);
    // Another node may have let it in; whether it still is a member is asked once it has proved who it is.
    const mayBeMember = isMember || cluster !== undefined;
    return (mayBeMember && isToken) || (!isMember && open) ? { id: peerId, token } : undefined;
  }

  /**
   * Takes the socket of `identity`, which was identified before. A member's token stands in an address, which proxies log: the key decides. A stock
   * client has none.
   */
  accept(identity: SignalingIdentity, socket: GuardedSocket): SocketUser {
    const { secrets, counters, lobbyOf, nowMs, tickets, cluster } = this.#options;
    if (identity.isTicket === true && tickets !== undefined) return new LateUser(socket, this.#serveTicket(identity, socket, tickets));
    const isStock = lobbyOf(identity.id) === undefined && identity.token !== TOKEN_BEFORE_ADMISSION;
    if (isStock && cluster === undefined) return this.#serve(identity, socket);
    if (isStock && cluster !== undefined && !secrets.isSignalingToken(identity.id, identity.token)) {
      return new LateUser(socket, this.#serveStranger(identity, socket, cluster));
    }
    const door = new SignalingDoor({
      peerId: identity.id,
      nonce: secrets.newNonce(),
      openedMs: nowMs(),
      socket,
      counters,
      admit: () => (lobbyOf(identity.id) === undefined ? this.#serveFound(identity, socket) : this.#serveMember(identity, socket)),
      handlePassed: () => void this.#doors.delete(door),
    });
    this.#doors.add(door);
    return door;
  }

  /** A member that another node let in. */
  #serveFound(identity: SignalingIdentity, socket: GuardedSocket): Promise<SocketUser | undefined> | undefined {
    const { cluster, lobbyOf } = this.#options;
    return cluster?.signaling.find(identity.id).then(
      (found) => {
        if (found !== undefined && lobbyOf(identity.id) === undefined) cluster.follow(found.record);
        return lobbyOf(identity.id) === undefined ? undefined : this.#serveMember(identity, socket);
      },
      // It comes again, and perhaps then it can be known.
      () => undefined,
    );
  }

  /** A stock client, once it is certain that nobody else has its id at any node. */
  async #serveStranger(identity: SignalingIdentity, socket: GuardedSocket, { signaling }: GuardCluster): Promise<SocketUser | undefined> {
    try {
      const held = await signaling.takeStranger(identity.id, this.#options.secrets.hash(identity.token));
      const known = this.#clients.get(identity.id);
      const isTaken = known !== undefined && known.identity.token !== identity.token;
      if (held !== undefined && !isTaken) return this.#serve(identity, socket, { release: () => signaling.release(held) });
      if (held !== undefined) signaling.release(held);
      socket.send(JSON.stringify({ type: "ID-TAKEN", payload: { msg: "ID is taken" } }));
      socket.close(CLOSE_CODE.normal, "");
    } catch {
      socket.close(CLOSE_CODE.serviceRestart, "");
    }
    return undefined;
  }

  /** A stock client whose ticket opens a place for it, which it may have had before; if not, it hears so in words that PeerJS passes on. */
  async #serveTicket({ id, token }: SignalingIdentity, socket: GuardedSocket, tickets: TicketOffice): Promise<SocketUser | undefined> {
    const { counters, cluster, lobbyOf } = this.#options;
    try {
      const ticket = await tickets.read(token);
      const isOfId = ticket?.peerId === id && lobbyOf(id) === undefined;
      const place = ticket !== undefined && isOfId ? await tickets.places.take(ticket) : undefined;
      if (place !== undefined) {
        const held = await cluster?.signaling.takePlace(place);
        const release = (): void => {
          if (held !== undefined) cluster?.signaling.drop(held);
          tickets.places.leave(place);
        };
        if (lobbyOf(id) === undefined) return this.#serve({ id, token: place.owner }, socket, { isFirst: true, release });
        // A member has come under this id in this moment.
        release();
      }
      counters.add(isOfId ? "signaling:ticket-over" : "signaling:ticket");
      socket.send(JSON.stringify({ type: "ERROR", payload: { msg: isOfId ? TICKET_OVER : TICKET_REFUSED } }));
      socket.close(CLOSE_CODE.policyViolation, "ticket");
    } catch {
      // Nobody can tell now.
      socket.close(CLOSE_CODE.serviceRestart, "");
    }
    return undefined;
  }

  /** The owner of the key. */
  #serveMember(identity: SignalingIdentity, socket: GuardedSocket): SocketUser {
    const { cluster, lobbyOf } = this.#options;
    const lobby = lobbyOf(identity.id);
    const held = lobby === undefined ? undefined : cluster?.signaling.takeMember(identity.id, lobby);
    const release = (): void => void (held !== undefined && cluster?.signaling.release(held));
    return this.#serve(identity, socket, { isOwner: true, isFirst: true, release });
  }

  /** `isFirst`: before whoever has the id now. Others get it if nobody has it, or somebody with the same token. */
  #serve(
    identity: SignalingIdentity,
    socket: GuardedSocket,
    { isOwner = false, isFirst = false, release = releaseNothing }: ServeOptions = {},
  ): SocketUser {
    const known = this.#clients.get(identity.id);
    const givesWay = isFirst || known?.identity.token === identity.token;
    // `peer` never sees two sockets of one id: the old one has ended before the new one begins, so the new one gets its OPEN.
    if (known !== undefined && givesWay) this.#end(known, CLOSE_CODE.normal, "replaced");
    const peer = this.#options.peerServer.connect(identity, socket);
    const client: Client = { identity, isOwner, socket, peer, release };
    if (known === undefined || givesWay) {
      this.#clients.set(identity.id, client);
      this.#deliverPending(client);
    }
    return new SignalingUser(client, this.#users);
  }

  /** Lobbies of which somebody signals here: of all at once, since looking through all clients for each would take a busy node seconds. */
  lobbyCodes(): ReadonlySet<LobbyCode> {
    return new Set([...this.#clients.keys()].flatMap((peerId) => this.#options.lobbyOf(peerId) ?? []));
  }

  /** A signal of another node, which has checked what a sender may. */
  deliver(dst: PeerId, { lobby, src, text }: CarriedSignal): void {
    const client = this.#clientOf(dst);
    if (client !== undefined && (this.#options.lobbyOf(dst) ?? null) === lobby && src !== dst) client.socket.send(text);
  }

  /** Another node has the newest socket of this id. */
  lose(peerId: PeerId): void {
    const client = this.#clients.get(peerId);
    if (client !== undefined) this.#end(client, CLOSE_CODE.normal, "replaced");
  }

  /** Its signals get through by now, at another node. */
  handleElsewhere(dst: PeerId): void {
    for (const { src, isOffer, text } of this.#pending.take(dst, this.#options.nowMs())) {
      if (this.#mayReach(src, dst)) this.#send({ src, dst, isOffer, text });
    }
  }

  /** Signals get through again that did not. */
  handleUp(): void {
    for (const dst of this.#pending.destinations()) this.handleElsewhere(dst);
  }

  /** `peerId` is no longer a member: its socket goes, and what it sent or was to get. */
  expel(peerId: PeerId): void {
    const client = this.#clients.get(peerId);
    if (client !== undefined) this.#end(client, CLOSE_CODE.policyViolation, "not a member");
    this.#pending.forget(peerId);
  }

  /** Tells senders what could not be delivered in time. Called about once a second. */
  sweep(nowMs: number): void {
    for (const door of this.#doors) door.check(nowMs);
    for (const { src, dst } of this.#pending.takeExpired(nowMs)) this.#sendExpire(src, dst);
  }

  /** `frame`: as `given` was written, if it may be passed on so. */
  #relay(client: Client, given: Signal, frame: string | undefined): void {
    const { counters, signals, lobbyOf, isRelayOnly } = this.#options;
    const src = client.identity.id;
    if (this.#clients.get(src) !== client) return;
    const lobby = lobbyOf(src);
    const isHidden = lobby !== undefined && isRelayOnly(lobby);
    const signal = isHidden ? withoutAddresses(given) : given;
    if (signal === undefined) {
      counters.add("signaling:address");
      signals.add(`${given.type} refused`);
      return;
    }
    const other = this.#clientOf(signal.dst);
    const isImpostor = !client.isOwner && lobby !== undefined;
    if (signal.dst === src || isImpostor || !this.#isReachable(lobby, signal.dst, other)) {
      counters.add("signaling:foreign-destination");
      signals.add(`${given.type} refused`);
      if (signal.type === "OFFER") this.#sendExpire(src, signal.dst);
      return;
    }
    const outcome = this.#carry(src, other, { signal, frame: isHidden ? undefined : frame });
    signals.add(`${signal.type} ${outcome}`);
    if (outcome === "dropped" && signal.type !== "LEAVE") counters.add("signaling:pending-full");
  }

  #carry(
    src: PeerId,
    other: Client | undefined,
    { signal, frame }: { readonly signal: Signal; readonly frame: string | undefined },
  ): "relayed" | "kept" | "dropped" {
    const isLost = other === undefined && signal.type === "LEAVE" && this.#options.cluster === undefined;
    if (isLost) return "dropped";
    const text = frame === undefined ? writeSignal(src, signal) : addSource(src, frame);
    if (other !== undefined) {
      other.socket.send(text);
      return "relayed";
    }
    const pending = { src, dst: signal.dst, isOffer: signal.type === "OFFER", text };
    return this.#options.cluster === undefined ? this.#keep(pending) : this.#send(pending);
  }

  /** To whichever node has the destination; if none has it, it is kept. */
  #send(signal: PendingSignal): "relayed" | "dropped" {
    const { cluster } = this.#options;
    if (cluster === undefined || this.#sending >= SENDING_MAX) return "dropped";
    this.#sending++;
    void this.#sendAcross(signal, cluster);
    return "relayed";
  }

  async #sendAcross(signal: PendingSignal, { signaling }: GuardCluster): Promise<void> {
    const { src, dst, isOffer, text } = signal;
    const lobby = this.#options.lobbyOf(src) ?? null;
    const isSent = await signaling.send(dst, { lobby, src, text });
    this.#sending--;
    if (isSent) return;
    // A stock client that is nowhere; a member that is about to come.
    if (lobby === null && isOffer) this.#sendExpire(src, dst);
    else if (lobby !== null && this.#mayReach(src, dst) && this.#keep(signal) === "dropped")
      this.#options.counters.add("signaling:pending-full");
  }

  #keep(signal: PendingSignal): "kept" | "dropped" {
    // Here by now.
    const client = this.#clientOf(signal.dst);
    if (client !== undefined) client.socket.send(signal.text);
    return client !== undefined || this.#pending.add(this.#options.nowMs(), signal) ? "kept" : "dropped";
  }

  /** Members of one lobby; or, where stock clients are served, two clients without any, of which the other must be there. */
  #mayReach(src: PeerId, dst: PeerId): boolean {
    return this.#isReachable(this.#options.lobbyOf(src), dst, this.#clientOf(dst));
  }

  /** From this lobby, or from none; `client`: who has `dst` here. */
  #isReachable(lobby: LobbyCode | undefined, dst: PeerId, client: Client | undefined): boolean {
    const { lobbyOf, open, tickets, cluster } = this.#options;
    const theirs = lobbyOf(dst);
    if (lobby !== undefined) return lobby === theirs;
    return theirs === undefined && (open || tickets !== undefined) && (cluster !== undefined || client !== undefined);
  }

  /** Who has this id. A stock client that named an id before it became a member's does not. */
  #clientOf(peerId: PeerId): Client | undefined {
    const client = this.#clients.get(peerId);
    return client?.isOwner === false && this.#options.lobbyOf(peerId) !== undefined ? undefined : client;
  }

  #deliverPending(client: Client): void {
    for (const { src, text } of this.#pending.take(client.identity.id, this.#options.nowMs())) {
      if (this.#mayReach(src, client.identity.id)) client.socket.send(text);
    }
  }

  #sendExpire(src: PeerId, dst: PeerId): void {
    this.#clients.get(src)?.socket.send(JSON.stringify({ type: "EXPIRE", src: dst, dst: src }));
  }

  #end(client: Client, code: number, reason: string): void {
    this.#forget(client);
    client.socket.close(code, reason);
  }

  /** Frees the id. Called again when the socket has closed, to no effect. */
  #forget(client: Client): void {
    if (this.#clients.get(client.identity.id) === client) this.#clients.delete(client.identity.id);
    client.release();
    client.peer.handleClosed();
  }
}
