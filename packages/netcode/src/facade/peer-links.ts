import { unreachable } from "../core/base/assert.ts";
import type { PeerId } from "../core/base/units.ts";
import { failureOf } from "../core/link/attempt-evidence.ts";
import type { LinkMesh } from "../core/link/link-mesh.ts";
import { withoutStamp } from "../core/link/staleness.ts";
import type { Farewell } from "../core/ports/departure.ts";
import type { LinkAction, LinkEvent, LinkPath, LinkStats, LinkStatus } from "../core/ports/link.ts";
import type { MembershipKeeper } from "../core/ports/membership.ts";
import type { Roster } from "../core/ports/roster.ts";
import type { Transmit } from "../core/ports/session.ts";
import type { Channel, ChannelsClosedReason, SendOutcome, Transport, TransportHandler } from "../core/ports/transport.ts";
import type { NegotiationCommand, NegotiationReport } from "../core/ports/negotiation.ts";
import type { BrokerFrame } from "../core/ports/broker-frame.ts";
import { Outbox } from "../driver/outbox.ts";
import type { BrokerCarrier, BrokerCarrierHandler } from "./broker-carrier.ts";

export interface PeerLinksOptions {
  readonly nowMs: () => number;
  readonly transport: Transport;
  readonly mesh: LinkMesh;
  /** Left out where the mesh has no lobby. */
  readonly membership?: MembershipKeeper;
  /** A packet of a session, an application's message, or one on `bulk`. The bytes are valid during the call only. */
  readonly handleSessionPacket: (from: PeerId, channel: Channel, bytes: Uint8Array) => void;
  readonly handleEvent: (event: LinkEvent) => void;
  /**
   * Called before ICE is restarted: where the ICE servers may have expired, asks for fresh ones and hands them to `setIceServers`. The restart waits for the promise: it
   * settles within a second, whatever the broker does.
   */
  readonly refreshIceServers?: () => Promise<void> | undefined;
  /** Who is there and who has left, signed by the broker. */
  readonly handleRoster?: (roster: Roster) => void;
  /** Carries packets where nothing else does. */
  readonly broker?: BrokerCarrier;
}

/** Runs the link machine on a transport: its decisions go down, packets and events come up. */
export class PeerLinks implements TransportHandler, BrokerCarrierHandler {
  readonly #options: PeerLinksOptions;
  readonly #transport: Transport;
  readonly #mesh: LinkMesh;
  readonly #outbox: Outbox;
  /** Another number after each change of a peer's channels; of nobody who is no peer, or it would grow with a lobby that lives for weeks. */
  readonly #connections = new Map<PeerId, number>();
  #changes = 0;
  #draining = false;
  #disposed = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    this.#transport = options.transport;
    this.#mesh = options.mesh;
    this.#outbox = new Outbox((peer, channel, bytes) => this.#transport.send(peer, channel, bytes));
    this.#transport.setHandler(this);
    options.broker?.followFrames(this);
  }

  /** Of two members, the one with the higher order dials. */
  addPeer(peerId: PeerId, role: "dialer" | "acceptor"): void {
    if (!this.#connections.has(peerId)) this.#connections.set(peerId, ++this.#changes);
    this.#mesh.addPeer(this.#options.nowMs(), peerId, role);
    this.#drain();
  }

  removePeer(peerId: PeerId): void {
    this.#mesh.removePeer(this.#options.nowMs(), peerId);
    this.#outbox.forget(peerId);
    this.#connections.delete(peerId);
    this.#drain();
  }

  status(peerId: PeerId): LinkStatus {
    return this.#mesh.status(peerId);
  }

  stats(): readonly LinkStats[] {
    return this.#mesh.stats();
  }

  /** How packets reach a peer. */
  path(peerId: PeerId): LinkPath {
    return this.stats().find((link) => link.peerId === peerId)?.path ?? "connecting";
  }

  /** Sends for a session or an application. What goes over `reliable` survives a change of the peer connection. False: it did not leave, and never will. */
  transmit(transmit: Transmit): boolean {
    const nowMs = this.#options.nowMs();
    if (transmit.channel === "unreliable") {
      if (!this.#mesh.maySend(nowMs, transmit)) return false;
      const routed = this.#mesh.route(nowMs, transmit);
      const isSent = routed.by === "broker" ? this.#sendByBroker(routed) : this.#outbox.post(routed) === "sent";
      if (isSent) this.#mesh.handleSent(nowMs, transmit.to);
      return isSent;
    }
    const isTaken = this.#mesh.sendReliable(nowMs, transmit.to, transmit.bytes);
    this.#drain();
    return isTaken;
  }

  /** A number for the pair's own connection, another one after each change of it; `undefined` while there is none that works. */
  directConnection(peerId: PeerId): number | undefined {
    return this.#mesh.hasDirect(peerId) ? this.#connections.get(peerId) : undefined;
  }

  /** On the pair's own connection, as it is. */
  sendBulk(peerId: PeerId, bytes: Uint8Array): SendOutcome {
    return this.#transport.send(peerId, "bulk", bytes);
  }

  bulkBufferedBytes(peerId: PeerId): number {
    return this.#transport.bufferedBytes(peerId, "bulk");
  }

  tick(): void {
    this.#outbox.retry();
    const nowMs = this.#options.nowMs();
    if (nowMs < this.#mesh.pollTimeoutMs()) return;
    this.#mesh.handleTimeout(nowMs);
    this.#drain();
  }

  /** The network may be another one: the browser says so, the page was shown again, the broker's socket was lost. */
  handleNetworkChange(): void {
    this.#transport.handleNetworkChange?.();
    this.#mesh.handleNetworkChange(this.#options.nowMs());
    this.#drain();
  }

  /** Asks the transport how packets travel. Call it now and then. */
  refreshPaths(): void {
    for (const { peerId } of this.#mesh.stats()) {
      const path = this.#transport.path(peerId);
      if (path !== undefined) this.#mesh.setPath(peerId, path);
    }
  }

  /** A roster, as the broker sent it. */
  handleRoster(text: string): void {
    this.#mesh.handleRoster(this.#options.nowMs(), text);
    this.#drain();
  }

  /** Tells every peer that we leave, and how; nothing but this is sent any more. */
  sayGoodbye(farewell: Farewell): void {
    this.#mesh.sayGoodbye(this.#options.nowMs(), farewell);
    this.#drain();
  }

  dispose(): void {
    this.#disposed = true;
    this.#transport.dispose();
  }

  handleChannelsOpen(peer: PeerId): void {
    this.#replaced(peer);
    this.#mesh.handleChannelsOpen(this.#options.nowMs(), peer, this.#transport.fingerprints?.(peer));
    this.#drain();
  }

  handleChannelsClosed(peer: PeerId, reason: ChannelsClosedReason): void {
    this.#replaced(peer);
    this.#mesh.handleChannelsClosed(this.#options.nowMs(), peer, reason);
    this.#drain();
  }

  handlePacket(peer: PeerId, channel: Channel, bytes: Uint8Array): void {
    const isLinks = this.#mesh.handlePacket(this.#options.nowMs(), peer, channel, bytes);
    if (!isLinks) this.#options.handleSessionPacket(peer, channel, withoutStamp(channel, bytes));
    this.#drain();
  }

  handleFrame({ peerId, channel, packet }: BrokerFrame): void {
    this.#mesh.handleBrokered(this.#options.nowMs(), peerId, channel, packet);
    this.#drain();
  }

  handleCarrier(isThere: boolean): void {
    this.#mesh.setBroker(this.#options.nowMs(), isThere);
    this.#drain();
  }

  handleNegotiation(peer: PeerId, report: NegotiationReport): void {
    this.#mesh.handleNegotiation(this.#options.nowMs(), peer, report);
    this.#drain();
  }

  handleSignal(peer: PeerId, bytes: Uint8Array): void {
    this.#mesh.handleSignal(this.#options.nowMs(), peer, bytes);
    this.#drain();
  }

  handleSignalingReady(): void {
    this.#options.broker?.handleBrokerFound();
    this.#mesh.handleSignalingReady(this.#options.nowMs());
    this.#drain();
  }

  #drain(): void {
    // A listener of an event may call back: the outer loop goes on with what that caused.
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let more = true; more;) {
        this.#drainOutputs();
        const event = this.#mesh.pollEvent();
        if (event !== undefined) this.#options.handleEvent(this.#withFailure(event));
        const roster = this.#mesh.pollRoster();
        if (roster !== undefined) this.#options.handleRoster?.(roster);
        more = event !== undefined || roster !== undefined;
      }
    } finally {
      this.#draining = false;
    }
  }

  /** Why, as far as the transport saw. */
  #withFailure(event: LinkEvent): LinkEvent {
    if (event.type !== "link-closed") return event;
    const evidence = this.#transport.evidence?.(event.peerId);
    const failure = evidence === undefined ? undefined : failureOf(event.reason, evidence);
    return failure === undefined ? event : { ...event, failure };
  }

  #drainOutputs(): void {
    const mesh = this.#mesh;
    for (let action = mesh.pollAction(); action !== undefined; action = mesh.pollAction()) this.#act(action);
    for (let transmit = mesh.pollTransmit(); transmit !== undefined; transmit = mesh.pollTransmit()) this.#post(transmit);
    for (let message = mesh.pollMessage(); message !== undefined; message = mesh.pollMessage()) {
      this.#options.handleSessionPacket(message.from, message.channel, message.bytes);
    }
  }

  #act(action: LinkAction): void {
    switch (action.type) {
      case "dial":
        this.#transport.dial(action.peerId);
        break;
      case "accept":
        this.#transport.accept(action.peerId);
        break;
      case "hang-up":
        this.#replaced(action.peerId);
        this.#transport.hangUp(action.peerId);
        break;
      case "prove":
        void this.#prove(action.peerId, action.request, action.transcript);
        break;
      case "check":
        void this.#check(action);
        break;
      case "verify":
        void this.#verify(action);
        break;
      case "negotiate":
        this.#negotiate(action.peerId, action.command);
        break;
      case "signal":
        this.#transport.signal?.(action.peerId, action.bytes);
        this.#options.broker?.hurry();
        break;
      default:
        unreachable(action);
    }
  }

  /** The channels to `peerId` are others now, or gone. */
  #replaced(peerId: PeerId): void {
    this.#outbox.forget(peerId);
    if (this.#connections.has(peerId)) this.#connections.set(peerId, ++this.#changes);
  }

  async #prove(peerId: PeerId, request: number, transcript: Uint8Array): Promise<void> {
    const proof = await this.#options.membership?.prove(transcript);
    if (proof === undefined || this.#disposed) return;
    this.#mesh.handleProved(this.#options.nowMs(), peerId, request, proof);
    this.#drain();
  }

  async #check({ peerId, request, transcript, proof }: LinkAction & { readonly type: "check" }): Promise<void> {
    const verdict = await this.#options.membership?.check(peerId, transcript, proof);
    if (verdict === undefined || this.#disposed) return;
    this.#mesh.handleChecked(this.#options.nowMs(), peerId, request, verdict);
    this.#drain();
  }

  async #verify({ request, key, signed, signature }: LinkAction & { readonly type: "verify" }): Promise<void> {
    const isSigned = await this.#options.membership?.verify(key, signed, signature);
    if (this.#disposed) return;
    this.#mesh.handleVerified(this.#options.nowMs(), request, isSigned === true);
    this.#drain();
  }

  #negotiate(peerId: PeerId, command: NegotiationCommand): void {
    const run = (): void => this.#transport.negotiate?.(peerId, command);
    const fresh = command.type === "offer" && command.iceRestart ? this.#options.refreshIceServers?.() : undefined;
    if (fresh === undefined) return run();
    // A newer command may come meanwhile: the transport carries out none that is older.
    void fresh.then(run, run);
  }

  #sendByBroker({ to, channel, bytes }: Transmit): boolean {
    if (channel !== "unreliable" && channel !== "reliable") return false;
    return this.#options.broker?.sendFrame({ channel, peerId: to, packet: bytes }) === true;
  }

  #post(transmit: Transmit): void {
    if (transmit.by === "broker") return void this.#sendByBroker(transmit);
    // What is forwarded may be lost, and must neither wait for its turn nor cost a member its connection.
    if (transmit.channel === "control") return void this.#transport.send(transmit.to, "control", transmit.bytes);
    if (this.#outbox.post(transmit) !== "overflow") return;
    // The peer takes nothing: a new attempt is the only way on, and the reliable stream replays what it has not acked.
    this.#replaced(transmit.to);
    this.#transport.hangUp(transmit.to);
    this.#transport.accept(transmit.to);
    this.#mesh.handleChannelsClosed(this.#options.nowMs(), transmit.to, "remote");
  }
}
