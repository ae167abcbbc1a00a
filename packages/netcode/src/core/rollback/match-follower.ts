import { assert } from "../base/assert.ts";
import type { ByteReader } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { SessionPlayer } from "../ports/session.ts";
import type { EmitEvent, Simulation } from "../ports/simulation.ts";
import { FeedClient, type ChecksumReport } from "./feed-client.ts";
import { SettledRunner } from "./settled-runner.ts";
import type { SessionSnapshot, SettledSource } from "./settled-source.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Checksums of feeders that wait until we are there: four minutes of them. */
const REPORTS_MAX = 512;

export interface MatchFollowerOptions {
  readonly localPeerId: PeerId;
  /** The seats as they were before frame 0. */
  readonly players: readonly SessionPlayer[];
  readonly matchEpoch: number;
  readonly simulation: Simulation;
  /** Whom to ask, best first. Left out: the players' peers. */
  readonly feeders?: readonly PeerId[];
  /** Frames that are remembered, a power of two. */
  readonly historyFrames: number;
  readonly isLive: boolean;
  readonly serves: boolean;
  readonly handleEntry: (entry: TimelineEntry) => void;
  /** Somebody's state after a frame is not ours. */
  readonly handleDesync: (report: ChecksumReport, localChecksum: number) => void;
}

/** A match as somebody sees it who does not play: a state, once, and then frame by frame what is settled. A source for others in its turn. */
export class MatchFollower implements SettledSource {
  readonly client: FeedClient;
  readonly runner: SettledRunner;
  readonly #options: MatchFollowerOptions;
  readonly #row: Uint8Array;
  readonly #checksums: Uint32Array;
  readonly #checksumFrames: Int32Array;
  readonly #reports = new Map<number, ChecksumReport>();
  #isStarted = false;

  constructor(nowMs: number, options: MatchFollowerOptions) {
    const { simulation, players, historyFrames } = options;
    const { playerCount, inputBytes } = simulation;
    const feeders = options.feeders ?? players.flatMap(({ peerId }) => peerId ?? []);
    this.#options = options;
    this.client = new FeedClient(nowMs, { ...options, feeders, playerCount, inputBytes });
    const handleEntry = (entry: TimelineEntry): void => {
      // Who was there at first may be gone by now, or have another id.
      if (entry.type === "seat-to-player") this.client.addFeeder(entry.peerId);
      options.handleEntry(entry);
    };
    this.runner = new SettledRunner({ simulation, players, handleEntry });
    this.#row = new Uint8Array(playerCount * inputBytes);
    this.#checksums = new Uint32Array(historyFrames);
    this.#checksumFrames = new Int32Array(historyFrames).fill(NULL_FRAME);
  }

  /** There is a state. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  get settledFrame(): number {
    return this.client.newestFrame;
  }

  get oldestFrame(): number {
    return this.client.hasBase ? this.client.oldestFrame : 0;
  }

  /** Frames that could be run now. */
  get behindFrames(): number {
    return this.#isStarted ? this.client.newestFrame + 1 - this.runner.frame : 0;
  }

  /** The inputs of the next frame are here. */
  get canStep(): boolean {
    return this.#isStarted && this.client.has(this.runner.frame);
  }

  copyRow(frame: number, into: Uint8Array): void {
    this.client.copyRow(frame, into);
  }

  entriesFrom(frame: number): readonly TimelineEntry[] {
    const { timeline } = this.runner;
    let index = timeline.length;
    while (index > 0 && (timeline[index - 1]?.frame ?? 0) >= frame) index--;
    return timeline.slice(index);
  }

  checksum(frame: number): number | undefined {
    const slot = frame & (this.#options.historyFrames - 1);
    return frame >= 0 && this.#checksumFrames[slot] === frame ? this.#checksums[slot] : undefined;
  }

  takeSnapshot(): SessionSnapshot | undefined {
    const { frame, stepFrame, timeline } = this.runner;
    if (!this.#isStarted || frame === 0 || !this.client.has(frame - 1)) return undefined;
    const { simulation } = this.#options;
    const baseRow = new Uint8Array(this.#row.length);
    this.client.copyRow(frame - 1, baseRow);
    return { frame, stepFrame, timeline, baseRow, checksum: simulation.checksum(), bytes: simulation.serialize() };
  }

  /** A message of the kinds 0x23, 0x24 and 0x26, from after kind and epoch. Returns why it was refused. */
  handleMessage(nowMs: number, from: PeerId, kind: number, reader: ByteReader): string | undefined {
    const keepFrame = this.#isStarted ? this.runner.frame : 0;
    const refusal = this.client.handleMessage(nowMs, from, kind, reader, keepFrame);
    if (refusal !== undefined) return refusal;
    const entries = this.client.takeEntries();
    if (entries.length > 0) this.runner.learn(entries);
    const report = this.client.takeReport();
    if (report !== undefined) this.compare(report);
    return undefined;
  }

  /** Makes a state that came the live one. Returns why it was refused. */
  load(): string | undefined {
    const snapshot = this.client.takeSnapshot();
    if (snapshot === undefined) return undefined;
    const { simulation } = this.#options;
    if (!simulation.deserialize(snapshot.bytes) || simulation.checksum() !== snapshot.checksum) {
      this.#distrust();
      return "bad-snapshot";
    }
    // Rows and entries from after it may have come before it, also where there was a state already. Rows stay, so entries do: once rows are acknowledged, nobody tells either again.
    const known = this.runner.timeline;
    this.runner.begin(snapshot.frame, snapshot.stepFrame, snapshot.timeline);
    for (const holder of this.runner.holders) if (holder !== undefined) this.client.addFeeder(holder);
    this.runner.learn(known);
    this.client.begin(snapshot.frame, snapshot.baseRow);
    this.#isStarted = true;
    this.#note(snapshot.frame - 1);
    return undefined;
  }

  /** Runs the next frame, where `canStep`. */
  step(emit: EmitEvent): void {
    assert(this.canStep, "the inputs of the next frame");
    const { frame } = this.runner;
    this.client.copyRow(frame, this.#row);
    this.runner.step(this.#row, emit);
    this.#note(frame);
  }

  /** Holds what somebody says about a state against ours, now or once we are there. */
  compare(report: ChecksumReport): void {
    const local = this.checksum(report.frame);
    if (local === undefined) {
      if (report.frame >= this.runner.frame && this.#reports.size < REPORTS_MAX) this.#reports.set(report.frame, report);
    } else if (local !== report.checksum) {
      this.#options.handleDesync(report, local);
      if (report.from === this.client.feeder) this.#distrust();
    }
  }

  #distrust(): void {
    this.#isStarted = false;
    this.#reports.clear();
    this.runner.begin(0, 0, []);
    this.client.distrust();
  }

  #note(frame: number): void {
    if (frame < 0) return;
    const slot = frame & (this.#options.historyFrames - 1);
    this.#checksums[slot] = this.#options.simulation.checksum();
    this.#checksumFrames[slot] = frame;
    const report = this.#reports.get(frame);
    if (report === undefined) return;
    this.#reports.delete(frame);
    this.compare(report);
  }
}
