import type { PeerId } from "../base/units.ts";
import * as PACKET_KIND from "../ports/packet-kind.ts";
import { LinkCarrier, type PingPace } from "./link-carrier.ts";
import { parseLinkPacket } from "./link-codec.ts";
import * as KIND from "./link-kind.ts";
import type { RelayAccess } from "./link-options.ts";
import * as LINK_TIMES from "./link-times.ts";
import { RouteChoice, type RelayOffer } from "./route-choice.ts";

const IDLE_MS = LINK_TIMES.pingIntervalMs;
const SPARE_MS = LINK_TIMES.spareIntervalMs;
const ALONE: PingPace = { idleMs: IDLE_MS, measureMs: Infinity, isWanted: false, isDetoured: false };
const IN_USE: PingPace = { idleMs: IDLE_MS, measureMs: LINK_TIMES.measureIntervalMs, isWanted: true, isDetoured: false };
const SPARE: PingPace = { idleMs: SPARE_MS, measureMs: SPARE_MS, isWanted: true, isDetoured: false };
/** The pair's own connection, while packets may go another way: the peer must hear so, although many are lost, before they do. */
const LEAVING: PingPace = { idleMs: IDLE_MS, measureMs: IDLE_MS, isWanted: true, isDetoured: true };
const KEPT: PingPace = { idleMs: SPARE_MS, measureMs: SPARE_MS, isWanted: false, isDetoured: false };
/** Below this cost no detour is clearly better: a path without delay would still have to be forwarded. */
const GOOD_COST_MS = 20;
const NO_OFFERS: readonly RelayOffer[] = [];

/** The part of a link that goes over other members: whether, by whom, and its carrier. A part of `Link`. */
export class RelaySide {
  readonly carrier: LinkCarrier;
  readonly #route = new RouteChoice();
  readonly #peerId: PeerId;
  readonly #relays: RelayAccess;
  #startedMs = 0;
  #checkMs = 0;
  /** Who brought the peer's last packet: the way to answer where we have chosen none. */
  #replyVia: PeerId | undefined;
  /** The peer wants this way until then, although we need not. */
  #keptUntilMs = -Infinity;

  constructor(peerId: PeerId, relays: RelayAccess) {
    this.#peerId = peerId;
    this.#relays = relays;
    this.carrier = new LinkCarrier({ kind: "none", attemptMs: Infinity }, (channel, bytes) => {
      const via = this.#via;
      if (via !== undefined) this.#relays.send(via, this.#peerId, channel, bytes);
    });
  }

  /** What we send is forwarded. */
  get isUsed(): boolean {
    return this.#route.isRelayed;
  }

  /** Packets arrive by this way, and ours by it. */
  isAlive(nowMs: number): boolean {
    return this.carrier.isUsable(nowMs, LINK_TIMES.relaySilentMs, LINK_TIMES.relaySilentMs);
  }

  /** Who forwards what we send; `undefined`: nobody. */
  get via(): PeerId | undefined {
    return this.#route.isRelayed ? this.#via : undefined;
  }

  get #via(): PeerId | undefined {
    return this.#route.via ?? this.#replyVia;
  }

  start(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#checkMs = nowMs + LINK_TIMES.routeIntervalMs;
  }

  close(): void {
    this.carrier.state = { kind: "none", attemptMs: Infinity };
    this.#route.reset();
    this.#keptUntilMs = -Infinity;
  }

  /** How the pair's own connection pings. */
  get directPace(): PingPace {
    if (this.#route.isWanted) return LEAVING;
    return this.#relays.hasOthers() ? IN_USE : ALONE;
  }

  /** A packet arrived by `via`: the carrier that takes it, opened where the peer has a use for it. */
  arrive(nowMs: number, via: PeerId, bytes: Uint8Array, isPeerKnown: boolean): LinkCarrier | undefined {
    const isAsking = isAskingForRelay(bytes);
    if (isAsking) this.#keptUntilMs = nowMs + LINK_TIMES.relayKeptMs;
    this.#replyVia = via;
    if (this.carrier.state.kind === "none") {
      if (!isAsking) return undefined;
      this.carrier.open(nowMs, Infinity, isPeerKnown);
    }
    return this.carrier;
  }

  get timeoutMs(): number {
    if (!this.#relays.hasOthers() && !this.isUsed) return Infinity;
    const { state } = this.carrier;
    if (state.kind === "greeting") return Math.min(this.#checkMs, state.greeting.timeoutMs);
    return Math.min(this.#checkMs, state.kind === "ready" ? this.carrier.pingMs(this.#pace) : Infinity);
  }

  /** Something changed that the choice depends on. */
  checkSoon(): void {
    this.#checkMs = -Infinity;
  }

  get #pace(): PingPace {
    return this.#route.isWanted ? SPARE : KEPT;
  }

  /** Compares the paths, when it is time, and keeps this one alive while it has a use. True: what we send takes another path now. */
  check(nowMs: number, direct: LinkCarrier, { isNew, isPeerKnown }: { readonly isNew: boolean; readonly isPeerKnown: boolean }): boolean {
    const { via, isUsed } = this;
    if (nowMs >= this.#checkMs) {
      this.#checkMs = nowMs + LINK_TIMES.routeIntervalMs;
      this.#compare(nowMs, direct, isNew);
    }
    const hasUse = this.#route.isWanted || nowMs < this.#keptUntilMs;
    if (!hasUse) this.carrier.state = { kind: "none", attemptMs: Infinity };
    else if (this.carrier.state.kind === "none") this.carrier.open(nowMs, Infinity, isPeerKnown);
    else if (this.carrier.state.kind === "ready") this.carrier.keepAlive(nowMs, this.#pace);
    return this.via !== via || this.isUsed !== isUsed;
  }

  #compare(nowMs: number, direct: LinkCarrier, isNew: boolean): void {
    const isDoubted = nowMs < this.#keptUntilMs;
    const unansweredMs = isDoubted ? LINK_TIMES.pathDoubtedMs : LINK_TIMES.pathUnansweredMs;
    const directMs = direct.isUsable(nowMs, LINK_TIMES.pathSilentMs, unansweredMs) ? direct.costMs : Infinity;
    // The pair's own connection has its chance first.
    if (isNew && directMs === Infinity && nowMs - this.#startedMs < LINK_TIMES.relayAfterMs) return;
    const relayMs = this.isAlive(nowMs) ? this.carrier.costMs : Infinity;
    const isBetterPossible = this.#route.isWanted || directMs > GOOD_COST_MS;
    this.#route.check(nowMs, { directMs, relayMs, offers: isBetterPossible ? this.#offers(nowMs, relayMs) : NO_OFFERS });
  }

  /** What members tell; where the report was lost, who brings the peer's packets can take ours. */
  #offers(nowMs: number, relayMs: number): readonly RelayOffer[] {
    const isPatient = nowMs - this.#startedMs < LINK_TIMES.brokerAfterMs;
    const offers = this.#relays.offers(nowMs, this.#peerId).filter(({ costMs }) => !isPatient || costMs < LINK_TIMES.brokerCostMs);
    if (offers.length > 0 || this.#replyVia === undefined || relayMs === Infinity) return offers;
    if (!this.#relays.canForward(nowMs, this.#replyVia)) return offers;
    return [{ via: this.#replyVia, costMs: relayMs }];
  }
}

/** True for what a peer sends that has a use for this way. Its answers alone would keep both ends at it for ever. */
function isAskingForRelay(bytes: Uint8Array): boolean {
  const kind = bytes[0] ?? 0;
  if (kind === KIND.ping) {
    const packet = parseLinkPacket(bytes);
    return packet.type === "ping" && packet.ping.isWanted;
  }
  const isSession = kind >= PACKET_KIND.rollbackFirst && kind <= PACKET_KIND.snapshotLast;
  return isSession || kind === KIND.hello || kind === KIND.probe || kind === KIND.goodbye || kind === KIND.fragment;
}
