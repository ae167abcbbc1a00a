import { Random } from "../src/core/base/random.ts";
import type { LocalEvent, MemberSetting, Participant } from "./drop-member.ts";
import type { DropEnding, DropScenario, Exploration } from "./drop-scenario.ts";
import { DropStates, type LocalState } from "./drop-states.ts";
import { FingerprintSet } from "./fingerprint-set.ts";

/** Rounds of two seconds that are looked at after everything is quiet. */
const TICKS_MAX = 100;

/** A state of the whole match: numbers of member states, and of votes under way by pair. Arrays are shared between worlds, and never changed. */
interface World {
  readonly alive: number;
  readonly members: readonly number[];
  /** Who is alive and plays: bits. */
  readonly playing: number;
  readonly queues: readonly (readonly number[])[];
  /** By pair: the newest vote that was sent. */
  readonly sent: readonly number[];
  /** Who may die or leave now: bits. Of those who did nothing since, it was looked at before: the others' moves come to the same, before and after. */
  readonly mayGo: number;
  readonly ticks: number;
  readonly path: Path | undefined;
}

interface Path {
  readonly before: Path | undefined;
  /** `undefined`: two seconds passed. */
  readonly move: Move | undefined;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

const NOTHING: readonly number[] = [];

type Move = readonly [participant: number, kind: LocalEvent["kind"] | "kill" | "lose", argument: number, from: number];

/**
 * Runs every interleaving of a scenario that leads to another state, and hands over each ending.
 *
 * The agreement of one member is deterministic: what each of its states does on each event is computed once, with the real code, and remembered by number. A state of the match is
 * then a few numbers, and a million of them are looked at in seconds. Where every vote that can still reach one member next is under way, and nobody else can fall silent to it, only that
 * member's moves are followed: those of others commute with them, so that no ending is lost. (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, chapter 4.)
 */
export class DropExplorer {
  readonly #scenario: DropScenario;
  readonly #setting: MemberSetting;
  readonly #count: number;
  /** By participant: the slot and generation of each. */
  readonly #slots: readonly number[];
  readonly #generations: readonly number[];
  /** Who may die in this scenario, and who may leave. */
  readonly #mortal: number;
  readonly #leaving: number;
  /** Who may be dropped although it lives. */
  readonly #accused: number;
  readonly #states: DropStates;
  readonly #seen = new FingerprintSet();

  constructor(scenario: DropScenario) {
    const { memberCount, vacant = [], joins = [], words = [] } = scenario;
    this.#scenario = scenario;
    const participants: Participant[] = Array.from({ length: memberCount }, (_, slot) => ({ slot, generation: 0 }));
    for (const slot of joins) {
      const generation = 1 + participants.filter((other) => other.slot === slot && other.generation > 0).length;
      participants.push({ slot, generation });
    }
    this.#count = participants.length;
    this.#slots = participants.map(({ slot }) => slot);
    this.#generations = participants.map(({ generation }) => generation);
    this.#mortal = bitsOf(scenario.mortal ?? []);
    this.#leaving = bitsOf(scenario.leaving ?? []);
    this.#accused = bitsOf([...(scenario.broken ?? []), ...(scenario.flaky ?? [])].flat());
    this.#setting = {
      slotCount: memberCount,
      vacant: bitsOf(vacant),
      words: bitsOf(words),
      participants,
      joiners: joins.map((_, place) => memberCount + place),
    };
    this.#states = new DropStates(this.#setting);
  }

  explore(ending: (ending: DropEnding) => void): Exploration {
    const { random, statesMax = Number.POSITIVE_INFINITY } = this.#scenario;
    let endings = 0;
    const end = (world: World): void => {
      endings++;
      ending(this.#endingOf(world));
    };
    if (random !== undefined) {
      for (let run = 0; run < random.runs; run++) this.#run(new Random(random.seed + run), end);
      return { states: 0, endings, memberStates: this.#states.count, isComplete: false };
    }
    const order = new Random(1);
    const stack = [this.#first()];
    let isComplete = true;
    for (let world = stack.pop(); world !== undefined; world = stack.pop()) {
      if (this.#seen.size >= statesMax) {
        isComplete = false;
        break;
      }
      if (!this.#isNew(world)) continue;
      const moves = this.#movesOf(world);
      if (moves.every(([, kind, , from]) => isOptional(kind) || (kind === "deliver" && !this.#isAlive(world, from)))) {
        const later = this.#afterRest(world);
        if (later === undefined) end(world);
        else stack.push(later);
      }
      shuffle(moves, order);
      for (const move of this.#reduced(world, moves)) stack.push(this.#after(world, move));
    }
    return { states: this.#seen.size, endings, memberStates: this.#states.count, isComplete };
  }

  /** One run in a random order. What is optional happens with small chances. */
  #run(random: Random, end: (world: World) => void): void {
    let world = this.#first();
    for (;;) {
      const moves = this.#movesOf(world);
      const must = moves.filter(([, kind, , from]) => !isOptional(kind) && (kind !== "deliver" || this.#isAlive(world, from)));
      if (must.length === 0) {
        const later = this.#afterRest(world);
        if (later === undefined) return end(world);
        world = later;
        continue;
      }
      const may = moves.filter((move) => !must.includes(move));
      const from = may.length > 0 && random.chance(0.02) ? may : must;
      const move = from[random.integer(from.length)];
      if (move !== undefined) world = this.#after(world, move);
    }
  }

  #first(): World {
    const { dead = [], vacant = [] } = this.#scenario;
    const gone = bitsOf([...dead, ...vacant]);
    const members = this.#setting.participants.map((_, index) => this.#states.first(index));
    const queues = Array.from({ length: this.#count ** 2 }, () => NOTHING);
    const alive = ((1 << this.#count) - 1) & ~gone;
    const playing = this.#playing(alive, members);
    return { alive, members, playing, queues, sent: queues.map(() => -1), mayGo: -1, ticks: 0, path: undefined };
  }

  #playing(alive: number, members: readonly number[]): number {
    let playing = 0;
    for (let index = 0; index < members.length; index++) {
      if ((alive & (1 << index)) !== 0 && this.#states.state(members[index] ?? -1).resting.status === "playing") playing |= 1 << index;
    }
    return playing;
  }

  #isNew({ alive, members, playing, queues, sent, mayGo }: World): boolean {
    const seen = this.#seen;
    const count = this.#count;
    seen.begin(alive);
    seen.mix(mayGo & ((this.#mortal & alive) | (this.#leaving & playing)));
    for (const member of members) seen.mix(member);
    for (const queue of queues) {
      seen.mix(-1 - queue.length);
      for (const vote of queue) seen.mix(vote);
    }
    for (let from = 0; from < count; from++) {
      for (let to = 0; to < count; to++) {
        const isOpen = (playing & (1 << from)) !== 0 && (playing & (1 << to)) !== 0;
        seen.mix(isOpen ? (sent[from * count + to] ?? -1) : -1);
      }
    }
    return seen.add();
  }

  #stateOf(world: World, index: number): LocalState {
    return this.#states.state(world.members[index] ?? -1);
  }

  #isAlive(world: World, index: number): boolean {
    return (world.alive & (1 << index)) !== 0;
  }

  #plays(world: World, index: number): boolean {
    return (world.playing & (1 << index)) !== 0;
  }

  #movesOf(world: World): Move[] {
    const moves: Move[] = [];
    for (let index = 0; index < this.#count; index++) {
      if (!this.#isAlive(world, index)) continue;
      const { status } = this.#stateOf(world, index).resting;
      const bit = 1 << index;
      if ((world.mayGo & this.#mortal & bit) !== 0) moves.push([index, "kill", 0, -1]);
      if (status === "outside" && this.#mayStart(world, index)) moves.push([index, "start", 0, -1]);
      if (status !== "playing") continue;
      if ((world.mayGo & this.#leaving & bit) !== 0) moves.push([index, "leave", 0, -1]);
      this.#addLocalMoves(world, index, moves);
      for (let from = 0; from < this.#count; from++) {
        const [vote] = world.queues[from * this.#count + index] ?? NOTHING;
        // One that counts somebody whose entry it has not confirmed is left aside, and heard again.
        if (vote !== undefined && !this.#isEarly(this.#stateOf(world, index), vote)) moves.push([index, "deliver", vote, from]);
      }
    }
    const notice = this.#scenario.isNoticedFirst === true ? moves.find(([, kind]) => kind === "notice") : undefined;
    return notice === undefined ? moves : [notice];
  }

  #addLocalMoves(world: World, index: number, moves: Move[]): void {
    const state = this.#stateOf(world, index);
    const { participants, joiners } = this.#setting;
    for (let other = 0; other < this.#count; other++) {
      const [slot, generation] = [this.#slots[other] ?? 0, this.#generations[other] ?? 0];
      // Of a slot only the newest holder that it knows is watched.
      if (other === index || state.announced[slot] !== generation || this.#slots[index] === slot) continue;
      const bit = 1 << slot;
      const isFlaky = isPair(this.#scenario.flaky, index, other) && this.#isAlive(world, other);
      const { status } = this.#stateOf(world, other).resting;
      // A joiner that cannot learn that it may begin is silent to those who count it.
      const isLate = status === "outside" && (state.resting.generations[slot] ?? 0) === generation && !this.#mayStart(world, other);
      const isGone = !this.#isAlive(world, other) || isLate || (status !== "playing" && status !== "outside");
      const isSilent = isGone || isPair(this.#scenario.broken, index, other) || (isFlaky && (state.heardAgain & bit) === 0);
      if (isSilent && (state.noticed & bit) === 0) moves.push([index, "notice", slot, -1]);
      if (isFlaky && !isGone && (state.noticed & bit) !== 0) moves.push([index, "hear", slot, -1]);
    }
    const next = participants[joiners[state.announcedCount] ?? -1];
    const isVacant = next !== undefined && (state.resting.agreed & (1 << next.slot)) !== 0;
    if (isVacant && state.resting.generations[next.slot] === next.generation - 1) moves.push([index, "announce", 0, -1]);
    for (let place = 0; place < state.announcedCount; place++) {
      const { slot = 0, generation = 0 } = participants[joiners[place] ?? -1] ?? {};
      const isCounted = (state.resting.generations[slot] ?? 0) >= generation;
      if (!isCounted && this.#isSettled(world, index, place, true)) moves.push([index, "accept", slot, -1]);
    }
  }

  /** All whom `index` counts have confirmed the entry of the joiner at `place`: `isKnown`, those too who came before it and have not begun. */
  #isSettled(world: World, index: number, place: number, isKnown: boolean): boolean {
    const state = this.#stateOf(world, index);
    return this.#setting.participants.every(({ slot, generation }, other) => {
      const counted = state.resting.generations[slot] ?? 0;
      if (generation < counted || (generation === counted && (state.resting.agreed & (1 << slot)) !== 0)) return true;
      // Its entry is after this one, or it is not asked before it counts.
      if (generation > counted && (!isKnown || this.#setting.joiners.indexOf(other) >= place)) return true;
      // A newcomer holds nobody up before its first frame; but who counts others asks it, too.
      if (generation > 0 && !isKnown) return true;
      // Who follows has nothing that is not settled; but it begins with what it knew at its own entry.
      const { resting, announcedCount } = this.#stateOf(world, other);
      if (resting.status === "outside" && (!isKnown || this.#setting.joiners.indexOf(other) >= place)) return true;
      return announcedCount > place;
    });
  }

  /** Who follows learns of its entry once it is settled with those who are not dropped. */
  #mayStart(world: World, index: number): boolean {
    const place = this.#setting.joiners.indexOf(index);
    for (let other = 0; other < this.#count; other++) {
      if (this.#plays(world, other) && this.#stateOf(world, other).announcedCount > place && this.#isSettled(world, other, place, false))
        return true;
    }
    return false;
  }

  #isEarly(state: LocalState, vote: number): boolean {
    const generations = this.#states.vote(vote)?.generations;
    for (let slot = 0; slot < state.announced.length; slot++) if ((generations?.[slot] ?? 0) > (state.announced[slot] ?? 0)) return true;
    return false;
  }

  /** True while the moves of all depend on each other: somebody may begin, who hears only what is sent then; or who may die can be heard again. */
  #isEntangled(world: World): boolean {
    const { flaky = [], random, isFull } = this.#scenario;
    if (isFull === true || random !== undefined || (flaky.length > 0 && this.#mortal !== 0)) return true;
    const { joiners } = this.#setting;
    for (let index = 0; index < this.#count && joiners.length > 0; index++) {
      if (this.#plays(world, index) && this.#stateOf(world, index).announcedCount < joiners.length) return true;
      if (joiners.includes(index) && this.#isAlive(world, index) && this.#stateOf(world, index).resting.status === "outside") return true;
    }
    return false;
  }

  /** The moves of some members only, where nothing that others do can add to them. */
  #reduced(world: World, moves: readonly Move[]): readonly Move[] {
    if (this.#isEntangled(world)) return moves;
    const done = moves.find(([index, kind]) => kind === "deliver" && this.#isDone(world, index));
    if (done !== undefined) return [done];
    let least = moves;
    // Who goes falls silent to all. So does who is accused and lives, once it is told.
    const goers = this.#goersOf(world) | (this.#accused & world.playing);
    for (let index = 0; index < this.#count; index++) {
      if (!this.#plays(world, index)) continue;
      const group = this.#groupOf(world, goers | (1 << index));
      const own = moves.filter(([participant]) => (group & (1 << participant)) !== 0);
      if (own.length > 0 && own.length < least.length) least = own;
    }
    const lost = least.filter(([, kind, , from]) => kind === "deliver" && !this.#isAlive(world, from));
    return [...least, ...lost.map(([index, , , from]): Move => [index, "lose", 0, from])];
  }

  /** Who may still die or leave. */
  #goersOf({ alive, playing }: World): number {
    return (this.#mortal & alive) | (this.#leaving & playing);
  }

  /** `members`, with all who may send one of them a vote that would be the next one to arrive there. */
  #groupOf(world: World, members: number): number {
    let group = members;
    for (let before = 0; before !== group;) {
      before = group;
      for (let to = 0; to < this.#count; to++) {
        if ((before & (1 << to)) === 0) continue;
        for (let from = 0; from < this.#count; from++) {
          const isQuiet = from !== to && this.#plays(world, from) && world.queues[from * this.#count + to]?.length === 0;
          if (isQuiet) group |= 1 << from;
        }
      }
    }
    return group;
  }

  /** True when `index` has dropped all who are gone: what it still hears changes nothing that it does, in whatever order. */
  #isDone(world: World, index: number): boolean {
    if ((this.#goersOf(world) | (this.#accused & world.playing)) !== 0) return false;
    const { agreed, joining, isJoining } = this.#stateOf(world, index).resting;
    if (joining !== 0 || isJoining) return false;
    return this.#setting.participants.every(({ slot }, other) => this.#plays(world, other) || (agreed & (1 << slot)) !== 0);
  }

  #after(world: World, move: Move): World {
    const [index, kind, argument, from] = move;
    const { alive, members, playing, queues, sent, mayGo, ticks } = world;
    const path = { before: world.path, move };
    const bit = 1 << index;
    if (kind === "kill") {
      const left = this.#withoutQueuesTo(queues, index);
      return { alive: alive & ~bit, members, playing: playing & ~bit, queues: left, sent, mayGo, ticks, path };
    }
    const pair = from * this.#count + index;
    if (kind === "lose") return { alive, members, playing, queues: queues.with(pair, NOTHING), sent, mayGo, ticks, path };
    const rest = kind === "deliver" ? queues.with(pair, queues[pair]?.slice(1) ?? NOTHING) : queues;
    const next = this.#moved(world, rest, index, { kind, argument, from });
    next.path = path;
    if (this.#goersOf(next) !== 0 && !this.#isEntangled(world) && !this.#isEntangled(next)) next.mayGo = bit;
    return next;
  }

  /** Copies no object by its fields: millions of worlds are made here. */
  #moved(world: World, queuesBefore: World["queues"], index: number, event: LocalEvent): Mutable<World> {
    const transition = this.#states.transition(world.members[index] ?? -1, event);
    const next = this.#states.state(transition.next);
    const bit = 1 << index;
    const playing = next.resting.status === "playing" ? world.playing | bit : world.playing & ~bit;
    let queues = queuesBefore;
    let { sent } = world;
    if (transition.sendsTo !== undefined) {
      const [newQueues, newSent] = [queues.slice(), sent.slice()];
      const own = this.#states.vote(transition.vote)?.set ?? 0;
      for (let to = 0; to < this.#count; to++) {
        const pair = index * this.#count + to;
        const slot = this.#slots[to] ?? 0;
        const isAddressed =
          (transition.sendsTo === "all" || transition.sendsTo === to) &&
          next.announced[slot] === this.#generations[to] &&
          slot !== this.#slots[index] &&
          this.#plays(world, to) &&
          !isPair(this.#scenario.broken, index, to);
        // Nothing is lost here: to hear the same again tells only those something whom it casts out.
        if (!isAddressed || (sent[pair] === transition.vote && (own & (1 << slot)) === 0)) continue;
        newQueues[pair] = [...(queues[pair] ?? NOTHING), transition.vote];
        newSent[pair] = transition.vote;
      }
      [queues, sent] = [newQueues, newSent];
    }
    if (next.resting.status !== "playing") queues = this.#withoutQueuesTo(queues, index);
    const { alive, ticks, path } = world;
    return { alive, members: world.members.with(index, transition.next), playing, queues, sent, mayGo: -1, ticks, path };
  }

  /** Who plays no longer takes nothing. */
  #withoutQueuesTo(queues: World["queues"], index: number): World["queues"] {
    return queues.map((queue, pair) => (pair % this.#count === index ? NOTHING : queue));
  }

  /** Two seconds later, with what everybody repeats under way; `undefined` when all of that changes nothing any more. */
  #afterRest(world: World): World | undefined {
    let later: World = { ...world, mayGo: -1, ticks: world.ticks + 1, path: { before: world.path, move: undefined } };
    for (let index = 0; index < this.#count; index++) {
      if (this.#plays(later, index)) later = this.#moved(later, later.queues, index, { kind: "tick", argument: 0, from: -1 });
    }
    if (world.ticks >= TICKS_MAX) throw new Error(`no rest: ${actionsOf(world).join(", ")}`);
    let drained = later;
    for (let round = 0; round < 2; round++) drained = this.#drained(drained);
    return drained.members.every((member, index) => member === world.members[index]) ? undefined : later;
  }

  /** Everything that the living have under way arrives, in one order; then everybody repeats. */
  #drained(world: World): World {
    let at = world;
    for (;;) {
      const move = this.#movesOf(at).find(([, kind, , from]) => kind === "deliver" && this.#isAlive(at, from));
      if (move === undefined) break;
      at = this.#after(at, move);
    }
    for (let index = 0; index < this.#count; index++) {
      if (this.#plays(at, index)) at = this.#moved(at, at.queues, index, { kind: "tick", argument: 0, from: -1 });
    }
    return at;
  }

  #endingOf(world: World): DropEnding {
    const members = this.#setting.participants.map((_, index) => ({
      ...this.#stateOf(world, index).resting,
      isAlive: this.#isAlive(world, index),
    }));
    return { members, actions: actionsOf(world) };
  }
}

/** What need not happen. */
function isOptional(kind: Move[1]): boolean {
  return kind === "kill" || kind === "leave";
}

function actionsOf(world: World): string[] {
  const actions: string[] = [];
  for (let at = world.path; at !== undefined; at = at.before) actions.push(at.move?.join(" ") ?? "tick");
  return actions.toReversed();
}

function bitsOf(indexes: readonly number[]): number {
  return indexes.reduce((bits, index) => bits | (1 << index), 0);
}

/** So that a scenario that is cut short is cut short everywhere. */
function shuffle(moves: Move[], random: Random): void {
  for (let place = moves.length - 1; place > 0; place--) {
    const other = random.integer(place + 1);
    const [first, second] = [moves[place], moves[other]];
    if (first !== undefined && second !== undefined) [moves[place], moves[other]] = [second, first];
  }
}

function isPair(pairs: readonly (readonly [number, number])[] | undefined, a: number, b: number): boolean {
  return (pairs ?? []).some(([first, second]) => (first === a && second === b) || (first === b && second === a));
}
