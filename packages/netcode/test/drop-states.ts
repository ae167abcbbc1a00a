import { DropVote } from "../src/core/wire/drop-vote-codec.ts";
import { DropMember, voteKey, type LocalEvent, type MemberSetting, type MemberStatus, type Participant } from "./drop-member.ts";

/** One participant when nothing moves any more. */
export interface RestingMember extends Participant {
  readonly isAlive: boolean;
  readonly status: MemberStatus;
  /** By slot and generation, as in `0.1`: the last frames that it decided. */
  readonly decided: ReadonlyMap<string, number>;
  readonly isWaiting: boolean;
  readonly isJoining: boolean;
  /** Slots whose holders are gone for it, that it has cast out, and that may not count everywhere yet. */
  readonly agreed: number;
  readonly set: number;
  readonly joining: number;
  readonly generations: readonly number[];
}

/** A state of one member. */
export interface LocalState {
  readonly index: number;
  readonly parent: LocalState | undefined;
  readonly event: LocalEvent | undefined;
  readonly resting: RestingMember;
  readonly noticed: number;
  readonly heardAgain: number;
  readonly announcedCount: number;
  /** By slot: the newest generation of which it has confirmed the entry. */
  readonly announced: readonly number[];
  readonly transitions: Map<number, Transition>;
}

/** What an event makes of it, and which vote it sends then. */
export interface Transition {
  readonly next: number;
  readonly vote: number;
  readonly sendsTo: "all" | number | undefined;
}

const KINDS: readonly LocalEvent["kind"][] = ["notice", "hear", "announce", "accept", "start", "leave", "tick", "deliver"];

/** The states of single members by number, and the votes that they send: what each does on each event is computed once, with the real code. */
export class DropStates {
  readonly #setting: MemberSetting;
  readonly #votes: DropVote[] = [];
  readonly #voteNumbers = new Map<string, number>();
  readonly #states: LocalState[] = [];
  readonly #stateNumbers = new Map<string, number>();

  constructor(setting: MemberSetting) {
    this.#setting = setting;
  }

  get count(): number {
    return this.#states.length;
  }

  /** The number of the state in which the participant `index` begins. */
  first(index: number): number {
    return this.#intern(new DropMember(this.#setting, index), undefined, undefined);
  }

  state(number: number): LocalState {
    const state = this.#states[number];
    if (state === undefined) throw new Error(`no state ${number}`);
    return state;
  }

  vote(number: number): DropVote | undefined {
    return this.#votes[number];
  }

  transition(number: number, event: LocalEvent): Transition {
    const state = this.state(number);
    const key = (KINDS.indexOf(event.kind) * 32 + event.from + 1) * 1_000_000 + event.argument;
    let transition = state.transitions.get(key);
    if (transition === undefined) {
      const member = this.#replay(state);
      member.apply(event, this.#votes);
      const sends = member.sendsTo !== undefined;
      transition = {
        next: this.#intern(member, state, event),
        vote: sends ? this.#voteNumber(member.agreement.own) : -1,
        sendsTo: member.sendsTo,
      };
      state.transitions.set(key, transition);
    }
    return transition;
  }

  #replay(state: LocalState): DropMember {
    const events: LocalEvent[] = [];
    for (let at: LocalState | undefined = state; at?.event !== undefined; at = at.parent) events.push(at.event);
    const member = new DropMember(this.#setting, state.index);
    for (const event of events.toReversed()) member.apply(event, this.#votes);
    return member;
  }

  #intern(member: DropMember, parent: LocalState | undefined, event: LocalEvent | undefined): number {
    const key = `${member.index}:${member.key()}`;
    const known = this.#stateNumbers.get(key);
    if (known !== undefined) return known;
    const { index, status, participant, noticed, heardAgain, announcedCount } = member;
    const isOutside = status === "outside";
    const own = isOutside ? new DropVote() : member.agreement.own;
    const resting: RestingMember = {
      ...participant,
      isAlive: true,
      status,
      decided: new Map(member.decided),
      isWaiting: !isOutside && member.agreement.isWaiting,
      isJoining: !isOutside && member.agreement.isJoining,
      agreed: own.agreed,
      set: own.set,
      joining: own.joining,
      generations: [...own.generations.subarray(0, this.#setting.slotCount)],
    };
    const announced = Array.from({ length: this.#setting.slotCount }, (_, slot) => member.generationOf(slot));
    this.#states.push({ index, parent, event, resting, noticed, heardAgain, announcedCount, announced, transitions: new Map() });
    this.#stateNumbers.set(key, this.#states.length - 1);
    return this.#states.length - 1;
  }

  #voteNumber(vote: DropVote): number {
    const key = voteKey(vote);
    let number = this.#voteNumbers.get(key);
    if (number === undefined) {
      const copy = new DropVote();
      copy.copyFrom(vote);
      number = this.#votes.push(copy) - 1;
      this.#voteNumbers.set(key, number);
    }
    return number;
  }
}
