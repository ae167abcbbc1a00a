import type { LobbyCode, PeerId } from "@rollcall/netcode/lobby-protocol";
import type { ClaimStore } from "./claim-store.ts";
import type { LobbyStep } from "./lobby.ts";
import type { LobbyRecord } from "./lobby-record.ts";
import type { LobbyStore } from "./lobby-store.ts";

/** A claim outlives every kept seat of a lobby that is not looked after; the nodes of connected members renew it. At half, a slow round of renewals loses it. */
const SEAT_LEASE_MS = 3_600_000;
/** Somebody who has just claimed an id may not be seated yet; a write that takes longer is not done. */
const UNSEATED_MS_MAX = 5_000;

export interface SeatClaimsOptions {
  readonly claims: ClaimStore;
  readonly lobbies: LobbyStore;
  readonly nodeId: string;
  readonly handleFailure: (error: unknown) => void;
}

/** An id that was taken for a seat which is not written yet. */
interface AdmittedId {
  readonly peerId: PeerId;
  readonly token: number;
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
  async take(peerId: PeerId, code: LobbyCode): Promise<boolean> {
    return (await this.#claim(peerId, code)) !== undefined;
  }

  /** The token of the claim. */
  async #claim(peerId: PeerId, code: LobbyCode): Promise<number | undefined> {
    const wish = { owner: code, leaseMs: SEAT_LEASE_MS };
    let answer = await this.#options.claims.take(keyOf(peerId), wish);
    if (!answer.ok) {
      const { owner, token, ageMs } = answer.holder;
      if (ageMs < UNSEATED_MS_MAX || (await this.#isSeated(peerId, owner as LobbyCode))) return undefined;
      // Of somebody who left, or never came: what should have given it back was lost.
      answer = await this.#options.claims.take(keyOf(peerId), { ...wish, over: token });
    }
    return answer.ok ? answer.token : undefined;
  }

  /** The id is no member's of this lobby (any more). What gets lost of this is found out when somebody takes the id. */
  async giveBack(peerId: PeerId, code: LobbyCode): Promise<void> {
    const { claims } = this.#options;
    const claim = await claims.find(keyOf(peerId));
    if (claim?.owner === code) await claims.release(keyOf(peerId), claim.token);
  }

  /** Before the step is written: takes the id of who comes in by it, if somebody does; `false`: it is a member's elsewhere. */
  async admit(code: LobbyCode, before: LobbyRecord, { answer, record }: LobbyStep): Promise<AdmittedId | false | undefined> {
    const peerId = answer.ok ? answer.entrance?.peerId : undefined;
    if (peerId === undefined || isMember(before, peerId) || !isMember(record, peerId)) return undefined;
    const token = await this.#claim(peerId, code);
    return token === undefined ? false : { peerId, token };
  }

  /** The step was not written, and whoever was let in by it is not in the lobby of `record`: it may go elsewhere at once. An attempt that took the id after it keeps it. */
  async withdraw({ peerId, token }: AdmittedId, record: LobbyRecord): Promise<void> {
    if (!isMember(record, peerId)) await this.#options.claims.release(keyOf(peerId), token);
  }

  /** After the step was written: gives back the ids of who left by it. Nobody waits for it. */
  settle(code: LobbyCode, { changes }: LobbyStep): void {
    for (const { change } of changes) {
      const left = change.type === "member-left" || (change.type === "member-returned" && change.peerId !== change.member.peerId);
      if (left) this.giveBack(change.peerId, code).catch(this.#options.handleFailure);
    }
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

function isMember({ lobby }: LobbyRecord, peerId: PeerId): boolean {
  return lobby.members.some((member) => member.peerId === peerId);
}

function keyOf(peerId: PeerId): string {
  return `seat:{${peerId}}`;
}
