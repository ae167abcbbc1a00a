import { assert } from "../base/assert.ts";
import { checksumText } from "../base/checksum.ts";
import type { PeerId } from "../base/units.ts";
import * as PACKET_KIND from "../ports/packet-kind.ts";
import type { Transmit } from "../ports/session.ts";
import {
  DATAGRAM_BYTES_MAX,
  RELAY_HEADER_BYTES,
  RELIABLE_BYTES_MAX,
  SESSION_DATAGRAM_BYTES_MAX,
  type Channel,
} from "../ports/transport.ts";
import { LINK_CHANNELS } from "./link-codec.ts";
import * as KIND from "./link-kind.ts";
import type { RelayAccess } from "./link-options.ts";
import type { LinkOutput } from "./link-output.ts";
import * as LINK_TIMES from "./link-times.ts";
import type { Link } from "./link.ts";
import { detourCostMs } from "./path-cost.ts";
import {
  encodeNeighbours,
  isBetweenNeighbours,
  parseNeighbours,
  readRelayHash,
  writeRelayed,
  type NeighbourFigures,
} from "./relay-codec.ts";
import { RelayMeter } from "./relay-meter.ts";
import type { RelayOffer } from "./route-choice.ts";
import { withoutStamp } from "./staleness.ts";

/** One member, as far as forwarding goes. */
interface Member {
  readonly link: Link;
  /** Of its peer id. */
  readonly hash: number;
  /** What we forward for it. */
  readonly meter: RelayMeter;
  /** What it measures of its neighbours, by their hashes, and when it told. */
  neighbours: ReadonlyMap<number, NeighbourFigures>;
  neighboursMs: number;
}

type MutableTransmit = { -readonly [Key in keyof Transmit]: Transmit[Key] };

const EMPTY = new Uint8Array(0);

/** Stands for the broker among those who forward. No member is called so: their ids have 32 digits. */
export const BROKER_VIA = "broker" as PeerId;

/**
 * Forwarding, in one mesh: for others, of packets that they ask us to pass on; for ourselves, by telling what the ways over others cost. A packet is
 * forwarded once, from one member to another, over the connections that both have to us, and unopened.
 */
export class RelayRouter implements RelayAccess {
  /** Packets that we forwarded. */
  forwarded = 0;
  /** The broker carries packets too, for who has no other way. */
  #hasBroker = false;
  readonly #output: LinkOutput;
  #members: readonly Member[] = [];
  readonly #byPeer = new Map<PeerId, Member>();
  /** `undefined`: two members share the hash, and neither is told from the other. */
  readonly #byHash = new Map<number, Member | undefined>();
  #localHash = 0;
  readonly #forwardBytes = new Uint8Array(RELIABLE_BYTES_MAX);
  readonly #wrapBytes = new Uint8Array(DATAGRAM_BYTES_MAX);
  /** Views of it, by length: made once, for the sake of 60 datagrams a second. */
  readonly #wrapViews: Uint8Array[] = [];
  readonly #wrapped: MutableTransmit = { to: "" as PeerId, channel: "unreliable", bytes: EMPTY };
  #reportMs = Infinity;
  #reportMsMin = 0;
  #reported = "";

  constructor(output: LinkOutput) {
    this.#output = output;
  }

  /** The links of the mesh, whenever they change. */
  setMembers(localPeerId: PeerId, links: readonly Link[]): void {
    this.#localHash = checksumText(localPeerId);
    this.#members = links.map((link) => {
      const known = this.#byPeer.get(link.peerId);
      if (known?.link === link) return known;
      return {
        link,
        hash: checksumText(link.peerId),
        meter: known?.meter ?? new RelayMeter(),
        neighbours: new Map(),
        neighboursMs: -Infinity,
      };
    });
    this.#byPeer.clear();
    this.#byHash.clear();
    for (const member of this.#members) {
      this.#byPeer.set(member.link.peerId, member);
      const isTaken = this.#byHash.has(member.hash) || member.hash === this.#localHash;
      this.#byHash.set(member.hash, isTaken ? undefined : member);
    }
    this.#reportMs = this.#members.length > 1 ? this.#reportMsMin : Infinity;
  }

  setBroker(isThere: boolean): void {
    this.#hasBroker = isThere;
    this.checkSoon();
  }

  hasOthers(): boolean {
    return this.#hasBroker || this.#members.length > 1;
  }

  canForward(nowMs: number, via: PeerId): boolean {
    return via === BROKER_VIA ? this.#hasBroker : this.#byPeer.get(via)?.link.direct.usable(nowMs) !== undefined;
  }

  checkSoon(): void {
    for (const { link } of this.#members) link.relay.checkSoon();
  }

  get timeoutMs(): number {
    return this.#reportMs;
  }

  /** Something that members say to their neighbours. */
  handlePacket(nowMs: number, from: Link, channel: Channel, bytes: Uint8Array): void {
    const kind = bytes[0] ?? 0;
    if (LINK_CHANNELS[kind]?.includes(channel) !== true) return this.#output.refuse("wrong-channel");
    if (!from.admitNeighbour(nowMs, channel)) return;
    const member = this.#byPeer.get(from.peerId);
    assert(member !== undefined, "a link of this mesh");
    if (kind === KIND.neighbours) return this.#takeReport(nowMs, member, bytes);
    const hash = readRelayHash(bytes);
    if (hash === undefined) return this.#output.refuse("malformed");
    const other = this.#byHash.get(hash);
    if (other === undefined || other === member) return this.#output.refuse("relay-no-way");
    if (isBetweenNeighbours(bytes[RELAY_HEADER_BYTES] ?? 0)) return this.#output.refuse("relay-nested");
    if (kind === KIND.relay) this.#forward(nowMs, member, other, channel, bytes);
    else this.#deliver(nowMs, member, other, channel, bytes);
  }

  /** A session's datagram, stamped, and in the wrapping for `via` if there is one. Valid until the next call. */
  wrap(via: PeerId | undefined, { to, bytes }: Transmit, stamp: number): Transmit {
    assert(bytes.length <= SESSION_DATAGRAM_BYTES_MAX, `at most ${SESSION_DATAGRAM_BYTES_MAX} bytes in a session's datagram`);
    const target = this.#wrapBytes;
    const isForwarded = via !== undefined && via !== BROKER_VIA;
    let end = bytes.length;
    if (isForwarded) end = writeRelayed(target, KIND.relay, this.#byPeer.get(to)?.hash ?? 0, bytes);
    else target.set(bytes);
    target[end++] = stamp & 0xff;
    target[end++] = stamp >> 8;
    this.#wrapped.to = isForwarded ? via : to;
    this.#wrapped.by = via === BROKER_VIA ? "broker" : undefined;
    this.#wrapped.bytes = this.#wrapViews[end] ??= target.subarray(0, end);
    return this.#wrapped;
  }

  send(via: PeerId, to: PeerId, channel: "unreliable" | "reliable", bytes: Uint8Array): void {
    const target = this.#byPeer.get(to);
    if (target === undefined) return;
    if (via === BROKER_VIA) {
      if (this.#hasBroker) this.#output.transmits.push({ to, channel, bytes, by: "broker" });
      return;
    }
    const packet = new Uint8Array(RELAY_HEADER_BYTES + bytes.length);
    writeRelayed(packet, KIND.relay, target.hash, bytes);
    this.#byPeer.get(via)?.link.direct.transmitForwarded(channel === "reliable" ? "control" : "unreliable", packet);
  }

  offers(nowMs: number, to: PeerId): readonly RelayOffer[] {
    const target = this.#byPeer.get(to);
    const offers: RelayOffer[] = [];
    if (this.#hasBroker && target !== undefined) offers.push({ via: BROKER_VIA, costMs: LINK_TIMES.brokerCostMs });
    if (target === undefined || this.#byHash.get(target.hash) !== target) return offers;
    for (const { link, neighbours, neighboursMs } of this.#members) {
      const second = neighbours.get(target.hash);
      const first = second === undefined || nowMs - neighboursMs > LINK_TIMES.reportValidMs ? undefined : link.direct.usable(nowMs);
      if (first === undefined || second === undefined) continue;
      const costMs = detourCostMs(first.delayMs, first.roundTrip.lossRatio, second.delayMs, second.lossRatio);
      offers.push({ via: link.peerId, costMs });
    }
    return offers;
  }

  /** Tells the neighbours what we measure, when it is time or when one of them came or went. */
  handleTimeout(nowMs: number): void {
    if (this.#members.length < 2 || nowMs < this.#reportMsMin) return;
    let present = "";
    for (const { link, hash } of this.#members) if (link.direct.usable(nowMs) !== undefined) present += `${hash} `;
    if (nowMs < this.#reportMs && present === this.#reported) return;
    // Who comes or goes is told twice: one report may be lost.
    this.#reportMs = nowMs + (present === this.#reported ? LINK_TIMES.reportIntervalMs : LINK_TIMES.reportIntervalMsMin);
    this.#reported = present;
    this.#reportMsMin = nowMs + LINK_TIMES.reportIntervalMsMin;
    this.#report(nowMs);
  }

  #report(nowMs: number): void {
    const figures: NeighbourFigures[] = [];
    const carriers = this.#members.map(({ link, hash }) => {
      const carrier = link.direct.usable(nowMs);
      if (carrier !== undefined) figures.push({ hash, delayMs: carrier.delayMs, lossRatio: carrier.roundTrip.lossRatio });
      return carrier;
    });
    const bytes = encodeNeighbours(figures);
    for (const carrier of carriers) carrier?.send("unreliable", bytes);
  }

  #takeReport(nowMs: number, member: Member, bytes: Uint8Array): void {
    const neighbours = parseNeighbours(bytes);
    if (neighbours === undefined) return this.#output.refuse("malformed");
    member.neighbours = neighbours;
    member.neighboursMs = nowMs;
  }

  #forward(nowMs: number, from: Member, to: Member, channel: Channel, bytes: Uint8Array): void {
    if (!to.link.direct.isHeard(nowMs)) return this.#output.refuse("relay-no-way");
    if (!from.meter.take(nowMs, bytes.length)) return this.#output.refuse("relay-too-much");
    this.forwarded++;
    // What was forwarded before may still wait to be polled.
    const target = this.#output.transmits.length === 0 ? this.#forwardBytes : new Uint8Array(bytes.length);
    target.set(bytes);
    writeRelayed(target, KIND.relayed, from.hash, EMPTY);
    to.link.direct.transmitForwarded(channel, target.subarray(0, bytes.length));
  }

  #deliver(nowMs: number, via: Member, source: Member, channel: Channel, bytes: Uint8Array): void {
    this.#take(nowMs, via.link.peerId, source.link, channel === "control" ? "reliable" : "unreliable", bytes.subarray(RELAY_HEADER_BYTES));
  }

  /** A packet that the broker carried. */
  handleBrokered(nowMs: number, source: Link, channel: "unreliable" | "reliable", packet: Uint8Array): void {
    if (!this.#hasBroker) return this.#output.refuse("relay-no-way");
    if (isBetweenNeighbours(packet[0] ?? 0)) return this.#output.refuse("relay-nested");
    this.#take(nowMs, BROKER_VIA, source, channel, packet);
  }

  #take(nowMs: number, via: PeerId, source: Link, channel: "unreliable" | "reliable", packet: Uint8Array): void {
    // Nothing shows who made it: a member in the middle, or the broker, could speak for a peer that speaks for itself.
    if (isOfEnd(packet[0] ?? 0) && source.direct.carrier.isOnlyWay(nowMs)) return this.#output.refuse("relay-needless");
    const isSessions = !source.handleRelayed(nowMs, via, channel, packet);
    if (isSessions) this.#output.messages.push({ from: source.peerId, channel, bytes: withoutStamp(channel, packet).slice() });
  }
}

/** What a session or the stream says: it is believed. */
function isOfEnd(kind: number): boolean {
  return PACKET_KIND.isOfAbove(kind) || kind === KIND.fragment || kind === KIND.streamAck;
}
