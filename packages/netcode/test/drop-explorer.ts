import { Random } from "../src/core/base/random.ts";
import { NULL_FRAME } from "../src/core/base/units.ts";
import { DropAgreement } from "../src/core/rollback/drop-agreement.ts";
import { DropVote } from "../src/core/wire/drop-vote-codec.ts";

/**
 * What can happen in one run: `kill` a member, lose what a dead member had under way, notice that a member is silent or speaks again, deliver the oldest
 * vote of a pair.
 */
type Action = readonly ["kill" | "lose" | "notice" | "hear" | "deliver", from: number, to: number];

export interface DropScenario {
  readonly memberCount: number;
  /** Dead from the beginning. */
  readonly dead?: readonly number[];
  /** May die at any moment, or not at all. */
  readonly mortal?: readonly number[];
  /** Pairs that cannot talk from the beginning. */
  readonly broken?: readonly (readonly [number, number])[];
  /** Pairs that fall silent once, and speak again. */
  readonly flaky?: readonly (readonly [number, number])[];
  /** For whom everybody has the broker's word. */
  readonly words?: readonly number[];
  /** Stop after so many states. */
  readonly statesMax?: number;
}

interface Member {
  readonly agreement: DropAgreement;
  readonly decided: Map<number, number>;
  noticed: number;
  heardAgain: number;
  alive: boolean;
}

/** A run that came to rest: nothing is under way and nobody has anything to add. */
export interface DropEnding {
  readonly alive: readonly number[];
  /** By member: whom it has dropped, with their last frames; `undefined` for the dead. */
  readonly decided: readonly (ReadonlyMap<number, number> | undefined)[];
  readonly isWaiting: readonly boolean[];
  readonly actions: readonly Action[];
}

/** Runs every interleaving of a scenario that leads to another state, and hands over each ending. Returns the number of states. */
export function exploreDrops(scenario: DropScenario, ending: (ending: DropEnding) => void): number {
  const seen = new Set<string>();
  const paths: Action[][] = [[]];
  const random = new Random(1);
  while (paths.length > 0) {
    const path = paths.pop() ?? [];
    const world = new DropWorld(scenario);
    for (const action of path) world.apply(action);
    const key = world.key();
    if (seen.has(key)) continue;
    seen.add(key);
    if (scenario.statesMax !== undefined && seen.size > scenario.statesMax) return seen.size;
    const actions = world.enabled();
    if (actions.every(([kind]) => kind === "kill")) ending(world.rest(path));
    shuffle(actions, random);
    for (const action of actions) paths.push([...path, action]);
  }
  return seen.size;
}

class DropWorld {
  readonly #scenario: DropScenario;
  readonly #members: readonly Member[];
  readonly #queues: DropVote[][][];
  #clockMs = 0;

  constructor(scenario: DropScenario) {
    this.#scenario = scenario;
    const { memberCount } = scenario;
    this.#members = Array.from({ length: memberCount }, (_, index) => ({
      agreement: new DropAgreement(memberCount, index),
      decided: new Map<number, number>(),
      noticed: 0,
      heardAgain: 0,
      alive: scenario.dead?.includes(index) !== true,
    }));
    this.#queues = Array.from({ length: memberCount }, () => Array.from({ length: memberCount }, () => []));
  }

  apply([kind, from, to]: Action): void {
    const member = this.#member(from);
    switch (kind) {
      case "kill":
        member.alive = false;
        break;
      case "lose":
        this.#queue(from, to).length = 0;
        break;
      case "notice":
        member.noticed |= 1 << to;
        this.#step(from);
        break;
      case "hear":
        member.noticed &= ~(1 << to);
        member.heardAgain |= 1 << to;
        this.#step(from);
        break;
      case "deliver": {
        const vote = this.#queue(from, to).shift();
        // Who is told that it was dropped plays no further; here it just hears nothing.
        if (vote !== undefined && (vote.agreed & (1 << to)) === 0) this.#member(to).agreement.receive(from, vote);
        this.#step(to);
        break;
      }
    }
  }

  enabled(): Action[] {
    const actions: Action[] = [];
    for (const mortal of this.#scenario.mortal ?? []) if (this.#member(mortal).alive) actions.push(["kill", mortal, mortal]);
    for (let from = 0; from < this.#members.length; from++) {
      for (let to = 0; to < this.#members.length; to++) {
        if (from === to) continue;
        const { alive, noticed, heardAgain } = this.#member(from);
        const bit = 1 << to;
        const isFlaky = isPair(this.#scenario.flaky, from, to) && this.#member(to).alive;
        const isSilent = !this.#member(to).alive || this.#isBroken(from, to) || (isFlaky && (heardAgain & bit) === 0);
        if (alive && isSilent && (noticed & bit) === 0) actions.push(["notice", from, to]);
        if (alive && isFlaky && (noticed & bit) !== 0) actions.push(["hear", from, to]);
        if (this.#queue(from, to).length === 0 || !this.#member(to).alive || this.#isBroken(from, to)) continue;
        actions.push(["deliver", from, to]);
        if (!this.#member(from).alive) actions.push(["lose", from, to]);
      }
    }
    return actions;
  }

  /** Lets time pass until nothing moves any more. */
  rest(path: readonly Action[]): DropEnding {
    for (let round = 0; round < 20; round++) {
      this.#clockMs += 2000;
      for (let member = 0; member < this.#members.length; member++) if (this.#member(member).alive) this.#step(member);
      for (let actions = this.enabled(); actions.some(([kind]) => kind === "deliver"); actions = this.enabled()) {
        for (const action of actions) if (action[0] === "deliver") this.apply(action);
      }
    }
    return {
      alive: this.#members.flatMap(({ alive }, member) => (alive ? [member] : [])),
      decided: this.#members.map(({ alive, decided }) => (alive ? decided : undefined)),
      isWaiting: this.#members.map(({ agreement }) => agreement.isWaiting),
      actions: path,
    };
  }

  key(): string {
    const members = this.#members.map(({ agreement, noticed, heardAgain, alive }) => {
      const votes = this.#members.map((_, voter) => voteKey(agreement.votes[voter]));
      return `${alive ? 1 : 0}${noticed}.${heardAgain}:${votes.join("/")}`;
    });
    return `${members.join("|")}#${this.#queues.map((row) => row.map((queue) => queue.map(voteKey).join("+")).join(",")).join(";")}`;
  }

  #step(index: number): void {
    const { agreement, decided, noticed } = this.#member(index);
    const words = (this.#scenario.words ?? []).reduce((bits, member) => bits | (1 << member), 0);
    const before = agreement.own.set;
    const view = { droppable: noticed, suspect: 0, words: words & noticed, left: 0, proposes: true, clockMs: this.#clockMs };
    const isChanged = agreement.consider(view);
    for (let member = 0; member < this.#members.length; member++) {
      // Everybody has another number of frames of everybody.
      const isEntered = (agreement.own.set & ~before & ~agreement.own.agreed & (1 << member)) !== 0;
      if (isEntered) agreement.own.lastFrames[member] = 100 + 10 * member + ((index * 3 + member) % 7);
    }
    const newlyDecided = agreement.decide();
    for (let member = 0; member < this.#members.length; member++) {
      const frame = agreement.own.lastFrames[member] ?? NULL_FRAME;
      if ((newlyDecided & (1 << member)) !== 0) decided.set(member, frame);
      if (decided.has(member) && decided.get(member) !== frame) throw new Error("a decided frame changed");
    }
    if (!isChanged && newlyDecided === 0) return;
    for (let to = 0; to < this.#members.length; to++)
      if (to !== index && this.#member(to).alive) this.#queue(index, to).push(copyVote(agreement.own));
  }

  #isBroken(a: number, b: number): boolean {
    return isPair(this.#scenario.broken, a, b);
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (member === undefined) throw new Error(`no member ${index}`);
    return member;
  }

  #queue(from: number, to: number): DropVote[] {
    return this.#queues[from]?.[to] ?? [];
  }
}

/** So that a scenario that is cut short is cut short everywhere. */
function shuffle(actions: Action[], random: Random): void {
  for (let place = actions.length - 1; place > 0; place--) {
    const other = random.integer(place + 1);
    const [first, second] = [actions[place], actions[other]];
    if (first !== undefined && second !== undefined) [actions[place], actions[other]] = [second, first];
  }
}

function isPair(pairs: readonly (readonly [number, number])[] | undefined, a: number, b: number): boolean {
  return (pairs ?? []).some(([first, second]) => (first === a && second === b) || (first === b && second === a));
}

function copyVote(vote: DropVote): DropVote {
  const copy = new DropVote();
  copy.copyFrom(vote);
  return copy;
}

function voteKey(vote: DropVote | undefined): string {
  if (vote === undefined) return "";
  const { set, agreed, holds, proposal, words, lastFrames } = vote;
  return `${set}.${agreed}.${holds}.${proposal}.${words}.${lastFrames.join("_")}`;
}
