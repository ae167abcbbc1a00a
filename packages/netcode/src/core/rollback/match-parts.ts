import { Departures } from "./departures.ts";
import { EntryEffects } from "./entry-effects.ts";
import { FrameRunner } from "./frame-runner.ts";
import { GameEventLog } from "./game-event-log.ts";
import { InputExchange } from "./input-exchange.ts";
import { LocalInputs } from "./local-inputs.ts";
import { MatchPacing } from "./pacing.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import { delayRange, windowRange, type RollbackOptions } from "./rollback-options.ts";
import type { SessionEvents } from "./session-events.ts";
import { openHistory, timelineBefore, type SessionHistory } from "./session-history.ts";
import { SessionRoster } from "./session-roster.ts";

/** What a session is made of, below what it decides itself. */
export interface MatchParts {
  readonly roster: SessionRoster;
  readonly history: SessionHistory;
  readonly pacing: MatchPacing;
  readonly gameEvents: GameEventLog;
  readonly runner: FrameRunner;
  readonly effects: EntryEffects;
  readonly local: LocalInputs;
  readonly exchange: InputExchange;
  readonly departures: Departures;
}

export interface MatchPartsHost {
  readonly events: SessionEvents;
  readonly refusals: RefusalCounts;
  /** See `EntryEffectsOptions`. */
  readonly onSeated: (slot: number, frame: number, carrierFrame: number) => void;
}

/** Makes the parts of a session and shows them to each other. */
export function openParts(options: RollbackOptions, { events, refusals, onSeated }: MatchPartsHost): MatchParts {
  const { simulation, matchEpoch, start, saveEveryFrames, localPeerId } = options;
  const inputDelay = delayRange(options.inputDelayFrames ?? 2);
  const window = windowRange(options.predictionWindowFrames ?? 8);
  const pacing = new MatchPacing({ frameRateHz: simulation.frameRateHz, inputDelay, window, saveEveryFrames });
  const roster = new SessionRoster(start === undefined ? options : { ...options, timeline: timelineBefore(start) });
  const history = openHistory(roster, simulation, start);
  const { inputs, entries, pauses, timeline } = history;
  const { localMember, localPlayers } = roster;
  const firstFrame = start?.frame ?? 0;
  const gameEvents = new GameEventLog((stage, frame, name, ordinal, payload) => {
    const event = { type: "game", stage, id: `${frame}:${name}:${ordinal}`, frame, name, payload } as const;
    if (!events.addFromGame(event)) refusals.add("game-event-overflow");
  });
  const runner = new FrameRunner({
    simulation,
    inputs,
    pauses,
    events: gameEvents,
    predictionWindowFrames: pacing.windowFrames,
    saveEveryFrames: saveEveryFrames ?? 1,
    start,
  });
  for (let frame = firstFrame - 1; frame >= history.oldestFrame; frame--) runner.backfill(frame);
  const effects = new EntryEffects({ localPeerId, roster, inputs, entries, pauses, timeline, runner, events, onSeated });
  const delayFrames = pacing.inputDelayFrames;
  const local = new LocalInputs({ inputs, entries, slot: localMember, players: localPlayers, delayFrames, firstFrame });
  const exchange = new InputExchange({
    inputs,
    entries,
    effects,
    runner,
    pacing,
    local,
    localMember,
    localPlayers,
    matchEpoch,
    firstFrame,
    oldestFrame: history.oldestFrame,
    joinFrame: start?.joinFrame ?? 0,
  });
  const departures = new Departures({ roster, inputs, matchEpoch, start: history.agreement, entries: effects });
  return { roster, history, pacing, gameEvents, runner, effects, local, exchange, departures };
}
