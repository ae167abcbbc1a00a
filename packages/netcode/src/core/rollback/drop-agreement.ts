import { NULL_FRAME } from "../base/units.ts";
import { Ballots, type AgreementStart } from "./ballots.ts";
import { bitCount } from "./quorum.ts";

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
 * Where casts stand against each other for so long among members who all hear each other, nothing that is under way ends it: the lowest rank gives up, then, three seconds later each, the next
 * ones. At half, somebody would who had only to wait for a vote that is late; at double, a match that is stuck stands still as much longer. With
 * steps shorter than a vote may be late, two would give up for each other.
 */
const STUCK_MS = 10_000;
const STUCK_STEP_MS = 3000;
/** Who can only yield waits until each of eight who might resign could have done so. */
const YIELD_MS = 35_000;

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
 * and a proposal whose supporters die binds nobody. Five rules:
 *
 * 1. Nothing is proposed unless those outside may go on without the others (`Ballots.mayGoOn`): more than half of the current members, at exactly half the
 *    half with the highest rank, or any number when the broker vouches that all the others are gone. So two disjoint groups never decide.
 * 2. A pair that cannot talk ends with one of the two gone: everybody joins the higher rank, or, where that one does not accuse, the lower one two seconds later.
 * 3. While somebody else is silent but not yet droppable, nothing new is held: that member's vote would be needed anyway, and a member that
 *    hears nobody finds out that it is alone before it has proposed the first of the others.
 * 4. What somebody has cast is joined: all had proposed it. Who is told again that it is in it resigns: it vouches for its own end, and is no member any more whose voice could be
 *    missing. Else those who cast might wait for a third who died meanwhile, and never play with it again. What it has cast itself is void then; nothing is lost, since who told it
 *    would have to cast that too, with it outside, and never will. It does not resign to one whom somebody else, who has not cast it out, has cast out in turn: its voice is needed
 *    for that; unless too few would remain without those, too, whom it has cast out itself: then it can never give it. And where it has cast what the other one has not, the highest rank
 *    that it hears does not: so one is left of a circle of casts.
 *
 * 5. Where casts still stand against each other for long among members who hear each other, and are enough to go on, each waits for the voice of another one. Then whoever is cast out resigns after all
 *    (see 4), the lowest rank first, until no cast is open. It may as well whose own cast is void, because somebody never can cast the same. Where nobody may resign, the lowest rank *yields*: it plays
 *    no further, so that anybody may drop it; but what it has cast may be decided, and so it counts still where heads are counted. It says so by its own bit in `left`. At the latest the highest is left.
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
 * Who comes decides nothing before somebody tells it that all count it (`joining` names it no longer), and shows only then what it knows of decisions: before that, others may
 * still decide without it, and a decision of which it heard from one who dies may not be the one that holds.
 * When nobody is left who could decide without it, because all others said goodbye or are gone by the broker's word, nobody can tell it any more: it goes on alone. And where all whom it
 * has not cast out count the same members and have cast the same, none of them decides otherwise: so two who come go on when all others died before they could tell either of them.
 */
export class DropAgreement extends Ballots {
  /** By member: since when somebody outside our set holds it gone; NaN while nobody does. */
  readonly accusedMs: Float64Array;
  /** Since when casts stand against each other, with nobody resigning; NaN while they do not. One number. */
  readonly stuckMs: Float64Array = new Float64Array([Number.NaN]);
  #stuckResigned = 0;
  #accused = 0;
  #isWaiting = false;

  constructor(memberCount: number, localMember: number, start?: AgreementStart) {
    super(memberCount, localMember, start);
    this.accusedMs = new Float64Array(memberCount).fill(Number.NaN);
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
    return (this.resigned & this.local) !== 0;
  }

  /** Renews our vote from what we see and what others say. True when it changed and has to be told. */
  consider(view: DropView): boolean {
    const { own } = this;
    this.learn(view.words);
    if (this.castAgainstUs !== 0) this.#considerResigning(view);
    this.#considerYielding(view);
    const { set, holds, proposal, words, left } = own;
    const outside = this.hasResigned ? 0 : this.all & ~set & ~this.local;
    const isGated = (view.suspect & outside & ~view.droppable) !== 0;
    own.holds = view.proposes ? view.droppable & outside & (isGated ? holds : -1) : 0;
    own.proposal = set | (this.resigned & outside);
    this.#followCast(view, outside);
    this.#isWaiting = !this.#propose(own.holds, view.words);
    if (this.#isWaiting) own.holds = 0;
    this.#followHolds(view, outside);
    // Whose end is decided keeps the word, or none, with which it was: `isHistoryOver` asks for it.
    own.words = (view.words & ~own.agreed) | (words & set) | (this.resigned & this.local);
    // What was cast with counts, so that all who decide name the same cause.
    own.left = (view.left & ~set) | (left & set) | (this.yielded & this.local);
    // Who is silent by now would be needed for the decision: its proposal may be the last that it made.
    const isHeard = ((view.suspect | view.droppable) & outside & ~own.proposal) === 0;
    if (isHeard && this.#isProposedByAll(own.proposal)) own.set = own.proposal;
    // All others are gone here, but one may go on without us: only its return or the broker's word can tell.
    if (this.isJoining && (this.all & ~own.set & ~this.local) === 0) this.#isWaiting = true;
    const isChanged =
      this.isChanged || own.set !== set || own.holds !== holds || own.proposal !== proposal || own.words !== words || own.left !== left;
    this.isChanged = false;
    return isChanged;
  }

  /** The members whose end is decided by what is known now; 0 when nothing new is. Afterwards `own` carries their last frames. */
  decide(): number {
    const { own } = this;
    const isDecided = own.set !== own.agreed && !this.hasResigned && this.#isDecided(own.set);
    if (isDecided) this.endOwnJoin();
    const { adopted } = this;
    this.adopted = 0;
    if (!isDecided || own.set === own.agreed) return adopted;
    const decided = own.set & ~own.agreed;
    for (let member = 0; member < this.votes.length; member++) {
      if ((decided & (1 << member)) !== 0) own.lastFrames[member] = this.#newestFrame(member);
    }
    for (let voter = 0; voter < this.votes.length; voter++) {
      if ((own.set & (1 << voter)) !== 0) continue;
      own.left |= (this.votes[voter]?.left ?? 0) & decided;
      own.words |= (this.votes[voter]?.words ?? 0) & decided;
    }
    own.agreed = own.set;
    return decided | adopted;
  }

  /** Some told us again that they have cast us out, and are none whom we have cast out: resigns to one of them where rule 4 wants it. */
  #considerResigning(view: DropView): void {
    const { own, local, resigned } = this;
    const heard = this.all & ~(view.droppable | resigned | own.agreed | local);
    const accusers = this.castAgainstUs & ~resigned;
    this.castAgainstUs = 0;
    let contested = 0;
    for (let member = 0; member < this.votes.length; member++) {
      const set = this.votes[member]?.set ?? 0;
      if ((heard & ~own.set & (1 << member)) === 0 || (set & local) !== 0) continue;
      // To what leaves too few, with those whom we have cast out, we can never add our voice.
      if (this.mayGoOn(own.set | set, view.words)) contested |= set;
    }
    for (let member = 0; member < this.votes.length; member++) {
      if ((accusers & ~contested & (1 << member)) === 0) continue;
      const isIncluded = (own.set & ~own.agreed & ~(this.votes[member]?.set ?? 0)) === 0;
      const isOutranked = (heard & (local - 1)) !== 0;
      if (isIncluded || isOutranked) this.resigned |= local;
    }
  }

  /** Rule 5. */
  #considerYielding(view: DropView): void {
    const { own, local, resigned, stuckMs } = this;
    // What others cast since may show that ours is void.
    if ((this.yielded & local) !== 0 && this.#isVoid()) this.yielded &= ~local;
    const current = this.all & ~(resigned | own.agreed | local);
    const heard = current & ~(view.droppable | view.suspect);
    const accusers = heard & this.#accusers();
    const isStuck = (heard & (own.set | accusers)) !== 0 && !this.hasResigned && this.#isEnough(heard, current, view);
    if (!isStuck || this.#stuckResigned !== resigned) stuckMs[0] = Number.NaN;
    this.#stuckResigned = resigned;
    if (!isStuck) return;
    if (Number.isNaN(stuckMs[0])) stuckMs[0] = view.clockMs;
    const mayResign = (accusers & ~own.set) !== 0 || this.#isVoid();
    const isHighest = (heard & (local - 1)) === 0;
    const patienceMs = (mayResign ? STUCK_MS : YIELD_MS) + STUCK_STEP_MS * bitCount(heard & ~(2 * local - 1));
    if ((isHighest && !mayResign) || view.clockMs - (stuckMs[0] ?? view.clockMs) < patienceMs) return;
    this.resigned |= local;
    if (!mayResign) this.yielded |= local;
  }

  /** Who has cast us out. */
  #accusers(): number {
    let accusers = 0;
    for (let member = 0; member < this.votes.length; member++) {
      if (((this.votes[member]?.set ?? 0) & this.local) !== 0) accusers |= 1 << member;
    }
    return accusers;
  }

  /** True when we, and those whom we hear, may go on without the others: who is silent need not bring what is missing. */
  #isEnough(heard: number, current: number, { suspect, words }: DropView): boolean {
    return (current & suspect) === 0 && this.mayGoOn(this.own.agreed | (current & ~heard), words);
  }

  /** True when nothing of what we have cast, and is not decided, can be decided or was: somebody who would have to cast all of it has cast none, and never will. */
  #isVoid(): boolean {
    const { own } = this;
    for (let voter = 0; voter < this.votes.length; voter++) {
      const bit = 1 << voter;
      const set = (this.votes[voter]?.set ?? 0) & ~own.agreed;
      if (((own.set | this.local) & bit) === 0 && (set & own.set) === 0 && (set !== 0 || (this.resigned & bit) !== 0)) return true;
    }
    return false;
  }

  /** Adds `members` to our proposal, all or none: none when those who remained might not go on. */
  #propose(members: number, words: number): boolean {
    const proposal = this.own.proposal | members;
    const mayGoOn = proposal === this.own.proposal || this.mayGoOn(proposal, words);
    if (mayGoOn) this.own.proposal = proposal;
    return mayGoOn;
  }

  /** Who is gone, as far as we see or agree, is not followed. */
  #isFollowed(member: number, view: DropView, outside: number): boolean {
    return (outside & ~view.droppable & ~this.own.proposal & (1 << member)) !== 0;
  }

  /**
   * Where two casts exclude each other, because a proposal was taken back while it was under way, the one counts that can still be decided as it is; else the higher
   * rank's. What nobody can decide any more would have those wait for ever who have cast the other one.
   */
  #followCast(view: DropView, outside: number): void {
    this.#followCasts(view, outside, true);
    this.#followCasts(view, outside, false);
  }

  #followCasts(view: DropView, outside: number, onlyOpen: boolean): void {
    for (let member = 0; member < this.votes.length; member++) {
      const set = this.votes[member]?.set ?? 0;
      if (set === 0 || (set & this.local) !== 0 || !this.#isFollowed(member, view, outside)) continue;
      if (!onlyOpen || this.#isOpenTo(set)) this.#propose(set, view.words);
    }
  }

  /** True when nobody who would have to cast `set` has cast against somebody outside it. */
  #isOpenTo(set: number): boolean {
    const past = set | this.own.agreed;
    for (let voter = 0; voter < this.votes.length; voter++) {
      if ((past & (1 << voter)) === 0 && ((this.votes[voter]?.set ?? 0) & ~past) !== 0) return false;
    }
    return true;
  }

  #followHolds(view: DropView, outside: number): void {
    let accused = 0;
    for (let member = 0; member < this.votes.length; member++) {
      if (!this.#isFollowed(member, view, outside)) continue;
      const held = (this.votes[member]?.holds ?? 0) & outside;
      accused |= held;
      const outranked = ~((2 << member) - 1);
      this.#propose(held & (view.droppable | outranked | this.#unanswered(member, held, view)), view.words);
    }
    // In nearly every call nobody is accused, and nobody was.
    if ((accused | this.#accused) === 0) return;
    this.#accused = accused;
    for (let member = 0; member < this.votes.length; member++) {
      if ((accused & (1 << member)) === 0) this.accusedMs[member] = Number.NaN;
      else if (Number.isNaN(this.accusedMs[member])) this.accusedMs[member] = view.clockMs;
    }
  }

  /** Those of `held` who have been accused for long without holding `accuser` gone themselves. */
  #unanswered(accuser: number, held: number, view: DropView): number {
    let unanswered = 0;
    if (held === 0) return unanswered;
    for (let member = 0; member < this.votes.length; member++) {
      const answered = ((this.votes[member]?.holds ?? 0) & (1 << accuser)) !== 0;
      const isLate = view.clockMs - (this.accusedMs[member] ?? Number.NaN) >= PATIENCE_MS;
      if (isLate && !answered) unanswered |= held & (1 << member);
    }
    return unanswered;
  }

  #isProposedByAll(set: number): boolean {
    // With every packet: a closure for `every` would cost an allocation each time.
    for (let member = 0; member < this.votes.length; member++) {
      if ((set & (1 << member)) === 0 && this.votes[member]?.proposal !== set) return false;
    }
    return true;
  }

  #isDecided(set: number): boolean {
    let words = 0;
    for (let member = 0; member < this.votes.length; member++) {
      if ((set & (1 << member)) !== 0) continue;
      const vote = this.votes[member];
      // One who does not count the same members may have decided the same set without the inputs that one who came has.
      if (vote?.set !== set || !this.countsAlike(vote)) return false;
      words |= vote.words;
    }
    return this.mayGoOn(set, words);
  }

  #newestFrame(member: number): number {
    let newest: number = NULL_FRAME;
    for (let voter = 0; voter < this.votes.length; voter++) {
      const vote = this.votes[voter];
      if (vote === undefined || (this.own.set & (1 << voter)) !== 0 || (vote.set & (1 << member)) === 0) continue;
      newest = Math.max(newest, vote.lastFrames[member] ?? NULL_FRAME);
    }
    return newest;
  }
}
