import { NULL_FRAME } from "../base/units.ts";
import { DropVote } from "../wire/drop-vote-codec.ts";

/** What this member sees of the others right now. Sets are bits by member rank. */
export interface DropView {
  /** Silent or deaf for so long that they may be dropped. */
  readonly droppable: number;
  /** Silent, but not for long enough yet. */
  readonly suspect: number;
  /** For whom the broker (or a goodbye) vouches, and who is silent since: part of `droppable`. */
  readonly words: number;
  /** Who said goodbye. */
  readonly left: number;
  /** False once the match is over here: others' proposals are still joined, so that they can end it too, but none is made. */
  readonly proposes: boolean;
  /** Any clock in ms that never goes back. */
  readonly clockMs: number;
}

/**
 * A proposal against a higher rank is joined when that member has not made one of its own against the proposer in this time: it cannot, since it is
 * alone, or does not hear. Both ends of a broken pair notice within a second and a half of each other (rule 3 holds one of them back for so long).
 */
const PATIENCE_MS = 2000;

/**
 * How the members of a match agree who is gone, and with which last frame, over nothing but messages to each other.
 *
 * Members are bits, by rank: the lobby host first, then by lowest player index. Each holds a growing set of members that are gone and tells all
 * others. When all members outside a set hold the same set, it is decided. Three rules make that end:
 *
 * 1. A set is only voted for when those outside may go on without the others (`#mayGoOn`): more than half of the current members, at exactly
 *    half the half with the highest rank, or any number when the broker vouches that all the others are gone. So two disjoint groups never decide, and
 *    who may not decide has bound nobody: when the network heals, the match goes on.
 * 2. A pair that cannot talk ends with one of the two gone: everybody joins the proposal of the higher rank, or, where the higher rank makes none,
 *    that of the lower one two seconds later.
 * 3. While somebody else is silent but not yet droppable, nothing is proposed: that member's vote would be needed anyway, and a member that
 *    hears nobody finds out that it is alone before it has dropped the first of the others.
 *
 * A vote carries last frames that never fall. After a decision a member's votes carry the decided frames, so that whoever decides later,
 * in a smaller group that has seen fewer votes, decides the same.
 */
export class DropAgreement {
  /** Our vote. The caller keeps `lastFrames`: what it has of a member when that enters `set`. */
  readonly own: DropVote = new DropVote();
  readonly #votes: readonly DropVote[];
  readonly #all: number;
  readonly #local: number;
  /** By member: since when somebody outside our set holds it gone; NaN while nobody does. */
  readonly #accusedMs: Float64Array;
  #isWaiting = false;

  constructor(memberCount: number, localMember: number) {
    this.#all = (1 << memberCount) - 1;
    this.#local = 1 << localMember;
    this.#accusedMs = new Float64Array(memberCount).fill(Number.NaN);
    this.#votes = Array.from({ length: memberCount }, (_, member) => (member === localMember ? this.own : new DropVote()));
  }

  /** True while members are gone that we may not drop: we wait for them, or for the broker's word. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** True while we hold somebody gone and it is not decided. */
  get isOpen(): boolean {
    return this.own.set !== this.own.agreed;
  }

  /** Grows our set by what we see and by what others propose. Returns the members that entered it. */
  consider(view: DropView): number {
    const before = this.own.set;
    const outside = this.#all & ~before & ~this.#local;
    const wanted = before | ((view.proposes ? view.droppable : 0) & outside) | this.#joined(view, outside);
    this.#isWaiting = false;
    if (wanted === before || (view.suspect & ~wanted) !== 0) return 0;
    if (!this.#mayGoOn(wanted, view.words)) {
      this.#isWaiting = true;
      return 0;
    }
    this.own.set = wanted;
    this.own.words |= view.words & wanted;
    this.own.left |= view.left & wanted;
    return wanted & ~before;
  }

  /** A vote of `member`. False when it is out of order (a set never shrinks) or from a member that is gone. */
  receive(member: number, vote: DropVote): boolean {
    const known = this.#votes[member];
    if (known === undefined || ((this.own.set | vote.set) & (1 << member)) !== 0) return false;
    if ((known.set & ~vote.set) !== 0 || (known.agreed & ~vote.agreed) !== 0) return false;
    known.set = vote.set;
    known.agreed = vote.agreed;
    known.words = vote.words;
    known.left = vote.left;
    known.lastFrames.set(vote.lastFrames);
    return true;
  }

  /** The members whose end is decided by what is known now; 0 when nothing new is. Afterwards `own` carries their last frames. */
  decide(): number {
    const own = this.own;
    if (!this.isOpen || !this.#isDecided(own.set)) return 0;
    const decided = own.set & ~own.agreed;
    for (let member = 0; member < this.#votes.length; member++) {
      if ((decided & (1 << member)) === 0) continue;
      own.lastFrames[member] = this.#newestFrame(member);
    }
    for (let voter = 0; voter < this.#votes.length; voter++) {
      if ((own.set & (1 << voter)) === 0) own.left |= (this.#votes[voter]?.left ?? 0) & decided;
    }
    own.agreed = own.set;
    return decided;
  }

  /** The newest vote of `member`. */
  vote(member: number): DropVote | undefined {
    return this.#votes[member];
  }

  #joined(view: DropView, outside: number): number {
    let joined = 0;
    let accused = 0;
    for (let member = 0; member < this.#votes.length; member++) {
      const vote = this.#votes[member];
      if (vote === undefined || (outside & (1 << member)) === 0) continue;
      // A proposal against ourselves is nothing to join, and no reason for one of our own: the others have gone with it, or will not.
      const proposed = vote.set & outside;
      const outranked = ~((2 << member) - 1);
      accused |= proposed;
      joined |= proposed & (vote.agreed | view.droppable | outranked | this.#unanswered(member, proposed, view.clockMs));
    }
    for (let member = 0; member < this.#votes.length; member++) {
      if ((accused & (1 << member)) === 0) this.#accusedMs[member] = Number.NaN;
      else if (Number.isNaN(this.#accusedMs[member])) this.#accusedMs[member] = view.clockMs;
    }
    return joined;
  }

  /** Those of `proposed` who have been accused for long without a proposal of their own against `proposer`. */
  #unanswered(proposer: number, proposed: number, clockMs: number): number {
    let unanswered = 0;
    for (let member = 0; member < this.#votes.length; member++) {
      const answered = ((this.#votes[member]?.set ?? 0) & (1 << proposer)) !== 0;
      if ((proposed & (1 << member)) !== 0 && !answered && clockMs - (this.#accusedMs[member] ?? Number.NaN) >= PATIENCE_MS)
        unanswered |= 1 << member;
    }
    return unanswered;
  }

  #isDecided(set: number): boolean {
    let words = 0;
    let isUnanimous = true;
    for (let member = 0; member < this.#votes.length; member++) {
      if ((set & (1 << member)) !== 0) continue;
      const vote = this.#votes[member];
      // Decided elsewhere, with our own vote: votes of others that were lost on the way to us do not matter any more.
      if (vote !== undefined && vote !== this.own && vote.agreed === set) return true;
      isUnanimous = isUnanimous && vote?.set === set;
      words |= vote?.words ?? 0;
    }
    return isUnanimous && this.#mayGoOn(set, words);
  }

  #mayGoOn(set: number, words: number): boolean {
    let agreed = 0;
    let vouched = words;
    for (let member = 0; member < this.#votes.length; member++) {
      if ((set & (1 << member)) !== 0) continue;
      agreed |= this.#votes[member]?.agreed ?? 0;
      vouched |= this.#votes[member]?.words ?? 0;
    }
    if ((set & ~agreed & ~vouched) === 0) return true;
    const current = this.#all & ~agreed;
    const remaining = current & ~set;
    const balance = 2 * bitCount(remaining) - bitCount(current);
    // The lowest bit is the highest rank.
    return balance > 0 || (balance === 0 && (remaining & current & -current) !== 0);
  }

  #newestFrame(member: number): number {
    let newest: number = NULL_FRAME;
    for (let voter = 0; voter < this.#votes.length; voter++) {
      const vote = this.#votes[voter];
      if (vote === undefined || (this.own.set & (1 << voter)) !== 0 || (vote.set & (1 << member)) === 0) continue;
      newest = Math.max(newest, vote.lastFrames[member] ?? NULL_FRAME);
    }
    return newest;
  }
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
