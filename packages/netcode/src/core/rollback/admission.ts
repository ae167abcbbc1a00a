import type { PeerId } from "../base/units.ts";
import type { Departures } from "./departures.ts";
import type { EntryEffects } from "./entry-effects.ts";
import type { SeatWish } from "./feed-server.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { InputEntries } from "./input-entries.ts";
import type { LocalInputs } from "./local-inputs.ts";
import type { RemotePeers } from "./remote-peers.ts";
import type { SessionRoster } from "./session-roster.ts";

/** Joiners into one slot in one match: the count has a byte on the wire. */
const GENERATIONS_MAX = 255;

export interface AdmissionOptions {
  readonly roster: SessionRoster;
  readonly entries: InputEntries;
  readonly effects: EntryEffects;
  readonly local: LocalInputs;
  readonly runner: FrameRunner;
  readonly departures: Departures;
  readonly remotes: RemotePeers;
}

/** Lets others into the match: whether we may, the entry that does it, and when a newcomer counts as a member. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Newcomers who are not counted yet: their slots, and the frames that carry their entries. */
  readonly #newcomers: { readonly slot: number; readonly carrierFrame: number }[] = [];

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Gives the seats `playerIndexes`, which are one slot's, to `peerId`. False when that is not possible, or not ours to do. */
  admit(peerId: PeerId, playerIndexes: readonly number[]): boolean {
    const { roster, entries, effects, local, runner, departures } = this.#options;
    const { localMember } = roster;
    const slot = roster.slotOf(playerIndexes);
    const generation = roster.generation(slot) + 1;
    if (localMember < 0 || slot < 0 || generation > GENERATIONS_MAX || departures.isJoining) return false;
    const frame = local.newestFrame + 1;
    if (effects.seatRefusal(localMember, slot, peerId, frame) !== undefined) return false;
    // What is under way is not in the history yet.
    const unconfirmed = entries.between(localMember, runner.confirmedFrame + 1, frame).map(({ entry }) => entry);
    for (const entry of [...unconfirmed, ...local.waiting]) {
      if (entry.type === "seat" && (entry.slot === slot || entry.peerId === peerId)) return false;
    }
    local.attach({ type: "seat", slot, peerId, generation });
    return true;
  }

  /** True when we could grant `wish`, and the follower hears all members: else it would be dropped by those who do not hear it. */
  isAdmissible(wish: SeatWish, playerIndexes: readonly number[]): boolean {
    const { roster, effects, local, remotes } = this.#options;
    const slot = roster.slotOf(playerIndexes);
    if (slot < 0 || effects.seatRefusal(roster.localMember, slot, wish.peerId, local.newestFrame + 1) !== undefined) return false;
    return remotes.list.every(({ isGone, players }) => isGone || players.every((player) => (wish.heardPlayers & (1 << player)) !== 0));
  }

  /** Somebody else joins into `slot`; the entry that says so is carried by `carrierFrame`, which is confirmed. */
  announce(slot: number, carrierFrame: number): void {
    this.#options.departures.announce(slot, this.#options.roster.generation(slot));
    this.#newcomers.push({ slot, carrierFrame });
  }

  /** True while a newcomer does not count yet. */
  get isPending(): boolean {
    return this.#newcomers.length > 0;
  }

  /**
   * Newcomers whose entry all have confirmed count, also those who came shortly before them and do not play yet: who does not know somebody cannot follow the votes of
   * those who count it.
   */
  acceptKnown(): void {
    const { runner, remotes } = this.#options;
    const knownFrame = Math.min(runner.confirmedFrame, remotes.toldFrame());
    while (this.#newcomers[0] !== undefined && this.#newcomers[0].carrierFrame <= knownFrame) {
      this.#options.departures.accept(this.#newcomers[0].slot);
      this.#newcomers.shift();
    }
  }
}
