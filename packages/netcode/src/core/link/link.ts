import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { Farewell } from "../ports/departure.ts";
import type { LinkPath, LinkStats, LinkStatus } from "../ports/link.ts";
import * as PACKET_KIND from "../ports/packet-kind.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Fingerprints } from "../ports/membership.ts";
import type { Channel, ChannelsClosedReason } from "../ports/transport.ts";
import { DirectSide } from "./direct-side.ts";
import type { Greeting } from "./greeting.ts";
import { Healing } from "./healing.ts";
import type { LinkCarrier } from "./link-carrier.ts";
import {
  encodeGoodbye,
  encodeHello,
  encodeProbe,
  encodeRefusal,
  isSameGame,
  LINK_CHANNELS,
  parseLinkPacket,
  type Hello,
  type LinkPacket,
  type RefusalReason,
} from "./link-codec.ts";
import type { LinkOptions, LinkRole } from "./link-options.ts";
import type { LinkOutput } from "./link-output.ts";
import { LinkProofs } from "./link-proofs.ts";
import { linkStats } from "./link-stats.ts";
import { LinkStanding } from "./link-standing.ts";
import { isNegotiation } from "./negotiation-codec.ts";
import { RelaySide } from "./relay-side.ts";
import { StreamSide } from "./stream-side.ts";

/**
 * Our side of the link to one other peer: attempts, greeting, heartbeat, liveness, and which way packets take. A child of `LinkMesh`, which
 * documents the calls. Two carriers lie below it, the pair's own connection and another member that forwards; each greets and pings for itself.
 */
export class Link {
  readonly peerId: PeerId;
  readonly role: LinkRole;
  /** The pair's own connection. */
  readonly direct: DirectSide;
  /** The way by another member. */
  readonly relay: RelaySide;
  /** Who the peer is. */
  readonly proofs: LinkProofs;
  /** What keeps `direct` alive. */
  readonly healing: Healing;
  readonly #options: LinkOptions;
  readonly #output: LinkOutput;
  readonly #stream: StreamSide;
  readonly #standing: LinkStanding;
  /** 0: no hello yet. */
  #remoteInstance = 0;
  #capabilities = 0;
  #path: LinkPath = "connecting";

  constructor(options: LinkOptions) {
    this.#options = options;
    this.peerId = options.peerId;
    this.role = options.role;
    this.#output = options.output;
    this.#standing = new LinkStanding(options.peerId, options.output);
    this.direct = new DirectSide(options);
    this.relay = new RelaySide(options.peerId, options.relays);
    this.proofs = new LinkProofs(options, {
      carriers: { direct: this.direct.carrier, relay: this.relay.carrier },
      accept: (nowMs, carrier, greeting, hello) => this.#acceptHello(nowMs, carrier, greeting, hello),
      refuse: (nowMs, reason) => this.#refuse(nowMs, reason, undefined),
    });
    this.healing = new Healing(options, this.direct, this.relay);
    this.#stream = new StreamSide(options, () => this.carrier);
  }

  get status(): LinkStatus {
    return this.#standing.status;
  }

  get capabilities(): number {
    return this.#capabilities & this.#options.capabilities;
  }

  /** The carrier of what we send. */
  get carrier(): LinkCarrier {
    return this.relay.isUsed ? this.relay.carrier : this.direct.carrier;
  }

  /** The stream to the peer can never go on: both ends need another link. */
  get isBroken(): boolean {
    return this.#stream.isBroken;
  }

  /** Again, where the peer is missed: it is said to be back. */
  start(nowMs: number): void {
    const isReturn = this.isMissed(nowMs);
    this.#standing.connect(nowMs);
    this.relay.start(nowMs);
    return isReturn ? this.healing.handlePeerFound(nowMs) : this.direct.start(nowMs);
  }

  /** Lost, and what it has not got is kept for it. */
  isMissed(nowMs: number): boolean {
    return this.status === "closed" && this.#standing.takesMessages(nowMs);
  }

  hangUp(): void {
    this.direct.hangUp();
    this.relay.close();
    this.#options.relays.checkSoon();
  }

  handleChannelsOpen(nowMs: number, fingerprints: Fingerprints | undefined): void {
    if (this.direct.isOver) return;
    this.healing.handleClosed();
    const greeting = this.direct.handleChannelsOpen(nowMs);
    if (this.proofs.begin(nowMs, greeting, fingerprints)) this.#greet(nowMs, this.direct.carrier, greeting);
  }

  handleChannelsClosed(nowMs: number, reason: ChannelsClosedReason): void {
    this.healing.handleClosed();
    this.direct.handleChannelsClosed(nowMs, reason, this.#isUnhurried(nowMs));
    this.#options.relays.checkSoon();
  }

  handlePacket(nowMs: number, channel: Channel, bytes: Uint8Array): boolean {
    return this.#take(nowMs, this.direct.carrier, channel, bytes);
  }

  /** The same for a packet that `via` forwarded. */
  handleRelayed(nowMs: number, via: PeerId, channel: Channel, bytes: Uint8Array): boolean {
    const carrier = this.direct.isOver ? undefined : this.relay.arrive(nowMs, via, bytes, this.#remoteInstance !== 0);
    if (carrier === undefined) this.#output.refuse("not-open");
    return carrier === undefined || this.#take(nowMs, carrier, channel, bytes);
  }

  /** Something that only neighbours say to each other came over our own connection: true when it may be taken. */
  admitNeighbour(nowMs: number, channel: Channel): boolean {
    const { carrier } = this.direct;
    if (channel === "unreliable") carrier.roundTrip.countReceived();
    const isAdmitted = carrier.isCarrying && this.#isBeyondHello(nowMs, carrier);
    if (isAdmitted) this.#heard(nowMs, carrier);
    return this.#output.admits(isAdmitted ? undefined : "before-hello");
  }

  sendReliable(nowMs: number, bytes: Uint8Array): boolean {
    return this.#standing.takesMessages(nowMs) && this.#stream.send(nowMs, bytes);
  }

  sayGoodbye(farewell: Farewell): void {
    for (const carrier of [this.direct.carrier, this.relay.carrier]) {
      if (!carrier.isCarrying) continue;
      carrier.send("unreliable", encodeGoodbye(farewell));
      carrier.send("reliable", encodeGoodbye(farewell));
    }
    this.direct.end();
    this.relay.close();
    this.#standing.leave();
  }

  handleTimeout(nowMs: number): void {
    this.#standing.check(nowMs);
    const { state } = this.direct.carrier;
    if (state.kind === "greeting") this.#greet(nowMs, this.direct.carrier, state.greeting);
    this.direct.check(nowMs, this.relay.directPace, this.#isUnhurried(nowMs));
    this.healing.check(nowMs);
    this.#stream.flush(nowMs);
    if (!this.direct.isOver) this.#checkRelay(nowMs);
  }

  pollTimeoutMs(): number {
    const carriersMs = Math.min(this.direct.carrier.timeoutMs(this.relay.directPace), this.direct.isOver ? Infinity : this.relay.timeoutMs);
    return Math.min(this.#standing.timeoutMs, carriersMs, this.#stream.timeoutMs, this.healing.timeoutMs);
  }

  /** Our process stood still for `lateMs`: that is not the peer's silence. */
  forgive(nowMs: number, lateMs: number): void {
    if (this.#standing.forgive(nowMs, lateMs)) {
      this.direct.carrier.forgive(nowMs, lateMs);
      this.relay.carrier.forgive(nowMs, lateMs);
    }
    this.direct.forgive(lateMs);
  }

  setPath(path: LinkPath): void {
    this.#path = path;
  }

  stats(): LinkStats {
    return linkStats(this, this.#path);
  }

  /** Nothing is lost by waiting for the pair's own connection. */
  #isUnhurried(nowMs: number): boolean {
    return this.status === "closed" || this.relay.isAlive(nowMs);
  }

  #greet(nowMs: number, carrier: LinkCarrier, greeting: Greeting): void {
    const { capabilities, instance, game, localPeerId } = this.#options;
    if (greeting.takeHello(nowMs)) {
      const known = { knownInstance: this.#remoteInstance, expectedSequence: this.#stream.expectedSequence };
      carrier.send("reliable", encodeHello({ capabilities, instance, game, peerId: localPeerId, ...known }));
      this.proofs.follow(carrier, greeting, this.#remoteInstance);
    }
    if (greeting.takeProbe(nowMs)) carrier.send("unreliable", encodeProbe("probe", instance));
  }

  #handleHello(nowMs: number, carrier: LinkCarrier, hello: Hello): void {
    const { state } = carrier;
    if (carrier === this.relay.carrier) return this.#handleRelayedHello(nowMs, hello);
    // A repeated hello tells nothing new.
    if (state.kind !== "greeting" || state.greeting.isPeerKnown) return;
    if (hello.peerId !== this.peerId) {
      this.#output.refuse("bad-hello");
      return this.#refuse(nowMs, "protocol-error", undefined);
    }
    if (!isSameGame(hello.game, this.#options.game)) {
      this.#output.refuse("version-mismatch");
      return this.#refuse(nowMs, "version-mismatch", hello.game);
    }
    this.proofs.handleHello(nowMs, carrier, state.greeting, hello);
  }

  /**
   * Who forwards has our game's identity, and so has whom it forwards for: another one is a lie. So is another process while the one that we know is
   * heard on its own connection.
   */
  #handleRelayedHello(nowMs: number, hello: Hello): void {
    const { carrier } = this.relay;
    const isKnown = hello.instance === this.#remoteInstance;
    if (hello.peerId !== this.peerId || !isSameGame(hello.game, this.#options.game) || (!isKnown && this.direct.isHeard(nowMs))) {
      return this.#output.refuse("relay-forbidden");
    }
    if (isKnown) return;
    const greeting = carrier.state.kind === "greeting" ? carrier.state.greeting : carrier.open(nowMs, Infinity, false);
    this.proofs.handleHello(nowMs, carrier, greeting, hello);
    this.#greet(nowMs, carrier, greeting);
  }

  #acceptHello(nowMs: number, carrier: LinkCarrier, greeting: Greeting, hello: Hello): void {
    if (this.#remoteInstance !== 0 && this.#remoteInstance !== hello.instance) this.#meetAnotherProcess(nowMs, carrier);
    this.#remoteInstance = hello.instance;
    this.#capabilities = hello.capabilities;
    this.healing.meet(hello.instance, this.capabilities);
    this.#stream.replay(hello.knownInstance === this.#options.instance ? hello.expectedSequence : undefined);
    greeting.isPeerKnown = true;
    if (greeting.isProbed) carrier.send("unreliable", encodeProbe("probe-ack", hello.instance));
    if (greeting.isProbeAcked) this.#becomeReady(nowMs, carrier);
    else this.#heard(nowMs, carrier);
  }

  /** The peer's id belongs to a new process, which knows nothing of what the old one agreed. */
  #meetAnotherProcess(nowMs: number, carrier: LinkCarrier): void {
    this.#stream.reset();
    this.direct.carrier.forgetMeasures();
    this.relay.carrier.forgetMeasures();
    if (carrier === this.direct.carrier) this.relay.close();
    if (!this.#standing.isOpen) return;
    this.#standing.close("lost");
    this.#standing.connect(nowMs);
  }

  #becomeReady(nowMs: number, carrier: LinkCarrier): void {
    // A link that is open already waits for the next comparison: a peer that stood still answers on both ways at once.
    if (!this.#standing.isOpen) this.relay.checkSoon();
    carrier.becomeReady(nowMs);
    if (carrier === this.direct.carrier) this.direct.settle();
    this.#heard(nowMs, carrier);
    if (!this.direct.isOver) this.#checkRelay(nowMs);
    this.#stream.flush(nowMs);
  }

  /** Says why, waits until that is read, and never tries again. */
  #refuse(nowMs: number, reason: RefusalReason, remoteGame: GameIdentity | undefined): void {
    this.direct.carrier.send("reliable", encodeRefusal(reason, this.#options.game));
    this.direct.hangUpSoon(nowMs);
    this.relay.close();
    this.#standing.close(reason, remoteGame);
  }

  #take(nowMs: number, carrier: LinkCarrier, channel: Channel, bytes: Uint8Array): boolean {
    if (!carrier.isCarrying) {
      this.#output.refuse("not-open");
      return true;
    }
    if (channel === "unreliable") carrier.roundTrip.countReceived();
    const kind = bytes[0] ?? 0;
    if (PACKET_KIND.isOfAbove(kind)) return this.#takePacketOfAbove(nowMs, carrier, channel, bytes);
    const allowed = LINK_CHANNELS[kind];
    if (isNegotiation(kind) && channel !== "unreliable") this.healing.handlePacket(nowMs, bytes);
    else if (allowed === undefined) this.#output.refuse("unknown-kind");
    else if (!allowed.includes(channel)) this.#output.refuse("wrong-channel");
    else this.#handleOwn(nowMs, carrier, parseLinkPacket(bytes));
    this.#heard(nowMs, carrier);
    return true;
  }

  /** A packet of a session, an application's message, or a part of a file: those come on a channel of their own. */
  #takePacketOfAbove(nowMs: number, carrier: LinkCarrier, channel: Channel, bytes: Uint8Array): boolean {
    const isAllowed = PACKET_KIND.isOfBulk(bytes[0] ?? 0) ? channel === "bulk" : channel === "unreliable" || channel === "reliable";
    const isTaken = isAllowed && this.#isBeyondHello(nowMs, carrier);
    if (isTaken) this.#heard(nowMs, carrier);
    else this.#output.refuse(isAllowed ? "before-hello" : "wrong-channel");
    return !isTaken || (channel === "unreliable" && !this.#output.admits(carrier.judge(nowMs, bytes)));
  }

  /** What only an end sends that has our hello and our probe's answer opens the link here too: the path works both ways. */
  #isBeyondHello(nowMs: number, carrier: LinkCarrier): boolean {
    if (carrier.state.kind === "greeting" && carrier.state.greeting.isPeerKnown) this.#becomeReady(nowMs, carrier);
    return carrier.state.kind === "ready";
  }

  #handleOwn(nowMs: number, carrier: LinkCarrier, packet: LinkPacket): void {
    if (this.proofs.isTooEarly(carrier, packet)) return this.#output.refuse("before-hello");
    const isRelayed = carrier === this.relay.carrier;
    switch (packet.type) {
      case "hello":
        return this.#handleHello(nowMs, carrier, packet.hello);
      case "foreign-hello":
        this.#output.refuse("version-mismatch");
        return !isRelayed && carrier.state.kind === "greeting" ? this.#refuse(nowMs, "version-mismatch", undefined) : undefined;
      case "refusal":
        if (isRelayed) return this.#output.refuse("relay-forbidden");
        if (carrier.state.kind !== "greeting") return;
        this.hangUp();
        return this.#standing.close(packet.reason, packet.reason === "version-mismatch" ? packet.game : undefined);
      case "proof":
        return this.proofs.handleProof(nowMs, carrier, packet.proof);
      case "roster":
        return this.#options.rosters.handleText(nowMs, this.peerId, packet.text);
      case "probe":
        return carrier.handleProbe(nowMs, packet.instance);
      case "probe-ack":
        return this.#handleProbeAck(nowMs, carrier, packet.instance);
      case "ping":
        if (isRelayed) this.#isBeyondHello(nowMs, carrier);
        return void this.#output.admits(carrier.handlePing(nowMs, packet.ping, packet.stamp) ? undefined : "bad-ack");
      case "goodbye":
        return isRelayed && this.direct.isHeard(nowMs) ? this.#output.refuse("relay-forbidden") : this.#handleGoodbye(packet.farewell);
      case "stream-ack":
        return this.#stream.handleAck(nowMs, packet.expectedSequence);
      case "fragment":
        if (!this.#isBeyondHello(nowMs, carrier)) return this.#output.refuse("before-hello");
        return this.#stream.handleFragment(nowMs, packet, !isRelayed);
      case "malformed":
        return this.#output.refuse("malformed");
      default:
        return unreachable(packet);
    }
  }

  #handleProbeAck(nowMs: number, carrier: LinkCarrier, instance: number): void {
    if (carrier.state.kind !== "greeting" || instance !== this.#options.instance) return;
    if (carrier.state.greeting.isPeerKnown) this.#becomeReady(nowMs, carrier);
    else carrier.state.greeting.isProbeAcked = true;
  }

  #handleGoodbye(farewell: Farewell): void {
    this.hangUp();
    if (this.#standing.status === "closed") return;
    this.#output.events.push({ type: "peer-goodbye", peerId: this.peerId, farewell });
    this.#standing.close("left");
  }

  /** A sign of life, once the greeting is through. Before, it is for people alone: the peer hears us, but it may not know us yet. */
  #heard(nowMs: number, carrier: LinkCarrier): void {
    const { state } = carrier;
    const isMutual = this.#options.isMutual && carrier === this.direct.carrier;
    if (isMutual && state.kind === "greeting" && state.greeting.isPeerThere) this.#standing.hear(nowMs);
    if (state.kind !== "ready") return;
    const wasHeld = carrier.hear(nowMs);
    if (carrier === this.direct.carrier) this.healing.handleHeard();
    this.#standing.hear(nowMs);
    if (wasHeld) this.#stream.flush(nowMs);
  }

  #checkRelay(nowMs: number): void {
    const { carrier } = this.relay;
    const hasMoved = this.relay.check(nowMs, this.direct.carrier, {
      // Open for people, it may have to wait for an answer yet.
      isNew: this.#standing.status === "connecting" || this.direct.carrier.state.kind === "greeting",
      isPeerKnown: this.#remoteInstance !== 0,
    });
    if (carrier.state.kind === "greeting") this.#greet(nowMs, carrier, carrier.state.greeting);
    if (!hasMoved) return;
    this.#stream.changeWay(nowMs, this.relay.isUsed);
  }
}
