import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import type { PeerId } from "../base/units.ts";
import type { Farewell } from "../ports/departure.ts";
import type { LinkAction, LinkEvent, LinkMessage, LinkPath, LinkStats, LinkStatus } from "../ports/link.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Fingerprints, MembershipProof, ProofVerdict } from "../ports/membership.ts";
import type { NegotiationReport } from "../ports/negotiation.ts";
import type { Roster } from "../ports/roster.ts";
import type { Transmit } from "../ports/session.ts";
import type { Channel, ChannelsClosedReason } from "../ports/transport.ts";
import { isEncodableGame } from "./link-codec.ts";
import * as LINK_TIMES from "./link-times.ts";
import { Link } from "./link.ts";
import type { LinkRole } from "./link-options.ts";
import { LinkOutput } from "./link-output.ts";
import { isNegotiation } from "./negotiation-codec.ts";
import { isBetweenNeighbours } from "./relay-codec.ts";
import { RelayRouter } from "./relay-router.ts";
import { RosterExchange, type RosterTrust } from "./roster-exchange.ts";
import { stampOf } from "./staleness.ts";

export interface LinkMeshOptions {
  readonly localPeerId: PeerId;
  /** Peers link only with an equal identity. */
  readonly game: GameIdentity;
  /** Jitter of retries, and the random name of this process in the hello: seed it from a real source of randomness. */
  readonly random: Random;
  /** `CAPABILITY` bits that the hello carries; default none. */
  readonly capabilities?: number;
  /** That of the transport, `Transport.isMutual`; default false. */
  readonly isMutual?: boolean;
  /** The lobby's code: a link opens once both ends have proved that they are its members. Left out: nobody proves anything. */
  readonly lobby?: string;
  /** Who signs the lobby's rosters: a link opens once one of them has the peer. Left out: nobody does. */
  readonly trust?: RosterTrust | undefined;
}

/** A newer roster goes on to so many of the others. All of a usual lobby hear it at once; in one of 64, each of them by several ways, and nobody sends more than 20 kB. */
const ROSTER_FANOUT = 8;

/**
 * The links of this peer to every other member, as one sans-IO machine between a transport and the sessions.
 *
 * After each call drain `pollAction` (into the transport), `pollTransmit` (into `transport.send`), `pollEvent` and `pollMessage`;
 * call `handleTimeout` at `pollTimeoutMs`. A session's unreliable packets take their way from `route`, go to the transport, and are told to
 * `handleSent`; what must arrive goes through `sendReliable` and comes out of the other end's `pollMessage`. What leaves on `control` is for a
 * member that forwards: a transport that takes none of it now may drop it.
 */
export class LinkMesh {
  readonly #options: Required<Omit<LinkMeshOptions, "lobby" | "trust">> & { readonly lobby: string | undefined };
  readonly #links = new Map<PeerId, Link>();
  /** The same links, in the order of `addPeer`: walked on every call, which a map cannot do without allocating. */
  #order: readonly Link[] = [];
  readonly #output = new LinkOutput();
  readonly #router = new RelayRouter(this.#output);
  readonly #rosters: RosterExchange;
  #lastCallMs = -Infinity;

  constructor(options: LinkMeshOptions) {
    assert(isEncodableGame(options.game), "a game identity that a hello can carry");
    this.#options = { capabilities: 0, isMutual: false, lobby: undefined, ...options };
    this.#rosters = new RosterExchange({ lobby: options.lobby, trust: options.trust, output: this.#output });
    this.#router.setMembers(options.localPeerId, this.#order);
  }

  /**
   * A member to hold a link with. Of two members exactly one is the dialer. Again with the same role: nothing while the link lives; one that is lost is tried at once, with all that waits for
   * the peer; a closed one starts anew.
   */
  addPeer(nowMs: number, peerId: PeerId, role: LinkRole): void {
    assert(peerId !== this.#options.localPeerId, "another peer than ourselves");
    this.#observe(nowMs);
    const existing = this.#links.get(peerId);
    if (existing !== undefined) {
      const isSame = existing.role === role;
      if (isSame && existing.isMissed(nowMs)) return existing.start(nowMs);
      if (isSame && existing.status !== "closed") return;
      existing.hangUp();
    }
    // By link, not by process: an end that was made anew knows nothing of what the old one agreed.
    const instance = this.#options.random.uint32() || 1;
    const link = new Link({ ...this.#options, instance, peerId, role, output: this.#output, relays: this.#router, rosters: this.#rosters });
    this.#links.set(peerId, link);
    this.#reorder();
    link.start(nowMs);
  }

  /** No longer a member: hangs up without a word to the peer. Does nothing for an unknown peer. */
  removePeer(nowMs: number, peerId: PeerId): void {
    this.#observe(nowMs);
    const link = this.#links.get(peerId);
    if (link === undefined) return;
    this.#links.delete(peerId);
    this.#rosters.forget(peerId);
    this.#reorder();
    link.hangUp();
    if (link.status !== "closed") this.#output.events.push({ type: "link-closed", peerId, reason: "removed" });
  }

  /** `fingerprints`: what the transport knows both ends of the connection by; without them no link of a lobby opens. */
  handleChannelsOpen(nowMs: number, peerId: PeerId, fingerprints?: Fingerprints): void {
    this.#observe(nowMs);
    this.#links.get(peerId)?.handleChannelsOpen(nowMs, fingerprints);
  }

  /** The answer to a `prove` action. One that does not come in time costs the attempt. */
  handleProved(nowMs: number, peerId: PeerId, request: number, proof: MembershipProof): void {
    this.#observe(nowMs);
    this.#links.get(peerId)?.proofs.handleProved(request, proof);
  }

  /** The answer to a `check` action. */
  handleChecked(nowMs: number, peerId: PeerId, request: number, verdict: ProofVerdict): void {
    this.#observe(nowMs);
    this.#links.get(peerId)?.proofs.handleChecked(nowMs, request, verdict);
  }

  /** A roster, as the broker sent it. */
  handleRoster(nowMs: number, text: string): void {
    this.#observe(nowMs);
    this.#rosters.handleText(nowMs, "broker", text);
  }

  /** The answer to a `verify` action. */
  handleVerified(nowMs: number, request: number, isSigned: boolean): void {
    this.#observe(nowMs);
    if (this.#rosters.handleVerified(request, isSigned)) this.#passOnRoster();
  }

  handleChannelsClosed(nowMs: number, peerId: PeerId, reason: ChannelsClosedReason): void {
    this.#observe(nowMs);
    this.#links.get(peerId)?.handleChannelsClosed(nowMs, reason);
  }

  /** Anything that arrived. True: the link's own, or refused. False: a session's, for its `handlePacket`, `withoutStamp`. Any packet counts as a sign of life. */
  handlePacket(nowMs: number, from: PeerId, channel: Channel, bytes: Uint8Array): boolean {
    this.#observe(nowMs);
    const link = this.#links.get(from);
    if (link === undefined) this.#output.refuse("unknown-peer");
    else if (!isBetweenNeighbours(bytes[0] ?? 0)) return this.#hand(nowMs, link, channel, bytes);
    else this.#router.handlePacket(nowMs, link, channel, bytes);
    return true;
  }

  /** False: the datagram stays here, since who is at the other end has not proved who it is, or is silent and gets few. */
  maySend(nowMs: number, { to, bytes }: Pick<Transmit, "to" | "bytes">): boolean {
    const link = this.#links.get(to);
    if (link === undefined) return true;
    return !link.proofs.isStranger(link.carrier) && link.carrier.takesDatagram(nowMs, bytes[0] ?? 0);
  }

  /** What the transport says of the descriptions that it was asked for, and of the connection. */
  handleNegotiation(nowMs: number, peerId: PeerId, report: NegotiationReport): void {
    this.#observe(nowMs);
    this.#links.get(peerId)?.healing.handleReport(nowMs, report);
  }

  /** Bytes that a peer sent by way of the broker. */
  handleSignal(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#observe(nowMs);
    const link = this.#links.get(from);
    if (link === undefined) this.#output.refuse("unknown-peer");
    else if (isNegotiation(bytes[0] ?? 0)) link.healing.handlePacket(nowMs, bytes);
    else this.#output.refuse("unknown-kind");
  }

  /** Signaling is there again: what waits for it leaves now. */
  handleSignalingReady(nowMs: number): void {
    this.#observe(nowMs);
    for (const link of this.#order) link.healing.handleSignalingReady(nowMs);
  }

  /** Whether the broker carries packets of pairs that have no other way. */
  setBroker(nowMs: number, isThere: boolean): void {
    this.#observe(nowMs);
    this.#router.setBroker(isThere);
  }

  /** A packet that the broker carried. */
  handleBrokered(nowMs: number, from: PeerId, channel: "unreliable" | "reliable", bytes: Uint8Array): void {
    this.#observe(nowMs);
    const link = this.#links.get(from);
    if (link === undefined) this.#output.refuse("unknown-peer");
    else this.#router.handleBrokered(nowMs, link, channel, bytes);
  }

  /** Our network may be another one: the browser says so, the page was shown again, a socket was found dead. */
  handleNetworkChange(nowMs: number): void {
    this.#observe(nowMs);
    for (const link of this.#order) link.healing.hurry(nowMs);
  }

  /** A session's datagram (at most `SESSION_DATAGRAM_BYTES_MAX`) as it leaves now: stamped, and in a wrapping where another member forwards it. Valid until the next call. */
  route(nowMs: number, transmit: Transmit): Transmit {
    return this.#router.wrap(this.#links.get(transmit.to)?.relay.via, transmit, stampOf(nowMs));
  }

  /** A session's datagram to `to` left, by whatever way. */
  handleSent(nowMs: number, to: PeerId): void {
    this.#observe(nowMs);
    const link = this.#links.get(to);
    link?.carrier.handleSent(nowMs);
    const via = link?.relay.via;
    if (via !== undefined) this.#links.get(via)?.direct.carrier.roundTrip.countSent();
  }

  /**
   * Sends a session's message (up to `STREAM_BYTES_MAX`) so that it arrives once and in order, even if the peer connection must be
   * replaced on the way. Copies `bytes`. False: no open link, or too much waits already.
   */
  sendReliable(nowMs: number, to: PeerId, bytes: Uint8Array): boolean {
    this.#observe(nowMs);
    return this.#links.get(to)?.sendReliable(nowMs, bytes) ?? false;
  }

  handleTimeout(nowMs: number): void {
    this.#observe(nowMs);
    for (const link of this.#order) link.handleTimeout(nowMs);
    this.#router.handleTimeout(nowMs);
  }

  /** The next deadline; `Infinity` when idle. */
  pollTimeoutMs(): number {
    let nextMs = this.#router.timeoutMs;
    for (const link of this.#order) nextMs = Math.min(nextMs, link.pollTimeoutMs());
    return nextMs;
  }

  pollAction(): LinkAction | undefined {
    return this.#output.actions.shift();
  }

  pollTransmit(): Transmit | undefined {
    return this.#output.transmits.shift();
  }

  pollEvent(): LinkEvent | undefined {
    return this.#output.events.shift();
  }

  /** The next whole message that a peer sent with `sendReliable`. */
  pollMessage(): LinkMessage | undefined {
    return this.#output.messages.shift();
  }

  /** The next newer roster of the lobby, if that is certain. */
  pollRoster(): Roster | undefined {
    return this.#rosters.pollNews();
  }

  /** Tells every peer that we leave, and how. Nothing more is sent or dialed; drain `pollTransmit`, give it a moment to leave, then dispose the transport. */
  sayGoodbye(nowMs: number, farewell: Farewell): void {
    this.#observe(nowMs);
    // To those first whom others must tell: who has our goodbye forwards nothing of ours any more.
    for (const link of this.#order) if (link.relay.carrier.isCarrying) link.sayGoodbye(farewell);
    for (const link of this.#order) link.sayGoodbye(farewell);
  }

  /** In the order of `addPeer`. */
  stats(): readonly LinkStats[] {
    return this.#order.map((link) => link.stats());
  }

  /** `closed` for an unknown peer. */
  status(peerId: PeerId): LinkStatus {
    return this.#links.get(peerId)?.status ?? "closed";
  }

  /** True while the pair's own connection is greeted over, and the peer a member for all we know: packets may be sent on it, `bulk` included. */
  hasDirect(peerId: PeerId): boolean {
    const link = this.#links.get(peerId);
    return link?.direct.carrier.state.kind === "ready" && !link.proofs.isStranger(link.direct.carrier);
  }

  /** `CAPABILITY` bits that both ends have; 0 until the peer's hello. */
  capabilities(peerId: PeerId): number {
    return this.#links.get(peerId)?.capabilities ?? 0;
  }

  /** How packets travel now, as the transport found out. */
  setPath(peerId: PeerId, path: LinkPath): void {
    this.#links.get(peerId)?.setPath(path);
  }

  /** Packets of other pairs that went over us. */
  get forwardedPackets(): number {
    return this.#router.forwarded;
  }

  /** Packets refused, by reason. */
  refusals(): Readonly<Record<string, number>> {
    return this.#output.refusals();
  }

  #hand(nowMs: number, link: Link, channel: Channel, bytes: Uint8Array): boolean {
    const isOwn = link.handlePacket(nowMs, channel, bytes);
    if (link.isBroken) this.#renew(nowMs, link);
    return isOwn;
  }

  /** As a process that was made anew: nothing that was agreed before counts. */
  #renew(nowMs: number, link: Link): void {
    const { peerId, role } = link;
    if (link.status !== "closed") this.#output.events.push({ type: "link-closed", peerId, reason: "lost" });
    link.hangUp();
    this.#links.delete(peerId);
    this.addPeer(nowMs, peerId, role);
  }

  /** Once, to a few: they pass it on, too. */
  #passOnRoster(): void {
    const { packet } = this.#rosters;
    let left = ROSTER_FANOUT;
    for (const peerId of this.#rosters.after(this.#options.localPeerId)) {
      const carrier = this.#links.get(peerId)?.carrier;
      if (packet !== undefined && carrier?.isCarrying === true && left-- > 0) carrier.send("reliable", packet);
    }
  }

  #reorder(): void {
    this.#order = [...this.#links.values()];
    this.#router.setMembers(this.#options.localPeerId, this.#order);
  }

  /**
   * Gives back the time during which our own process stood still: a blocked main thread hears nobody, and that is not the peers' silence.
   * It stood still when a deadline passed long ago and nobody called; whatever arrived meanwhile still waits to be handled.
   */
  #observe(nowMs: number): void {
    assert(nowMs >= this.#lastCallMs, "a clock that never goes back");
    const lateMs = nowMs - Math.max(this.#lastCallMs, this.pollTimeoutMs());
    this.#lastCallMs = nowMs;
    if (lateMs <= LINK_TIMES.ownStallMs) return;
    for (const link of this.#order) {
      link.forgive(nowMs, lateMs);
      if (lateMs >= LINK_TIMES.wakeMs) link.healing.hurry(nowMs);
    }
  }
}
