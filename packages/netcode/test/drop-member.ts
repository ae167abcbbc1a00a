import { NULL_FRAME } from "../src/core/base/units.ts";
import { DropAgreement } from "../src/core/rollback/drop-agreement.ts";
import type { DropVote } from "../src/core/wire/drop-vote-codec.ts";

/** Somebody who takes part in a scenario: the first holder of a slot (generation 0), or one who joins later. */
export interface Participant {
  readonly slot: number;
  readonly generation: number;
}

/** What a member is from the beginning. */
export interface MemberSetting {
  readonly slotCount: number;
  /** Slots that nobody holds at first. */
  readonly vacant: number;
  /** For whom everybody has the broker's word, once it is silent: slots. */
  readonly words: number;
  readonly participants: readonly Participant[];
  /** Indexes of those who join, in the order of their seat entries. */
  readonly joiners: readonly number[];
}

/** What can happen to one member. `argument`: a slot, the place of a joiner, or a vote. */
export type LocalEventKind = "notice" | "hear" | "announce" | "accept" | "start" | "leave" | "tick" | "deliver";

export interface LocalEvent {
  readonly kind: LocalEventKind;
  readonly argument: number;
  /** The participant whose vote is delivered; −1 otherwise. */
  readonly from: number;
}

export type MemberStatus = "outside" | "playing" | "dropped" | "left";

const TICK_MS = 2000;
/** How long casts have stood against each other matters up to the patience of the highest of eight who would give up, in ticks. */
const STUCK_TICKS = 28;

/** One member of a match: the real agreement, and in place of a session's inputs a number of frames that it has of everybody. */
export class DropMember {
  readonly index: number;
  readonly #setting: MemberSetting;
  readonly #agreements: DropAgreement[] = [];
  /** By slot and generation: the agreed last frames. */
  readonly decided = new Map<string, number>();
  status: MemberStatus = "playing";
  noticed = 0;
  heardAgain = 0;
  /** How many of the joiners' entries it has confirmed. */
  announcedCount = 0;
  /** Whom its vote goes to now: `all`, one participant, or nobody. */
  sendsTo: "all" | number | undefined;
  #clockMs = 0;

  constructor(setting: MemberSetting, index: number) {
    this.#setting = setting;
    this.index = index;
    if (this.participant.generation > 0) this.status = "outside";
    else this.#agreements.push(new DropAgreement(setting.slotCount, index, { vacant: setting.vacant, generations: [], seated: [] }));
  }

  get participant(): Participant {
    const participant = this.#setting.participants[this.index];
    if (participant === undefined) throw new Error(`no participant ${this.index}`);
    return participant;
  }

  get agreement(): DropAgreement {
    const [agreement] = this.#agreements;
    if (agreement === undefined) throw new Error(`participant ${this.index} is outside`);
    return agreement;
  }

  /** The newest announced generation of `slot`. */
  generationOf(slot: number): number {
    let generation = 0;
    for (const joiner of this.#setting.joiners.slice(0, this.announcedCount)) {
      const participant = this.#setting.participants[joiner];
      if (participant?.slot === slot) generation = participant.generation;
    }
    return generation;
  }

  apply(event: LocalEvent, votes: readonly DropVote[]): void {
    this.sendsTo = undefined;
    switch (event.kind) {
      case "start":
        this.#start();
        break;
      case "leave":
        this.agreement.leave(haveFrames(this.#setting.participants, this.index, this.participant.slot, this.participant.generation));
        this.status = "left";
        this.sendsTo = "all";
        return;
      case "notice":
        this.noticed |= 1 << event.argument;
        break;
      case "hear":
        this.noticed &= ~(1 << event.argument);
        this.heardAgain |= 1 << event.argument;
        break;
      case "announce":
        this.#announce();
        break;
      case "accept":
        this.agreement.accept(event.argument);
        break;
      case "tick":
        this.#clockMs += TICK_MS;
        break;
      case "deliver":
        this.#receive(event.from, votes[event.argument]);
        break;
    }
    if (this.status !== "playing") return;
    const isChanged = this.#update();
    if (isChanged || event.kind === "start" || (event.kind === "tick" && this.agreement.isOpen)) this.sendsTo = "all";
  }

  /** Everything that what it does next depends on. */
  key(): string {
    const { status, noticed, heardAgain, announcedCount } = this;
    const decided = [...this.decided].map(([holder, frame]) => `${holder}=${frame}`).join(" ");
    const head = `${status} ${noticed} ${heardAgain} ${announcedCount} ${decided}`;
    if (status !== "playing") return head;
    const { votes, resigned, yielded, isWaiting, accusedMs, stuckMs } = this.agreement;
    // How long somebody has been accused matters as far as it is more than the members' patience.
    const accused = [...accusedMs]
      .map((sinceMs) => (Number.isNaN(sinceMs) ? "-" : Math.min(1, (this.#clockMs - sinceMs) / TICK_MS)))
      .join("");
    const stuck = Math.min(STUCK_TICKS, (this.#clockMs - (stuckMs[0] ?? Number.NaN)) / TICK_MS);
    const known = votes.map((vote, slot) => this.#knownKey(vote, slot)).join("/");
    return `${head}|${known}|${resigned} ${yielded} ${isWaiting ? 1 : 0} ${accused} ${stuck}`;
  }

  /** What still matters of the vote that we know of the holder of `slot`: of one that we have cast out, whom it counted, and once that is decided nothing. */
  #knownKey(vote: DropVote, slot: number): string {
    const { own, isJoining } = this.agreement;
    const bit = 1 << slot;
    if (isJoining || (own.set & bit) === 0 || !this.agreement.isAccepted(slot)) return voteKey(vote);
    return (own.agreed & bit) !== 0 ? "" : vote.generations.join("");
  }

  #start(): void {
    const { slotCount, participants, joiners } = this.#setting;
    const known = joiners.slice(0, joiners.indexOf(this.index) + 1);
    const generations = Array.from({ length: slotCount }, () => 0);
    let seated: number[] = [];
    let { vacant } = this.#setting;
    for (const joiner of known) {
      const { slot = 0, generation = 0 } = participants[joiner] ?? {};
      generations[slot] = generation;
      vacant &= ~(1 << slot);
      seated = [...seated.filter((other) => other !== slot), slot];
    }
    this.#agreements.push(new DropAgreement(slotCount, this.participant.slot, { vacant, generations, seated }));
    this.announcedCount = known.length;
    this.status = "playing";
  }

  #announce(): void {
    const joiner = this.#setting.participants[this.#setting.joiners[this.announcedCount] ?? -1];
    if (joiner === undefined) throw new Error("nobody is left to be announced");
    this.agreement.announce(joiner.slot, joiner.generation);
    this.announcedCount++;
    this.noticed &= ~(1 << joiner.slot);
  }

  #receive(from: number, vote: DropVote | undefined): void {
    const slot = this.#setting.participants[from]?.slot;
    if (vote === undefined || slot === undefined) throw new Error("no such vote");
    // Whoever began late speaks now.
    if ((this.#setting.participants[from]?.generation ?? 0) > 0) this.noticed &= ~(1 << slot);
    const outcome = this.agreement.receive(slot, vote);
    if (outcome === "refused") throw new Error(`${this.index} refuses a vote of ${from}, who is honest`);
    if (outcome === "dropped") {
      this.status = "dropped";
      this.agreement.resign();
      this.sendsTo = "all";
      return;
    }
    // Who was dropped, and speaks, is told.
    if (outcome === "ignored" && (this.agreement.own.agreed & (1 << slot)) !== 0) this.sendsTo = from;
    if (outcome === "taken" && this.agreement.isBehind(vote)) this.sendsTo = from;
  }

  #update(): boolean {
    const { agreement } = this;
    const { own } = agreement;
    const before = own.set;
    const wasJoining = agreement.isJoining;
    const { words } = this.#setting;
    const { noticed } = this;
    const isChanged = agreement.consider({
      droppable: noticed,
      suspect: 0,
      words: words & noticed,
      left: 0,
      proposes: true,
      clockMs: this.#clockMs,
    });
    for (let slot = 0; slot < this.#setting.slotCount; slot++) {
      if ((own.set & ~before & ~own.agreed & (1 << slot)) !== 0) own.lastFrames[slot] = this.#frames(slot);
    }
    const decided = agreement.decide();
    for (let slot = 0; slot < this.#setting.slotCount; slot++) {
      if ((decided & (1 << slot)) !== 0) this.#decided(slot, own.lastFrames[slot] ?? NULL_FRAME, wasJoining);
    }
    return isChanged || decided !== 0;
  }

  #frames(slot: number): number {
    return haveFrames(this.#setting.participants, this.index, slot, this.agreement.own.generations[slot] ?? 0);
  }

  #decided(slot: number, frame: number, wasJoining: boolean): void {
    const holder = `${slot}.${this.agreement.own.generations[slot] ?? 0}`;
    if (this.decided.has(holder)) throw new Error(`the end of ${holder} is decided twice by ${this.index}`);
    this.decided.set(holder, frame);
    // What was confirmed is never cut: everything that we have, or, as long as others may decide without us, what is settled.
    const { participants } = this.#setting;
    const settled = Math.min(
      ...participants.map((_, other) => haveFrames(participants, other, slot, this.agreement.own.generations[slot] ?? 0)),
    );
    if (frame < (wasJoining ? settled : this.#frames(slot)))
      throw new Error(`${this.index} has confirmed more of ${holder} than frame ${frame}`);
  }
}

/** The last frame that a participant has of the holder of a slot: another number for everybody; the holder itself has most, then those who join. */
function haveFrames(participants: readonly Participant[], index: number, slot: number, generation: number): number {
  const participant = participants[index];
  if (participant?.slot === slot && participant.generation === generation) return 100 + 20 * slot + 19;
  const isLate = (participant?.generation ?? 0) > 0;
  return 100 + 20 * slot + ((index * 3 + slot) % 7) + (isLate ? 8 : 0);
}

/** All of a vote, in a string. */
export function voteKey(vote: DropVote): string {
  const { set, agreed, holds, proposal, words, left, joining, generations, lastFrames } = vote;
  const frames = [...lastFrames].map((frame, slot) => ((set & (1 << slot)) === 0 ? "" : frame)).join("_");
  return `${set}.${agreed}.${holds}.${proposal}.${words}.${left}.${joining}.${generations.join("")}.${frames}`;
}
