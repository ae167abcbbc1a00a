import { assert, unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { SessionPlayer } from "../ports/session.ts";
import type { EmitEvent, Simulation } from "../ports/simulation.ts";
import type { TimelineEntry } from "./timeline.ts";

export interface SettledRunnerOptions {
  readonly simulation: Simulation;
  /** The seats as they were before frame 0. */
  readonly players: readonly SessionPlayer[];
  /** Hears of each entry as it takes effect. */
  readonly handleEntry?: (entry: TimelineEntry) => void;
}

/** Runs a simulation over inputs that are settled: forwards only, no prediction. For followers and replays. */
export class SettledRunner {
  readonly #simulation: Simulation;
  readonly #players: readonly SessionPlayer[];
  readonly #handleEntry: (entry: TimelineEntry) => void;
  readonly #holders: (PeerId | undefined)[];
  readonly #bots: Uint8Array;
  #timeline: TimelineEntry[] = [];
  /** Entries before this one have taken effect. */
  #entryIndex = 0;
  #frame = 0;
  #stepFrame = 0;
  #isPaused = false;

  constructor(options: SettledRunnerOptions) {
    this.#simulation = options.simulation;
    this.#players = options.players;
    this.#handleEntry = options.handleEntry ?? ignoreEntry;
    this.#holders = options.players.map(({ peerId }) => peerId);
    this.#bots = new Uint8Array(options.players.length);
    this.begin(0, 0, []);
  }

  /** The next frame; the live state is the one before it. */
  get frame(): number {
    return this.#frame;
  }

  /** The game's own number of its next step. */
  get stepFrame(): number {
    return this.#stepFrame;
  }

  /** The last frame did not step the game. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Who held each player's seat in the last frame; `undefined` for a bot. */
  get holders(): readonly (PeerId | undefined)[] {
    return this.#holders;
  }

  /** Everything that is known, in order; some of it lies ahead of `frame`. */
  get timeline(): readonly TimelineEntry[] {
    return this.#timeline;
  }

  /** The live state is that before `frame` now. What took effect before is not told again. */
  begin(frame: number, stepFrame: number, timeline: readonly TimelineEntry[]): void {
    this.#frame = frame;
    this.#stepFrame = stepFrame;
    this.#timeline = [...timeline];
    this.#isPaused = false;
    for (const [player, { peerId }] of this.#players.entries()) this.#holders[player] = peerId;
    this.#entryIndex = 0;
    for (let entry = this.#timeline[0]; entry !== undefined && entry.frame < frame; entry = this.#timeline[this.#entryIndex]) {
      this.#apply(entry);
      this.#entryIndex++;
    }
    this.#markBots();
  }

  /** Entries by rising frame, of which some may be known. Those of frames that have run are left alone. */
  learn(entries: readonly TimelineEntry[]): void {
    let at = this.#entryIndex;
    for (let index = 0; index < entries.length;) {
      const { frame } = entries[index] ?? { frame: 0 };
      let end = index;
      while (entries[end]?.frame === frame) end++;
      if (frame >= this.#frame) at = this.#learnFrame(at, frame, entries.slice(index, end));
      index = end;
    }
  }

  /** Runs `frame` with the inputs of all players. */
  step(row: Uint8Array, emit: EmitEvent): void {
    for (let entry = this.#timeline[this.#entryIndex]; entry?.frame === this.#frame; entry = this.#timeline[this.#entryIndex]) {
      this.#entryIndex++;
      this.#apply(entry);
      this.#markBots();
      this.#handleEntry(entry);
    }
    const next = this.#timeline[this.#entryIndex];
    assert(next === undefined || next.frame > this.#frame, "a timeline in order");
    this.#frame++;
    if (!this.#isPaused) this.#simulation.step(this.#stepFrame++, row, this.#bots, emit);
  }

  /** Of two lists of one frame the longer one is newer: entries are only ever added. Returns where later frames begin. */
  #learnFrame(from: number, frame: number, entries: readonly TimelineEntry[]): number {
    let start = from;
    while ((this.#timeline[start]?.frame ?? Number.POSITIVE_INFINITY) < frame) start++;
    let end = start;
    while (this.#timeline[end]?.frame === frame) end++;
    if (entries.length > end - start) this.#timeline.splice(start, end - start, ...entries);
    return start;
  }

  #apply(entry: TimelineEntry): void {
    switch (entry.type) {
      case "seat-to-bot":
        for (const player of entry.playerIndexes) this.#holders[player] = undefined;
        return;
      case "seat-to-player":
        for (const player of entry.playerIndexes) this.#holders[player] = entry.peerId;
        return;
      case "pause":
      case "resume":
        this.#isPaused = entry.type === "pause";
        return;
      case "input-delay":
        return;
      default:
        return unreachable(entry);
    }
  }

  #markBots(): void {
    for (let player = 0; player < this.#bots.length; player++) this.#bots[player] = this.#holders[player] === undefined ? 1 : 0;
  }
}

function ignoreEntry(): void {}
