import { assert } from "../base/assert.ts";
import { NULL_FRAME } from "../base/units.ts";
import { DropVote } from "../wire/drop-vote-codec.ts";
import { bitCount, isQuorum } from "./quorum.ts";
import { isHistoryOver } from "./two-histories.ts";

/** Who holds the slots of a match at the frame from which a member takes part. */
export interface AgreementStart {
  /** Slots that nobody holds: bits. They count as members whose end was decided before. */
  readonly vacant: number;
  /** By slot: how often somebody has joined into it, as far as we know. */
  readonly generations: readonly number[];
  /** Slots whose present holders came during the match, in the order of their seat entries. With our own among them we join: see `isJoining`. */
  readonly seated: readonly number[];
}

/** What became of a vote: taken in; of no matter; refused as out of order; or we learned from it that our end is decided. */
export type VoteOutcome = "taken" | "ignored" | "refused" | "dropped";

/**
 * What every member of a match last said about who is gone and who has come, what of it is certain, and who may go on. See `DropAgreement` for the rules.
 *
 * Members are bits, by rank. What a vote says of a slot's former holder, by its generation, is left out before the vote is kept.
 */
export class Ballots {
  /** Our vote. */
  readonly own: DropVote = new DropVote();
  /** The newest vote of each member, our own included. */
  readonly votes: readonly DropVote[];
  /** All slots. */
  readonly all: number;
  /** Our own bit. */
  readonly local: number;
  /** Members that resigned: no voices that could be missing. */
  resigned = 0;
  /** Of those, who gave up although nobody will go on against what they have cast: that may be decided, so that they still count where heads are counted. */
  yielded = 0;
  /** Members that told us again, without anything new, that they have cast us out; since `DropAgreement` looked last. */
  castAgainstUs = 0;
  /** Something changed that has to be told, besides what `DropAgreement` sees itself. */
  isChanged = false;
  /** Decisions that were taken over from others, and not handed on yet. */
  adopted = 0;
  /** By slot: the newest generation of which we have confirmed the entry. */
  readonly #announced: Uint16Array;
  /** Slots announced and not counted yet, in the order of their entries. */
  readonly #arrivals: number[] = [];
  /** The slots of `own.joining`, in the order of their entries; some that are joining no longer may be between. */
  #joins: number[];

  constructor(memberCount: number, localMember: number, start?: AgreementStart) {
    this.all = (1 << memberCount) - 1;
    this.local = 1 << localMember;
    this.votes = Array.from({ length: memberCount }, (_, member) => (member === localMember ? this.own : new DropVote()));
    this.#announced = new Uint16Array(memberCount);
    this.#announced.set(start?.generations ?? []);
    this.#joins = [...(start?.seated ?? [])];
    for (const slot of this.#joins) this.own.joining |= 1 << slot;
    this.own.generations.set(this.#announced);
    this.own.set = this.own.agreed = this.own.proposal = start?.vacant ?? 0;
  }

  /** True while others may still decide without us: we came during the match. Only what all current members have confirmed is certain then. */
  get isJoining(): boolean {
    return (this.own.joining & this.local) !== 0;
  }

  /** We have confirmed the entry that gives a vacant slot to its next holder. In the order of the entries. */
  announce(slot: number, generation: number): void {
    assert((this.own.agreed & (1 << slot)) !== 0, "a new holder for a seat that nobody holds");
    assert(this.isAccepted(slot) && generation > (this.#announced[slot] ?? 0), "a generation after one whose end was decided");
    this.#announced[slot] = generation;
    this.#arrivals.push(slot);
  }

  /** Counts the announced holder of `slot` from now on, and those announced before it. Does nothing when it counts already. */
  accept(slot: number): void {
    for (let rest = this.#arrivals.indexOf(slot) + 1; rest > 0; rest--) this.#seat(this.#arrivals.shift() ?? slot);
  }

  /** True when the newest announced holder of `slot` counts here. */
  isAccepted(slot: number): boolean {
    return this.own.generations[slot] === this.#announced[slot];
  }

  /**
   * Takes in a vote of `member`. Refused is one of a former holder, and one whose set shrinks. Of a member that we have cast out only
   * its resignation counts.
   */
  receive(member: number, vote: DropVote): VoteOutcome {
    const known = this.votes[member];
    const bit = 1 << member;
    const { own } = this;
    if (known === undefined) return "refused";
    const isGone = (own.agreed & bit) !== 0 && this.isAccepted(member);
    if (this.#isAgainstUs(member, vote)) return !isGone || isHistoryOver(own, vote, this.votes.length) ? "dropped" : "ignored";
    // What a former session of the same peer sent arrives late, and is no offence.
    const isFormer = (vote.generations[member] ?? 0) < (this.#announced[member] ?? 0);
    if (isGone || isFormer || this.#isEarly(vote)) return "ignored";
    if (!this.#isCurrent(member, vote, known)) return "refused";
    for (let slot = 0; slot < this.votes.length; slot++) {
      if (slot !== member && (vote.generations[slot] ?? 0) > (own.generations[slot] ?? 0)) this.accept(slot);
    }
    const former = this.#formerSlots(vote);
    if (!this.isAccepted(member)) {
      // It may have begun before all know it, who came before it and have not begun themselves among them. Its vote waits until it counts.
      known.copyFrom(vote);
      known.forget(former);
      return "taken";
    }
    this.#noteResigned(vote, bit);
    if ((own.set & bit) !== 0) return "ignored";
    const set = vote.set & ~former;
    // Told again: the decision that should have followed is stuck, and whoever cast lives.
    if ((set & this.local) !== 0 && known.saysTheSame(vote)) this.castAgainstUs |= bit;
    if ((known.set & ~set) !== 0 || (known.agreed & ~(vote.agreed & ~former)) !== 0) return "refused";
    known.copyFrom(vote);
    known.forget(former);
    return "taken";
  }

  /** True when `vote` lacks what we know to be certain. */
  isBehind(vote: DropVote): boolean {
    return (this.own.agreed & ~vote.agreed) !== 0 || (vote.joining & ~this.own.joining) !== 0;
  }

  /** True when the sender of `vote` counted the same members as we do. */
  countsAlike(vote: DropVote): boolean {
    for (let slot = 0; slot < this.votes.length; slot++) if (vote.generations[slot] !== this.own.generations[slot]) return false;
    return true;
  }

  /** Says goodbye, with our newest input. Nothing may be received or considered afterwards. */
  leave(lastFrame: number): void {
    const { own, local } = this;
    own.set |= local;
    own.agreed |= local;
    own.proposal |= local;
    own.left |= local;
    own.lastFrames[slotOf(local)] = lastFrame;
  }

  /** Vouches for our own end, which others have decided: nobody waits for our voice, who did not hear of that. Nothing may be received or considered afterwards. */
  resign(): void {
    this.resigned |= this.local;
    this.own.words |= this.local;
  }

  /** Takes over what others have decided, and who counts everywhere. `words`: for whom the broker vouches here that they are gone. */
  learn(words: number): void {
    if (this.isJoining) {
      // Whoever knows that all count us has heard of every decision that was made without us. It goes first: it may have dropped one whose vote we know.
      const teller = this.#tellerOf(this.local);
      if (teller < 0 && !this.#isLast(words)) return this.#completeJoins(~this.local);
      this.#completeJoin(this.local);
      this.#adopt(teller < 0 ? this.#lastToLeave() : teller);
    }
    this.#adoptAll();
    this.#completeJoins(-1);
  }

  /**
   * Nobody decides without us any more: all whom we have not cast out count the same members as we do, and have cast the same. What of it some of them have decided before we counted
   * is taken over as it is.
   */
  protected endOwnJoin(): void {
    if (!this.isJoining) return;
    this.#completeJoin(this.local);
    this.#adoptAll();
  }

  /**
   * True when enough of the current members are outside `set`: with all who came, and without the last of them, and without the last two … as long as some may not count them;
   * or when the broker vouches, to us with `words` or to one of them, that all in it are gone.
   */
  mayGoOn(set: number, words: number): boolean {
    let agreed = this.resigned & ~this.yielded;
    let vouched = words | this.yielded;
    for (let member = 0; member < this.votes.length; member++) {
      if ((set & (1 << member)) !== 0) continue;
      agreed |= this.votes[member]?.agreed ?? 0;
      vouched |= this.votes[member]?.words ?? 0;
    }
    if ((set & ~agreed & ~vouched) === 0) return true;
    let current = this.all & ~agreed;
    if (!isQuorum(current & ~set, current)) return false;
    for (let place = this.#joins.length - 1; place >= 0; place--) {
      const bit = 1 << (this.#joins[place] ?? 0);
      if ((this.own.joining & current & bit) === 0 || this.#isSaidToCount(bit)) continue;
      current &= ~bit;
      if (!isQuorum(current & ~set, current)) return false;
    }
    return true;
  }

  /** True when `vote` says that our end is decided, or that somebody else has our slot since. */
  #isAgainstUs(member: number, vote: DropVote): boolean {
    const slot = slotOf(this.local);
    const generation = vote.generations[slot] ?? 0;
    const ownGeneration = this.own.generations[slot] ?? 0;
    // A former session of the same peer has no say.
    if ((vote.generations[member] ?? 0) < (this.own.generations[member] ?? 0)) return false;
    return generation > ownGeneration || (generation === ownGeneration && (vote.agreed & this.local) !== 0);
  }

  /**
   * True when `vote` counts somebody whose entry we have not confirmed. Who joins counts from its beginning those who came with it, and others count them on its word; another newcomer may
   * confirm their entries after that. It hears the vote again.
   */
  #isEarly(vote: DropVote): boolean {
    for (let slot = 0; slot < this.votes.length; slot++) if ((vote.generations[slot] ?? 0) > (this.#announced[slot] ?? 0)) return true;
    return false;
  }

  /** False for a vote of a former holder, or that takes back whom it counts. */
  #isCurrent(member: number, vote: DropVote, known: DropVote): boolean {
    const isSameHolder = vote.generations[member] === known.generations[member];
    for (let slot = 0; slot < this.votes.length; slot++) {
      const generation = vote.generations[slot] ?? 0;
      if (isSameHolder && generation < (known.generations[slot] ?? 0)) return false;
    }
    return vote.generations[member] === this.#announced[member];
  }

  /** Slots of which `vote` means a holder before the one that we count. */
  #formerSlots(vote: DropVote): number {
    let former = 0;
    for (let slot = 0; slot < this.votes.length; slot++) {
      if ((vote.generations[slot] ?? 0) < (this.own.generations[slot] ?? 0)) former |= 1 << slot;
    }
    return former;
  }

  #noteResigned(vote: DropVote, bit: number): void {
    this.resigned |= (vote.words | vote.agreed) & bit;
    this.yielded = (this.yielded & ~bit) | (vote.words & vote.left & ~vote.agreed & bit);
  }

  #seat(slot: number): void {
    const bit = 1 << slot;
    const early = this.votes[slot];
    const generation = this.#announced[slot] ?? 0;
    const hasSpoken = early !== undefined && early.generations[slot] === generation;
    for (const vote of this.votes) if (vote !== early || !hasSpoken) vote.forget(bit);
    this.resigned &= ~bit;
    this.yielded &= ~bit;
    if (hasSpoken) this.#noteResigned(early, bit);
    else early?.copyFrom(NO_VOTE);
    this.own.generations[slot] = generation;
    this.#joins = this.#joins.filter((joining) => (this.own.joining & (1 << joining)) !== 0);
    this.#joins.push(slot);
    this.own.joining |= bit;
    this.isChanged = true;
  }

  /** Of `slots`, those whose holders count everywhere: that stays so whatever becomes of who says it, and so holds for one who joins itself. */
  #completeJoins(slots: number): void {
    for (let place = 0; place < this.#joins.length; place++) {
      const bit = 1 << (this.#joins[place] ?? 0);
      if ((slots & bit) === 0) continue;
      if ((this.own.agreed & bit) !== 0 || this.#isCountedByAll(bit) || this.#tellerOf(bit) >= 0) this.#completeJoin(bit);
    }
  }

  #completeJoin(bit: number): void {
    if ((this.own.joining & bit) === 0) return;
    this.own.joining &= ~bit;
    this.isChanged = true;
  }

  /**
   * A member, not cast out by us, that says that all count the holder of the slot of `bit`; −1 when none does. Not one who joins itself: it may know that all count another, but it has
   * not heard of the decisions that were made without that one.
   */
  #tellerOf(bit: number): number {
    const slot = slotOf(bit);
    for (let member = 0; member < this.votes.length; member++) {
      const vote = this.votes[member];
      if (vote === undefined || vote === this.own || (this.own.set & (1 << member)) !== 0) continue;
      if ((vote.joining & (bit | (1 << member))) !== 0) continue;
      if (vote.generations[slot] === this.own.generations[slot]) return member;
    }
    return -1;
  }

  /** True when somebody says that all count the holder of the slot of `bit`: that stays so, whoever says it, one who joins itself too. Of decisions it may know less than we have to. */
  #isSaidToCount(bit: number): boolean {
    const slot = slotOf(bit);
    for (let member = 0; member < this.votes.length; member++) {
      const vote = this.votes[member];
      if (vote === undefined || vote === this.own || (this.own.set & (1 << member)) !== 0) continue;
      if ((vote.joining & bit) === 0 && vote.generations[slot] === this.own.generations[slot]) return true;
    }
    return false;
  }

  /**
   * True when nobody is left who could decide without us: all other current members have resigned, said goodbye, were gone for one who did, or are gone by one of the `words`.
   * All that we have confirmed is settled, so that none of them has cut it.
   */
  #isLast(words: number): boolean {
    let gone = words | this.resigned | this.own.agreed | this.local;
    for (const [member, vote] of this.votes.entries()) if (isGoodbye(member, vote)) gone |= vote.agreed;
    return (this.all & ~gone) === 0;
  }

  /** Of those who said goodbye, one that knew most others to be gone; −1 when none did. */
  #lastToLeave(): number {
    let last = -1;
    let most = 0;
    for (const [member, vote] of this.votes.entries()) {
      if (!isGoodbye(member, vote) || bitCount(vote.agreed) <= most) continue;
      last = member;
      most = bitCount(vote.agreed);
    }
    return last;
  }

  /** True when all current members, those included that are cast out and not decided, have told that they count the holder of the slot of `bit`. */
  #isCountedByAll(bit: number): boolean {
    const slot = slotOf(bit);
    const asked = this.all & ~this.own.agreed & ~this.local & ~bit;
    for (let member = 0; member < this.votes.length; member++) {
      if ((asked & (1 << member)) !== 0 && this.votes[member]?.generations[slot] !== this.own.generations[slot]) return false;
    }
    return true;
  }

  #adoptAll(): void {
    for (let member = 0; member < this.votes.length; member++) this.#adopt(member);
  }

  /** Takes over the decisions of `member`, unless we have cast it out. */
  #adopt(member: number): void {
    const { own } = this;
    const vote = this.votes[member];
    if (vote === undefined || (own.set & (1 << member)) !== 0) return;
    const news = vote.agreed & ~own.agreed;
    if (news === 0) return;
    for (let gone = 0; gone < this.votes.length; gone++) {
      if ((news & (1 << gone)) !== 0) own.lastFrames[gone] = vote.lastFrames[gone] ?? NULL_FRAME;
    }
    own.left = (own.left & ~news) | (vote.left & news);
    own.words = (own.words & ~news) | (vote.words & news);
    own.set |= news;
    own.proposal |= news;
    own.agreed |= news;
    this.adopted |= news;
    this.isChanged = true;
  }
}

const NO_VOTE = new DropVote();

/** True when `vote`, of `member`, says that it has left. */
function isGoodbye(member: number, vote: DropVote): boolean {
  return (vote.agreed & (1 << member)) !== 0;
}

function slotOf(bit: number): number {
  return 31 - Math.clz32(bit);
}
