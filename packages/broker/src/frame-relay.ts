import { parseBrokerFrame, writeFramePeer, type PeerId } from "@rollcall/netcode/lobby-protocol";
import type { Counters } from "./counters.ts";
import type { BrokerLimits } from "./limits.ts";
import type { LobbyRooms } from "./lobby-rooms.ts";
import type { Membership } from "./lobby-visitor.ts";
import { Allowance } from "./allowance.ts";

export interface FrameRelayOptions {
  readonly rooms: LobbyRooms;
  readonly limits: BrokerLimits;
  readonly counters: Counters;
  readonly nowMs: () => number;
}

/**
 * Carries packets of one member to others of its lobby, for pairs that have no other way. Everything may be lost: what is above the rate, for somebody who is not
 * here, or for a reader that is behind is dropped and counted, and the members' link sends again what must arrive. One for each socket.
 */
export class FrameRelay {
  readonly #options: FrameRelayOptions;
  readonly #bytes: Allowance;
  /** For what is dropped: a link does not know what is too much, a program that floods does not stop. */
  readonly #patience: Allowance;
  /** By receiver: members of one lobby, so there are few. */
  readonly #frames = new Map<PeerId, Allowance>();

  constructor(options: FrameRelayOptions) {
    this.#options = options;
    const perSecond = options.limits.memberFrameBytesPerSecond;
    this.#bytes = new Allowance(options.nowMs(), { perSecond, burst: 2 * perSecond });
    this.#patience = new Allowance(options.nowMs(), { perSecond: DROPPED_PER_SECOND, burst: 10 * DROPPED_PER_SECOND });
  }

  /** `malformed`: no frame at all. `flood`: far more than a match sends, for a while. */
  handle(membership: Membership, bytes: Uint8Array): "carried" | "dropped" | "malformed" | "flood" {
    const frame = parseBrokerFrame(bytes);
    if (frame === undefined) return "malformed";
    const reason = this.#carry(membership, frame.peerId, bytes);
    if (reason === undefined) return "carried";
    const { counters, nowMs } = this.#options;
    counters.add(reason);
    return this.#patience.take(nowMs()) ? "dropped" : "flood";
  }

  /** Why it was dropped; `undefined`: it is on its way. */
  #carry({ code, peerId }: Membership, to: PeerId, bytes: Uint8Array): string | undefined {
    const { rooms, nowMs } = this.#options;
    const target = to === peerId ? undefined : rooms.socketOf(code, to);
    // First, so that nobody fills the table with names.
    if (target === undefined) return "frame:no-member";
    if (!this.#bytes.take(nowMs(), bytes.length) || !this.#bucketOf(to).take(nowMs())) return "frame:too-much";
    return writeFramePeer(bytes, peerId) && target.sendFrame(bytes) ? undefined : "frame:behind";
  }

  #bucketOf(peerId: PeerId): Allowance {
    const perSecond = this.#options.limits.pairFramesPerSecond;
    const bucket = this.#frames.get(peerId) ?? new Allowance(this.#options.nowMs(), { perSecond, burst: 2 * perSecond });
    // Of members that came and went; the rest starts anew with a full bucket.
    if (this.#frames.size >= PAIRS_MAX) this.#frames.clear();
    this.#frames.set(peerId, bucket);
    return bucket;
  }
}

/** Dropped frames of one socket that are put up with: a match of eight that is twice above its rate drops as many. */
const DROPPED_PER_SECOND = 500;
/** Twice as many as a lobby has members. */
const PAIRS_MAX = 128;
