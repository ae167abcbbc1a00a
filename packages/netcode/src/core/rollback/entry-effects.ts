import { unreachable } from "../base/assert.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { NULL_FRAME, type PeerId } from "../base/units.ts";
import type { DropCause } from "../ports/session.ts";
import type { TailEntries } from "../wire/drop-vote-codec.ts";
import { PAUSE_LEAD_FRAMES, SEAT_LEAD_FRAMES } from "../wire/limits.ts";
import type { StreamEntry } from "../wire/stream-entry-codec.ts";
import type { FrameRunner } from "./frame-runner.ts";
import type { InputEntries } from "./input-entries.ts";
import { ALWAYS, type InputTable } from "./input-table.ts";
import type { LocalInputs } from "./local-inputs.ts";
import type { PauseSchedule } from "./pause-schedule.ts";
import type { SessionEvents } from "./session-events.ts";
import type { SessionRoster } from "./session-roster.ts";
import type { SeatToBotEntry, Timeline } from "./timeline.ts";

/** Beyond these, changes of delay are no longer written down: a hostile member could fill the memory of all with them. */
const DELAY_ENTRIES_MAX = 1000;

export interface EntryEffectsOptions {
  readonly localPeerId: PeerId;
  readonly roster: SessionRoster;
  readonly inputs: InputTable;
  readonly entries: InputEntries;
  readonly pauses: PauseSchedule;
  readonly timeline: Timeline;
  readonly runner: FrameRunner;
  readonly events: SessionEvents;
  /** A slot has a new holder, from `frame` on; the entry that says so is carried by `carrierFrame`. */
  readonly onSeated: (slot: number, frame: number, carrierFrame: number) => void;
}

/**
 * What becomes of the entries that members attach to their inputs. A pause is played as soon as its carrier is known, and rolled back to when it comes late;
 * everything else waits until the carrying frame is confirmed. Then all peers have the same history up to that frame, so that all find the same entries valid.
 */
export class EntryEffects implements TailEntries {
  readonly #options: EntryEffectsOptions;
  #delayEntries: number;

  constructor(options: EntryEffectsOptions) {
    this.#options = options;
    this.#delayEntries = options.timeline.entries.filter(({ type }) => type === "input-delay").length;
  }

  /** Entries of `slot` in frames from `firstFrame` on were stored. */
  arrived(slot: number, firstFrame: number): void {
    const { entries, pauses, runner } = this.#options;
    if (!entries.hasSince(slot, firstFrame)) return;
    for (const { frame, entry } of entries.between(slot, firstFrame, ALWAYS)) {
      if (entry.type === "pause" || entry.type === "resume") runner.rulesChanged(pauses.add(frame, slot, entry.type === "pause"));
    }
  }

  /** `frame` is confirmed: what it carries is agreed. By rising frame. */
  confirmed(frame: number): void {
    const { entries, pauses, roster, inputs } = this.#options;
    for (let slot = 0; slot < roster.playersOf.length; slot++) {
      if (!entries.hasSince(slot, frame)) continue;
      const player = roster.playersOf[slot]?.[0] ?? 0;
      // Inputs past the end of a member do not count, nor does what they carry.
      if (inputs.isBot(player, frame)) continue;
      for (const { entry } of entries.between(slot, frame, frame)) this.#agreed(slot, frame, entry);
    }
    this.#confirmPauses(frame);
    pauses.forgetBefore(frame + 1);
  }

  /** We ask for a pause or its end, unless that is what is asked for already. */
  wish(type: "pause" | "resume", local: LocalInputs): void {
    const { pauses, roster, runner } = this.#options;
    const last = local.waiting.findLast((entry) => entry.type === "pause" || entry.type === "resume");
    const isPaused = last === undefined ? pauses.isPaused(ALWAYS) : last.type === "pause";
    if (isPaused === (type === "pause")) return;
    if (roster.localMember >= 0) return local.attach({ type });
    // A match of bots only has no inputs that could carry it.
    pauses.add(runner.frame, -1, type === "pause");
  }

  /**
   * The end of `peerId` in `slot` is decided, its inputs are here up to `lastFrame`: later ones do not count, nor what they carried, and the bot plays from the next frame on.
   */
  seatToBot(slot: number, peerId: PeerId, lastFrame: number, cause: DropCause): SeatToBotEntry {
    const { inputs, pauses, roster, runner, timeline } = this.#options;
    const playerIndexes = roster.playersOf[slot] ?? [];
    const frame = lastFrame + 1;
    for (const player of playerIndexes) {
      for (let filled = runner.confirmedFrame + 1; filled <= lastFrame; filled++) runner.inputArrived(player, filled);
      inputs.setBotFrom(player, frame);
    }
    const withdrawn = pauses.withdraw(slot, lastFrame);
    runner.rulesChanged(withdrawn === NULL_FRAME ? frame : Math.min(frame, withdrawn));
    const entry: SeatToBotEntry = { type: "seat-to-bot", frame, peerId, playerIndexes, cause };
    timeline.add(entry, slot, frame);
    return entry;
  }

  /** Why `slot` cannot be given to `peerId` by `author` with an entry in `frame`, whose past is known; `undefined` when it can. */
  seatRefusal(author: number, slot: number, peerId: PeerId, frame: number): "not-first" | "taken" | "member" | undefined {
    const { roster } = this.#options;
    for (let higher = 0; higher < author; higher++) if (!this.isVacant(higher, frame)) return "not-first";
    if (!this.isVacant(slot, frame)) return "taken";
    const held = roster.memberOf(peerId);
    return held >= 0 && !this.isVacant(held, frame) ? "member" : undefined;
  }

  /** True when the players of `slot` are bots in `frame` and nobody was given them for later. */
  isVacant(slot: number, frame: number): boolean {
    const { inputs, roster } = this.#options;
    const player = roster.playersOf[slot]?.[0];
    return player !== undefined && inputs.botFrom(player) <= frame;
  }

  /** @see TailEntries */
  write(writer: ByteWriter, slot: number, firstFrame: number, lastFrame: number): void {
    this.#options.entries.write(writer, slot, firstFrame, lastFrame);
  }

  /** @see TailEntries */
  read(reader: ByteReader, slot: number, firstFrame: number, lastFrame: number, afterFrame: number): boolean {
    if (!this.#options.entries.read(reader, slot, firstFrame, lastFrame, afterFrame)) return false;
    if (afterFrame < lastFrame) this.arrived(slot, afterFrame + 1);
    return true;
  }

  /** Tells the pauses that `carrierFrame` carries. */
  #confirmPauses(carrierFrame: number): void {
    const { pauses, timeline, events } = this.#options;
    for (const wish of pauses.settle(carrierFrame)) {
      const peerId = this.#peerOf(wish.slot);
      if (peerId === undefined) continue;
      const { frame } = wish;
      timeline.add({ type: wish.pauses ? "pause" : "resume", frame, peerId }, wish.slot, frame - PAUSE_LEAD_FRAMES);
      events.add({ type: wish.pauses ? "paused" : "resumed", frame, peerId });
    }
  }

  #agreed(slot: number, frame: number, entry: StreamEntry): void {
    switch (entry.type) {
      case "pause":
      case "resume":
        return;
      case "input-delay": {
        const peerId = this.#peerOf(slot);
        if (peerId === undefined || this.#delayEntries++ >= DELAY_ENTRIES_MAX) return;
        this.#options.timeline.add({ type: "input-delay", frame, peerId, frames: entry.frames }, slot, frame);
        return;
      }
      case "seat":
        return this.#seat(slot, frame, entry);
      default:
        unreachable(entry);
    }
  }

  /** Gives a slot to a new holder, unless the entry breaks a rule: then all peers ignore it alike. */
  #seat(author: number, carrierFrame: number, entry: StreamEntry & { readonly type: "seat" }): void {
    const { roster, inputs, timeline, events, runner } = this.#options;
    const { slot, peerId, generation } = entry;
    if (generation !== roster.generation(slot) + 1 || this.seatRefusal(author, slot, peerId, carrierFrame) !== undefined) return;
    const frame = carrierFrame + SEAT_LEAD_FRAMES;
    const playerIndexes = roster.playersOf[slot] ?? [];
    roster.seat(slot, peerId);
    for (const player of playerIndexes) inputs.restart(player, frame);
    runner.rulesChanged(frame);
    const seated = { type: "seat-to-player", frame, peerId, playerIndexes } as const;
    timeline.add(seated, slot, carrierFrame);
    events.add(seated);
    this.#options.onSeated(slot, frame, carrierFrame);
  }

  #peerOf(slot: number): PeerId | undefined {
    // Slot −1 is ours in a match of bots only, where nobody holds one.
    return slot < 0 ? this.#options.localPeerId : this.#options.roster.holder(slot);
  }
}
