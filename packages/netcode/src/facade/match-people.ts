import type { PeerId } from "../core/base/units.ts";
import type { MatchSeat } from "../core/ports/lobby-protocol.ts";
import * as ROLLBACK_KIND from "../core/wire/rollback-kind.ts";

/** Who comes back asks one peer a second for the match, at most seven in turn. At half, one of them seems to have it after all. */
const ASKED_MS = 10_000;
/** At half, a slow link to who plays has brought nothing yet; at double, a match that nobody has keeps the room shut for twenty seconds. */
const QUIET_MS = 10_000;

/** Who plays one match, as its lobby, its seats and its packets tell: peers change their ids when they reload, come late, and say goodbye. */
export class MatchPeople {
  readonly #localPeerId: PeerId;
  /** Who has a seat, or had one. */
  readonly #seated: Set<PeerId>;
  /** Who said that it plays no longer. */
  readonly #left = new Set<PeerId>();
  /** Ids that nobody will have again. */
  readonly #removed = new Set<PeerId>();
  /** When somebody last asked us for the match, which it does not have. */
  readonly #askedMs = new Map<PeerId, number>();
  #confirmedFrame = -1;
  #progressMs: number;

  constructor(nowMs: number, localPeerId: PeerId, seats: readonly MatchSeat[]) {
    this.#localPeerId = localPeerId;
    this.#progressMs = nowMs;
    this.#seated = new Set(seats.flatMap((seat) => (seat.kind === "person" ? [seat.peerId] : [])));
  }

  get others(): readonly PeerId[] {
    return [...this.#seated].filter((peerId) => peerId !== this.#localPeerId && !this.#removed.has(peerId));
  }

  /** `peerId` plays from now on. */
  seated(peerId: PeerId): void {
    this.#seated.add(peerId);
    this.#left.delete(peerId);
    this.#askedMs.delete(peerId);
  }

  left(peerId: PeerId): void {
    this.#left.add(peerId);
  }

  /** `before` is gone for good. `after`: who it is now. */
  removed(before: PeerId, after: PeerId | undefined): void {
    this.#removed.add(before);
    if (after !== undefined && this.#seated.has(before)) this.#seated.add(after);
  }

  isRemoved(peerId: PeerId): boolean {
    return this.#removed.has(peerId);
  }

  packetArrived(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    // Type 0 is a request. Only who has a seat counts, so that the map stays small.
    if (bytes[0] === ROLLBACK_KIND.follow && bytes[2] === 0 && this.#seated.has(from)) this.#askedMs.set(from, nowMs);
  }

  /** None of the others plays any more: each is gone, or said so. */
  isDeserted(isMember: (peerId: PeerId) => boolean): boolean {
    return this.others.every((peerId) => this.#left.has(peerId) || !isMember(peerId));
  }

  /** For who comes back itself: true also when all the others do, and so nobody has the match. Call it with every tick. */
  isLost(nowMs: number, confirmedFrame: number, isMember: (peerId: PeerId) => boolean): boolean {
    if (confirmedFrame !== this.#confirmedFrame) this.#progressMs = nowMs;
    this.#confirmedFrame = confirmedFrame;
    if (this.isDeserted(isMember)) return true;
    const hasNothing = (peerId: PeerId): boolean => nowMs - (this.#askedMs.get(peerId) ?? Number.NEGATIVE_INFINITY) < ASKED_MS;
    return (
      nowMs - this.#progressMs >= QUIET_MS &&
      this.others.every((peerId) => this.#left.has(peerId) || !isMember(peerId) || hasNothing(peerId))
    );
  }
}
