import type { Simulation } from "../ports/simulation.ts";
import { PAUSE_LEAD_FRAMES, SEAT_LEAD_FRAMES } from "../wire/limits.ts";
import type { AgreementStart } from "./ballots.ts";
import { InputEntries } from "./input-entries.ts";
import { ALWAYS, HISTORY_FRAMES, InputTable } from "./input-table.ts";
import { PauseSchedule } from "./pause-schedule.ts";
import type { SessionRoster } from "./session-roster.ts";
import type { SessionStart } from "./settled-source.ts";
import { Timeline, type TimelineEntry } from "./timeline.ts";

/** What a session knows of its match when it begins: nothing at the start of the match; what was settled, for who joins later. */
export interface SessionHistory {
  readonly inputs: InputTable;
  readonly entries: InputEntries;
  readonly pauses: PauseSchedule;
  readonly timeline: Timeline;
  readonly agreement: AgreementStart;
  /** By slot: the first frame of who holds it. */
  readonly firstFrames: readonly number[];
  /** The oldest frame whose inputs are known. */
  readonly oldestFrame: number;
}

/** Builds the tables of a session, filled with what happened before `start`. */
export function openHistory(roster: SessionRoster, simulation: Simulation, start: SessionStart | undefined): SessionHistory {
  const inputs = new InputTable(simulation.playerCount, simulation.inputBytes, roster.localPlayers);
  const entries = new InputEntries(roster.playersOf.length);
  const pauses = new PauseSchedule();
  const timeline = new Timeline();
  const firstFrames = roster.playersOf.map(() => 0);
  const seated: number[] = [];
  for (const [slot, players] of roster.playersOf.entries()) {
    if (!roster.isHeldFromStart(slot)) for (const player of players) inputs.setBotFrom(player, 0);
  }
  for (const entry of start === undefined ? [] : timelineBefore(start)) {
    const slot = "playerIndexes" in entry ? roster.slotOf(entry.playerIndexes) : roster.memberOf(entry.peerId);
    // It came from somebody else: what cannot be of this match is left out.
    if ("playerIndexes" in entry && slot < 0) continue;
    if (entry.type === "seat-to-player" && entry.playerIndexes.some((player) => inputs.botFrom(player) > entry.frame)) continue;
    timeline.add(entry, slot, agreedFrame(entry));
    if (entry.type === "seat-to-bot") for (const player of entry.playerIndexes) inputs.setBotFrom(player, entry.frame);
    // Their order is settled: who comes later in it comes after them.
    if (entry.type === "pause" || entry.type === "resume") pauses.add(agreedFrame(entry), -1, entry.type === "pause");
    if (entry.type !== "seat-to-player") continue;
    for (const player of entry.playerIndexes) inputs.restart(player, entry.frame);
    firstFrames[slot] = entry.frame;
    if (seated.includes(slot)) seated.splice(seated.indexOf(slot), 1);
    seated.push(slot);
  }
  const oldestFrame = start === undefined ? 0 : backfill(inputs, start);
  pauses.forgetBefore(start?.frame ?? 0);
  let vacant = 0;
  for (const [slot, players] of roster.playersOf.entries()) if (inputs.botFrom(players[0] ?? 0) !== ALWAYS) vacant |= 1 << slot;
  const agreement = { vacant, generations: roster.generations.slice(), seated: seated.filter((slot) => (vacant & (1 << slot)) === 0) };
  return { inputs, entries, pauses, timeline, agreement, firstFrames, oldestFrame };
}

/**
 * What of `start.timeline` happened before its frame. Later entries come again with the inputs that carry them, and with the votes: they must not count twice.
 */
export function timelineBefore(start: SessionStart): readonly TimelineEntry[] {
  return start.timeline.filter((entry) => (entry.type === "seat-to-bot" ? entry.frame <= start.frame : agreedFrame(entry) < start.frame));
}

/** The frame that carried `entry`, or its own. */
function agreedFrame(entry: TimelineEntry): number {
  if (entry.type === "seat-to-player") return entry.frame - SEAT_LEAD_FRAMES;
  return entry.type === "pause" || entry.type === "resume" ? entry.frame - PAUSE_LEAD_FRAMES : entry.frame;
}

/** Returns the oldest frame that there was. */
function backfill(inputs: InputTable, start: SessionStart): number {
  let oldest = start.frame;
  for (let frame = Math.max(0, start.frame - HISTORY_FRAMES); frame < start.frame; frame++) {
    const row = start.rows(frame);
    if (row !== undefined && inputs.backfill(frame, row)) oldest = Math.min(oldest, frame);
  }
  return oldest;
}
