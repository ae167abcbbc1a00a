import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";
import type { ClaimStore } from "./claim-store.ts";
import type { LobbyStep } from "./lobby.ts";
import { isMember, type LobbyRecord } from "./lobby-record.ts";
import type { LobbyStore } from "./lobby-store.ts";

/** A claim outlives every kept seat of a lobby that is not looked after; the nodes of connected members renew it. At half, a slow round of renewals loses it. */
const SEAT_LEASE_MS = 3_600_000;
/** Somebody who has just claimed an id may not be seated yet. */
const UNSEATED_MS_MAX = 5_000;
/**
 * Counted from before the id was claimed: what would be written later is not, for the claim may be another lobby's by then, however long this process
 * stood still in between. The second between the two is for what a node knows of the shared clock, and for clocks of a Redis Cluster that differ. At half,
 * a step of six slow commands is refused.
 */
export const STEP_MS_MAX: number = UNSEATED_MS_MAX - 1_000;

export interface SeatClaimsOptions {
  readonly claims: ClaimStore;
  readonly lobbies: LobbyStore;
  readonly nodeId: string;
  readonly handleFailure: (error: unknown) => void;
}

/** The claim of an id. */
interface ClaimedId {
  readonly peerId: PeerId;
  readonly token: number;
  /** No other attempt for the same lobby had the id when this one took it. */
  readonly isNew: boolean;
}

/** The ids that a step is about, before it is written. */
export interface SteppedIds {
  /** Of who comes in by it. */
  readonly came: ClaimedId | undefined;
  /** Of who leaves by it. */
  readonly left: readonly ClaimedId[];
}

/** Sees to it that an id is a member's of one lobby at most, among all nodes, and notes which node has whose socket. */
export class SeatClaims {
  readonly #options: SeatClaimsOptions;

  constructor(options: SeatClaimsOptions) {
    this.#options = options;
  }

  /** `record`, with this node beside the seat of `peerId`. */
  place(record: LobbyRecord, peerId: PeerId): LobbyRecord {
    const node = this.#options.nodeId;
    return { ...record, seats: record.seats.map((seat) => (seat.peerId === peerId ? { ...seat, node } : seat)) };
  }

  /** Takes the id for this lobby; false: it is a member's of another one. */
  async take(peerId: PeerId, code: LobbyCode): Promise<ClaimedId | false> {
    const wish = { owner: code, leaseMs: SEAT_LEASE_MS };
    let answer = await this.#options.claims.take(keyOf(peerId), wish);
    if (!answer.ok) {
      const { owner, token, ageMs } = answer.holder;
      if (ageMs < UNSEATED_MS_MAX || (await this.#isSeated(peerId, owner as LobbyCode))) return false;
      // Of somebody who left, or never came: what should have given it back was lost.
      answer = await this.#options.claims.take(keyOf(peerId), { ...wish, over: token });
    }
    return answer.ok && { peerId, token: answer.token, isNew: answer.isNew };
  }

  /** The claims of all members, of a lobby that was lost with them. */
  async takeAll({ lobby }: LobbyRecord): Promise<void> {
    await Promise.all(lobby.members.map(({ peerId }) => this.take(peerId, lobby.code))).catch(this.#options.handleFailure);
  }

  /** Before the step is written: takes the id of who comes in by it, if somebody does; `false`: it is a member's elsewhere. */
  async admit(code: LobbyCode, before: LobbyRecord, step: LobbyStep): Promise<SteppedIds | false> {
    const { answer, record } = step;
    const left = await this.#leaving(code, step);
    const peerId = answer.ok ? answer.entrance?.peerId : undefined;
    if (peerId === undefined || isMember(before, peerId) || !isMember(record, peerId)) return { came: undefined, left };
    const came = await this.take(peerId, code);
    return came && { came, left };
  }

  /**
   * Nothing was written with this claim: the id may go elsewhere at once. Unless another attempt for the same lobby had it before, which may be seated
   * by now with an older token, or takes it after; what stays so is found out when somebody takes the id.
   */
  async withdraw({ peerId, token, isNew }: ClaimedId): Promise<void> {
    if (isNew) await this.#options.claims.release(keyOf(peerId), token);
  }

  /** After the step was written: gives back the ids of who left by it. Nobody waits for it. */
  settle({ left }: SteppedIds): void {
    for (const { peerId, token } of left) this.#options.claims.release(keyOf(peerId), token).catch(this.#options.handleFailure);
  }

  /** Found before the step is written: who comes in again right after it has a higher token, and keeps the id. */
  async #leaving(code: LobbyCode, { changes }: LobbyStep): Promise<readonly ClaimedId[]> {
    const peerIds = changes.flatMap(({ change }) => {
      const isLeft = change.type === "member-left" || (change.type === "member-returned" && change.peerId !== change.member.peerId);
      return isLeft ? [change.peerId] : [];
    });
    const found = peerIds.map(async (peerId) => {
      const claim = await this.#options.claims.find(keyOf(peerId));
      return claim?.owner === code ? [{ peerId, token: claim.token, isNew: false }] : [];
    });
    return (await Promise.all(found)).flat();
  }

  /** Which lobby the id is a member's of. */
  async find(peerId: PeerId): Promise<{ readonly code: LobbyCode; readonly record: LobbyRecord } | undefined> {
    const claim = await this.#options.claims.find(keyOf(peerId));
    if (claim === undefined) return undefined;
    // What `take` wrote.
    const code = claim.owner as LobbyCode;
    const { record } = await this.#options.lobbies.load(code);
    return record !== undefined && isMember(record, peerId) ? { code, record } : undefined;
  }

  async #isSeated(peerId: PeerId, code: LobbyCode): Promise<boolean> {
    const { record } = await this.#options.lobbies.load(code);
    return record !== undefined && isMember(record, peerId);
  }
}

function keyOf(peerId: PeerId): string {
  return `seat:{${peerId}}`;
}
