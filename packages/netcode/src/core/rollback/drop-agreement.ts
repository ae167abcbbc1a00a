import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import { DropVote } from "../wire/drop-vote-codec.ts";
import { isQuorum } from "./quorum.ts";

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

/** Who holds the slots of a match at the frame from which a member takes part. */
export interface AgreementStart {
  /** Slots that nobody holds: bits. They count as members whose end was decided before. */
  readonly vacant: number;
  /** By slot: how often somebody has joined into it, as far as we know. */
  readonly generations: readonly number[];
  /** Slots whose present holders came during the match, in the order of their seat entries. With our own among them we join: see `isJoining`. */
  readonly seated: readonly number[];
}

/**
 * A proposal against a higher rank is joined when that member has not made one of its own against the proposer in this time: it cannot, since it is
 * alone, or does not hear. Both ends of a broken pair notice within a second and a half of each other (rule 3 holds one of them back for so long).
 */
const PATIENCE_MS = 2000;

/**
 * How the members of a match agree who is gone, and with which last frame, and from when on somebody who came is counted, over nothing but messages to each other.
 *
 * Members are bits, by rank: the lobby host first, then by lowest player index. Three steps, each told to all others:
 *
 *   holds     whom we find gone ourselves; taken back when it speaks again
 *   proposal  that, with what we join of others; taken back likewise
 *   set       binding: cast once all outside it propose the same, and never taken back
 *
 * A set is decided once all outside it have cast it. The binding step comes late, so that whoever comes back before it finds nothing lost,
 * and a proposal whose supporters die binds nobody. Four rules:
 *
 * 1. Nothing is proposed unless those outside may go on without the others (`#mayGoOn`): more than half of the current members, at exactly half the
 *    half with the highest rank, or any number when the broker vouches that all the others are gone. So two disjoint groups never decide.
 * 2. A pair that cannot talk ends with one of the two gone: everybody joins the higher rank, or, where that one does not accuse, the lower one two seconds later.
 * 3. While somebody else is silent but not yet droppable, nothing new is held: that member's vote would be needed anyway, and a member that
 *    hears nobody finds out that it is alone before it has proposed the first of the others.
 * 4. What somebody has cast is joined: all had proposed it. Who is told again that it is in it, and has cast against nobody else, resigns: it vouches for its own
 *    end, and is no member any more whose voice could be missing. Else those who cast might wait for a third who died meanwhile, and never play with it again.
 *
 * Last frames come with the binding vote and never fall. What one member has decided, all whom it counts have cast, and they take it over as it is, frames included.
 *
 * Who says goodbye casts itself out, and decides it: nobody can have newer inputs. Who has not cast it out already takes that over likewise, with no vote.
 *
 * **Members that come.** A slot whose holder is gone gets a new one by an entry that all have confirmed (`announce`). Each member then counts it (`accept`) and says so by the
 * slot's *generation* in its votes; what an older generation says about the slot is about the former holder, and is left out. Until all members have said so, some decide with the new
 * one's vote and some without; so, until it is known that all have, those who remain must be enough with it *and* without it: then any two groups that decide share a member. With several that
 * come, in the order of their entries: with none, with the first, with the first two …
 *
 * The one who comes decides nothing before somebody tells it that all count it (`joining` names it no longer), and shows only then what it knows of decisions: before that, others may
 * still decide without it, and a decision of which it heard from one who dies may not be the one that holds.
 */
export class DropAgreement {
  /** Our vote. The caller writes `lastFrames`: what it has of a member when that enters `set` and not `agreed`. */
  readonly own: DropVote = new DropVote();
  readonly #votes: readonly DropVote[];
  readonly #all: number;
  readonly #local: number;
  /** By slot: the newest generation of which we have confirmed the entry. */
  readonly #announced: Uint16Array;
  /** Slots announced and not counted yet, in the order of their entries. */
  readonly #arrivals: number[] = [];
  /** Slots of `own.joining`, in the order of their entries; others may be between. */
  #joins: number[];
  /** By member: since when somebody outside our set holds it gone; NaN while nobody does. */
  readonly #accusedMs: Float64Array;
  /** Members that resigned. */
  #resigned = 0;
  /** Taken over from others, for the next `decide`. */
  #adopted = 0;
  #isWaiting = false;
  #isChanged = false;

  constructor(memberCount: number, localMember: number, start?: AgreementStart) {
    this.#all = (1 << memberCount) - 1;
    this.#local = 1 << localMember;
    this.#accusedMs = new Float64Array(memberCount).fill(Number.NaN);
    this.#votes = Array.from({ length: memberCount }, (_, member) => (member === localMember ? this.own : new DropVote()));
    this.#announced = new Uint16Array(memberCount);
    this.#announced.set(start?.generations ?? []);
    this.#joins = [...(start?.seated ?? [])];
    for (const slot of this.#joins) this.own.joining |= 1 << slot;
    this.own.generations.set(this.#announced);
    for (const vote of this.#votes) vote.set = vote.agreed = vote.proposal = start?.vacant ?? 0;
  }

  /** True while members are gone that we may not drop: we wait for them, or for the broker's word. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** True while there is something to repeat to the others. */
  get isOpen(): boolean {
    return this.own.proposal !== this.own.agreed || this.#isWaiting || this.hasResigned || this.own.joining !== 0;
  }

  /** True once we gave up our own membership: those who cast us out go on without us, or not at all. */
  get hasResigned(): boolean {
    return (this.#resigned & this.#local) !== 0;
  }

  /** True while others may still decide without us: we came during the match. Only what all of them have confirmed is certain. */
  get isJoining(): boolean {
    return (this.own.joining & this.#local) !== 0;
  }

  /** We have confirmed the entry that gives a vacant slot to its next holder. In the order of the entries. */
  announce(slot: number, generation: number): void {
    assert((this.own.agreed & (1 << slot)) !== 0, "a new holder for a seat that nobody holds");
    assert(generation > (this.#announced[slot] ?? 0), "a generation above the one before");
    this.#announced[slot] = generation;
    this.#arrivals.push(slot);
  }

  /** Counts the announced holder of `slot` from now on, and those announced before it. Does nothing when it counts already. */
  accept(slot: number): void {
    const count = this.#arrivals.indexOf(slot) + 1;
    for (const arrived of this.#arrivals.splice(0, count)) this.#seat(arrived);
  }

  /** True when the newest announced holder of `slot` counts here. */
  isAccepted(slot: number): boolean {
    return this.own.generations[slot] === this.#announced[slot];
  }

  /** Says goodbye, with our newest input. Nothing may be received or considered afterwards. */
  leave(lastFrame: number): void {
    const { own } = this;
    own.set |= this.#local;
    own.agreed |= this.#local;
    own.proposal |= this.#local;
    own.left |= this.#local;
    own.lastFrames[31 - Math.clz32(this.#local)] = lastFrame;
  }

  /** Renews our vote from what we see and what others say. True when it changed and has to be told. */
  consider(view: DropView): boolean {
    const { own } = this;
    this.#learn();
    const { set, holds, proposal, words, left } = own;
    const outside = this.hasResigned ? 0 : this.#all & ~set & ~this.#local;
    const isGated = (view.suspect & outside & ~view.droppable) !== 0;
    own.holds = view.proposes ? view.droppable & outside & (isGated ? holds : -1) : 0;
    own.proposal = set | (this.#resigned & outside);
    this.#followCast(view, outside);
    this.#isWaiting = !this.#propose(own.holds, view.words);
    if (this.#isWaiting) own.holds = 0;
    this.#followHolds(view, outside);
    // Whose end is decided keeps the word with which it was: see `isOutranked`.
    own.words = (view.words & ~own.agreed) | (words & set) | (this.#resigned & this.#local);
    // What was cast with counts, so that all who decide name the same cause.
    own.left = (view.left & ~set) | (left & set);
    // Who is silent by now would be needed for the decision: its proposal may be the last that it made.
    const isHeard = ((view.suspect | view.droppable) & outside & ~own.proposal) === 0;
    if (isHeard && this.#isProposedByAll(own.proposal)) own.set = own.proposal;
    const isChanged =
      this.#isChanged || own.set !== set || own.holds !== holds || own.proposal !== proposal || own.words !== words || own.left !== left;
    this.#isChanged = false;
    return isChanged;
  }

  /**
   * A vote of `member`. False when it is out of order: of a former holder, of a holder that we know nothing of, or one whose set shrinks. Of a member that we hold gone only
   * its resignation counts.
   */
  receive(member: number, vote: DropVote): boolean {
    const known = this.#votes[member];
    const bit = 1 << member;
    const { own } = this;
    if (known === undefined || (vote.proposal & bit & ~vote.agreed) !== 0 || !this.#isCurrent(member, vote, known)) return false;
    for (let slot = 0; slot < this.#votes.length; slot++) {
      if ((vote.generations[slot] ?? 0) > (own.generations[slot] ?? 0)) this.accept(slot);
    }
    if (vote.generations[member] !== own.generations[member]) return false;
    this.#resigned |= (vote.words | vote.agreed) & bit;
    if ((own.set & bit) !== 0) return true;
    const former = this.#formerSlots(vote);
    const set = vote.set & ~former;
    // Told again: the decision that should have followed is stuck, and whoever cast lives.
    const isStuck = (set & known.set & this.#local) !== 0;
    if (isStuck && (own.set & ~own.agreed & ~set) === 0) this.#resigned |= this.#local;
    if ((known.set & ~set) !== 0 || (known.agreed & ~(vote.agreed & ~former)) !== 0) return false;
    known.copyFrom(vote);
    known.forget(former);
    return true;
  }

  /** The members whose end is decided by what is known now; 0 when nothing new is. Afterwards `own` carries their last frames. */
  decide(): number {
    const { own } = this;
    const adopted = this.#adopted;
    this.#adopted = 0;
    if (own.set === own.agreed || this.hasResigned || this.isJoining || !this.#isDecided(own.set)) return adopted;
    const decided = own.set & ~own.agreed;
    for (let member = 0; member < this.#votes.length; member++) {
      if ((decided & (1 << member)) !== 0) own.lastFrames[member] = this.#newestFrame(member);
    }
    for (let voter = 0; voter < this.#votes.length; voter++) {
      if ((own.set & (1 << voter)) !== 0) continue;
      own.left |= (this.#votes[voter]?.left ?? 0) & decided;
      own.words |= (this.#votes[voter]?.words ?? 0) & decided;
    }
    own.agreed = own.set;
    return decided | adopted;
  }

  /** The newest vote of `member`. */
  vote(member: number): DropVote | undefined {
    return this.#votes[member];
  }

  /** False for a vote of a former holder, of one whose entry we have not confirmed, or that takes back whom it counts. */
  #isCurrent(member: number, vote: DropVote, known: DropVote): boolean {
    const isSameHolder = vote.generations[member] === known.generations[member];
    for (let slot = 0; slot < this.#votes.length; slot++) {
      const generation = vote.generations[slot] ?? 0;
      if (generation > (this.#announced[slot] ?? 0) || (isSameHolder && generation < (known.generations[slot] ?? 0))) return false;
    }
    return vote.generations[member] === this.#announced[member];
  }

  /** Slots of which `vote` means a holder before the one that we count. */
  #formerSlots(vote: DropVote): number {
    let former = 0;
    for (let slot = 0; slot < this.#votes.length; slot++) {
      if ((vote.generations[slot] ?? 0) < (this.own.generations[slot] ?? 0)) former |= 1 << slot;
    }
    return former;
  }

  #seat(slot: number): void {
    const bit = 1 << slot;
    for (const vote of this.#votes) vote.forget(bit);
    this.#votes[slot]?.copyFrom(NO_VOTE);
    this.#resigned &= ~bit;
    this.#accusedMs[slot] = Number.NaN;
    this.own.generations[slot] = this.#announced[slot] ?? 0;
    this.own.joining |= bit;
    this.#joins = this.#joins.filter((joining) => joining !== slot && (this.own.joining & (1 << joining)) !== 0);
    this.#joins.push(slot);
    this.#isChanged = true;
  }

  /** Takes over what others have decided, and who counts everywhere. */
  #learn(): void {
    if (this.isJoining) {
      // Whoever knows that all count us has heard of every decision that was made without us. It goes first: it may have dropped one whose vote we know.
      const teller = this.#votes.findIndex((vote) => this.#tells(vote, this.#local));
      if (teller < 0) return;
      this.#completeJoin(this.#local);
      this.#adopt(teller);
    }
    for (let member = 0; member < this.#votes.length; member++) this.#adopt(member);
    for (const slot of this.#joins) {
      const bit = 1 << slot;
      if ((this.own.joining & bit) !== 0 && (this.own.agreed & bit) === 0) {
        if (this.#isCountedByAll(slot) || this.#votes.some((vote) => this.#tells(vote, bit))) this.#completeJoin(bit);
      } else this.#completeJoin(bit);
    }
  }

  #completeJoin(bit: number): void {
    if ((this.own.joining & bit) === 0) return;
    this.own.joining &= ~bit;
    this.#isChanged = true;
  }

  /** True when `vote`, of somebody whom we have not cast out, says that all count the holder of the slot of `bit`. */
  #tells(vote: DropVote, bit: number): boolean {
    if (vote === this.own || (vote.joining & bit) !== 0) return false;
    const voter = this.#votes.indexOf(vote);
    const slot = 31 - Math.clz32(bit);
    return (this.own.set & (1 << voter)) === 0 && vote.generations[slot] === this.own.generations[slot];
  }

  #isCountedByAll(slot: number): boolean {
    const asked = this.#all & ~this.own.agreed & ~this.#local & ~(1 << slot);
    return this.#votes.every((vote, member) => (asked & (1 << member)) === 0 || vote.generations[slot] === this.own.generations[slot]);
  }

  /** Takes over the decisions of `member`, unless we have cast it out. */
  #adopt(member: number): void {
    const { own } = this;
    const vote = this.#votes[member];
    if (vote === undefined || (own.set & ~own.agreed & (1 << member)) !== 0) return;
    const news = vote.agreed & ~own.agreed;
    if (news === 0 || (own.agreed & (1 << member)) !== 0) return;
    for (let gone = 0; gone < this.#votes.length; gone++) {
      if ((news & (1 << gone)) !== 0) own.lastFrames[gone] = vote.lastFrames[gone] ?? NULL_FRAME;
    }
    own.left = (own.left & ~news) | (vote.left & news);
    own.words = (own.words & ~news) | (vote.words & news);
    own.set |= news;
    own.proposal |= news;
    own.agreed |= news;
    this.#adopted |= news;
    this.#isChanged = true;
  }

  /** Adds `members` to our proposal, all or none: none when those who remained might not go on. */
  #propose(members: number, words: number): boolean {
    const proposal = this.own.proposal | members;
    const mayGoOn = proposal === this.own.proposal || this.#mayGoOn(proposal, words);
    if (mayGoOn) this.own.proposal = proposal;
    return mayGoOn;
  }

  /** Who is gone, as far as we see or agree, is not followed. */
  #isFollowed(member: number, view: DropView, outside: number): boolean {
    return (outside & ~view.droppable & ~this.own.proposal & (1 << member)) !== 0;
  }

  /** Where two casts exclude each other, because a proposal was taken back while it was under way, the higher rank's counts. */
  #followCast(view: DropView, outside: number): void {
    for (let member = 0; member < this.#votes.length; member++) {
      const set = this.#votes[member]?.set ?? 0;
      if (this.#isFollowed(member, view, outside) && (set & this.#local) === 0) this.#propose(set, view.words);
    }
  }

  #followHolds(view: DropView, outside: number): void {
    let accused = 0;
    for (let member = 0; member < this.#votes.length; member++) {
      if (!this.#isFollowed(member, view, outside)) continue;
      const held = (this.#votes[member]?.holds ?? 0) & outside;
      accused |= held;
      const outranked = ~((2 << member) - 1);
      this.#propose(held & (view.droppable | outranked | this.#unanswered(member, held, view.clockMs)), view.words);
    }
    for (let member = 0; member < this.#votes.length; member++) {
      if ((accused & (1 << member)) === 0) this.#accusedMs[member] = Number.NaN;
      else if (Number.isNaN(this.#accusedMs[member])) this.#accusedMs[member] = view.clockMs;
    }
  }

  /** Those of `held` who have been accused for long without holding `accuser` gone themselves. */
  #unanswered(accuser: number, held: number, clockMs: number): number {
    let unanswered = 0;
    for (let member = 0; member < this.#votes.length; member++) {
      const answered = ((this.#votes[member]?.holds ?? 0) & (1 << accuser)) !== 0;
      const isLate = clockMs - (this.#accusedMs[member] ?? Number.NaN) >= PATIENCE_MS;
      if (isLate && !answered) unanswered |= held & (1 << member);
    }
    return unanswered;
  }

  #isProposedByAll(set: number): boolean {
    return this.#votes.every((vote, member) => (set & (1 << member)) !== 0 || vote.proposal === set);
  }

  #isDecided(set: number): boolean {
    let words = 0;
    for (let member = 0; member < this.#votes.length; member++) {
      if ((set & (1 << member)) !== 0) continue;
      const vote = this.#votes[member];
      if (vote?.set !== set) return false;
      words |= vote.words;
    }
    return this.#mayGoOn(set, words);
  }

  /** Enough of the current members are outside `set`: with all who came, and without the last of them, and without the last two … */
  #mayGoOn(set: number, words: number): boolean {
    let agreed = this.#resigned;
    let vouched = words;
    for (let member = 0; member < this.#votes.length; member++) {
      if ((set & (1 << member)) !== 0) continue;
      agreed |= this.#votes[member]?.agreed ?? 0;
      vouched |= this.#votes[member]?.words ?? 0;
    }
    if ((set & ~agreed & ~vouched) === 0) return true;
    let current = this.#all & ~agreed;
    if (!isQuorum(current & ~set, current)) return false;
    for (let place = this.#joins.length - 1; place >= 0; place--) {
      const bit = 1 << (this.#joins[place] ?? 0);
      if ((this.own.joining & bit) === 0) continue;
      current &= ~bit;
      if (!isQuorum(current & ~set, current)) return false;
    }
    return true;
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

const NO_VOTE = new DropVote();
