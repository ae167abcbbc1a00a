import type { RestingMember } from "./drop-states.ts";

export interface DropScenario {
  readonly memberCount: number;
  /** Slots that nobody holds at first. */
  readonly vacant?: readonly number[];
  /** Slots that somebody joins into while all this goes on, in the order of the seat entries: vacant ones, or ones whose holder goes. Those who join have indexes from `memberCount` on. */
  readonly joins?: readonly number[];
  /** Dead from the beginning: a joiner never starts. */
  readonly dead?: readonly number[];
  /** May die at any moment, or not at all. */
  readonly mortal?: readonly number[];
  /** May say goodbye at any moment, or not at all. */
  readonly leaving?: readonly number[];
  /** Pairs that cannot talk from the beginning. */
  readonly broken?: readonly (readonly [number, number])[];
  /** Pairs that fall silent once, and speak again. */
  readonly flaky?: readonly (readonly [number, number])[];
  /** Slots for whose holders everybody has the broker's word. */
  readonly words?: readonly number[];
  /** Everybody notices who is gone before any vote arrives: what is left is every order in which votes arrive. */
  readonly isNoticedFirst?: boolean;
  /** Every move in every state: what the shorter search must come to, too. */
  readonly isFull?: boolean;
  /** Stop after so many states. */
  readonly statesMax?: number;
  /** Instead of everything: so many runs, each in an order of its own from this seed on. */
  readonly random?: { readonly runs: number; readonly seed: number };
}

/** A run that came to rest: nothing is under way and nobody has anything to add. */
export interface DropEnding {
  readonly members: readonly RestingMember[];
  readonly actions: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly endings: number;
  /** Different states of single members. */
  readonly memberStates: number;
  readonly isComplete: boolean;
}
