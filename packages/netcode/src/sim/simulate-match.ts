import type { Game, MatchSetup } from "../core/game/game.ts";
import { GameSimulation } from "../core/game/game-simulation.ts";
import type { InputSchema } from "../core/game/input-schema.ts";
import type { Simulation } from "../core/ports/simulation.ts";
import type { Session } from "../core/ports/session.ts";
import { createDesyncDesk } from "../core/rollback/desync-desk.ts";
import { createFollowing } from "../core/rollback/following.ts";
import { MatchSession } from "../core/rollback/match-session.ts";
import { assert } from "../core/base/assert.ts";
import { PLAYERS_MAX } from "../core/base/units.ts";
import { drawFaultPlan, FAULT_KINDS, type FaultKind, type FaultPlan } from "./fault-plan.ts";
import type { MakeLegal } from "./held-inputs.ts";
import type { MatchFailure } from "./match-checkers.ts";
import type { MatchCounts } from "./match-counts.ts";
import { LINK_PROFILES, type LinkProfile } from "./profiles.ts";
import { ScrambleSimulation } from "./scramble-simulation.ts";
import type { LinkConditions, LinkFigures } from "./sim-link.ts";
import { SimWorld, type SessionSetup } from "./sim-world.ts";

/** What the match is made of, besides the game. */
export interface SimulationSetup {
  readonly seed: number;
  /** One for each player; `true`: a bot's seat from the start. */
  readonly bots: readonly boolean[];
}

interface CommonOptions {
  /** Decides everything: network, faults, clocks, inputs. */
  readonly seed: number;
  /** Peers, 2–8. */
  readonly players: number;
  /** Virtual length; the first half has the faults, in the second what lives must go on. At least five seconds follow the faults, and nine are played. */
  readonly seconds: number;
  /** Every path before faults; left out: drawn from the seed, up to 90 ms one way. */
  readonly network?: LinkProfile | Partial<LinkConditions>;
  /** Faults that the seed may switch on; default: all. */
  readonly faults?: readonly FaultKind[];
}

/** A match of the built-in scrambler, which shows any wrong input for ever, of a game, or of anything else that can be stepped. */
export type MatchOptions<State, Schema extends InputSchema> = CommonOptions &
  (
    | { readonly game?: undefined; readonly createSimulation?: undefined }
    | { readonly game: Game<State, Schema>; readonly createSimulation?: undefined }
    | { readonly game?: undefined; readonly createSimulation: (setup: SimulationSetup) => Simulation }
  );

/** Counts of one match: of all its peers and links together. */
export interface MatchFigures extends MatchCounts, LinkFigures {
  /** Frames that were simulated for the first time. */
  frames: number;
  rollbacks: number;
  resimulatedFrames: number;
  stalledFrames: number;
  datagramsSent: number;
  datagramBytesSent: number;
  /** Sends that found the channel's buffer full. */
  sendsRefused: number;
  kills: number;
  freezes: number;
  cuts: number;
}

export interface MatchReport {
  readonly seed: number;
  /** Nothing failed. */
  readonly ok: boolean;
  readonly failures: readonly MatchFailure[];
  readonly figures: MatchFigures;
  /** What happened when, in words. */
  readonly log: readonly string[];
  /** What the seed decided. */
  readonly plan: FaultPlan;
}

/**
 * Plays one match in virtual time under the faults that its seed decides, and checks every promise of the library on the way. Equal options give
 * equal reports, everywhere.
 *
 * ```ts
 * const report = simulateMatch({ game, seed: 7, players: 4, seconds: 10 });
 * if (!report.ok) console.error(report.failures);
 * ```
 */
export function simulateMatch<State, Schema extends InputSchema>(options: MatchOptions<State, Schema>): MatchReport {
  const { seed, players, seconds, network, faults = FAULT_KINDS, game } = options;
  assert(Number.isInteger(players) && players >= 2 && players <= PLAYERS_MAX, `players from 2 to ${PLAYERS_MAX}, got ${players}`);
  assert(seconds >= 1 && seconds <= 3_600, `seconds from 1 to 3600, got ${seconds}`);
  if (typeof network === "string") checkName("network", network, Object.keys(LINK_PROFILES));
  for (const fault of faults) checkName("fault", fault, FAULT_KINDS);
  const durationMs = seconds * 1_000;
  const playersMax = game === undefined ? PLAYERS_MAX : game.players[1];
  const plan = drawFaultPlan({ seed, peerCount: players, playersMax, durationMs, network, faults });
  const setup: SimulationSetup = { seed, bots: plan.seats.map((peer) => peer === undefined) };
  const world = new SimWorld({
    seed,
    durationMs,
    plan,
    createSimulation: () => createSimulation(options, setup, plan),
    createSession,
    makeLegal: game === undefined ? () => {} : legalInputs(game),
  });
  world.run();
  const { failures, log } = world.checkers;
  return { seed, ok: failures.length === 0, failures, log, figures: figuresOf(world, plan), plan };
}

/** Without types a name that there is not would play another match than was meant, and say that all is well. */
function checkName(what: string, name: string, names: readonly string[]): void {
  assert(names.includes(name), `a ${what} of ${names.join(", ")}; got ${name}`);
}

function createSimulation<State, Schema extends InputSchema>(
  options: MatchOptions<State, Schema>,
  setup: SimulationSetup,
  plan: FaultPlan,
): Simulation {
  if (options.createSimulation !== undefined) return options.createSimulation(setup);
  if (options.game === undefined) {
    return new ScrambleSimulation({ seed: setup.seed, playerCount: setup.bots.length, endAfterFrames: plan.endAfterFrames });
  }
  const players = setup.bots.map((bot, index) => ({ profile: { name: `Player ${index + 1}`, colour: index, choices: null }, bot }));
  const match: MatchSetup = { seed: setup.seed, players, settings: null };
  return new GameSimulation(options.game, match);
}

function legalInputs<State, Schema extends InputSchema>(game: Game<State, Schema>): MakeLegal {
  const input = game.inputCodec.neutral();
  return (bytes) => {
    game.inputCodec.unpack(bytes, 0, input);
    game.inputCodec.pack(input, bytes, 0);
  };
}

function createSession(localMs: number, setup: SessionSetup): Session {
  const { plan, peerIndex, localPeerId, players, hostId, simulation } = setup;
  return new MatchSession(localMs, {
    loadFollowing: () => createFollowing,
    loadDesync: () => createDesyncDesk,
    rejoin: plan.kinds.includes("return"),
    localPeerId,
    players,
    hostId,
    matchEpoch: 1,
    simulation,
    ...(plan.kinds.includes("adaptive")
      ? { inputDelayFrames: { min: 1, max: 10 }, predictionWindowFrames: { min: 0, max: plan.windowFrames } }
      : { inputDelayFrames: plan.peers[peerIndex]?.inputDelayFrames ?? 0, predictionWindowFrames: plan.windowFrames }),
    saveEveryFrames: plan.saveEveryFrames,
  });
}

function figuresOf(world: SimWorld, plan: FaultPlan): MatchFigures {
  const figures: MatchFigures = {
    ...world.checkers.counts,
    ...world.network.figures(),
    frames: 0,
    rollbacks: 0,
    resimulatedFrames: 0,
    stalledFrames: 0,
    datagramsSent: 0,
    datagramBytesSent: 0,
    sendsRefused: 0,
    kills: plan.timed.filter((fault) => fault.kind === "kill").length,
    freezes: plan.timed.filter((fault) => fault.kind === "freeze").length,
    cuts: plan.timed.filter((fault) => fault.kind === "cut").length,
  };
  for (const peer of world.peers) {
    figures.sendsRefused += peer.sendsRefused;
    if (!peer.isStarted) continue;
    const stats = peer.session.stats();
    figures.frames += stats.frame;
    figures.rollbacks += stats.rollbacks;
    figures.resimulatedFrames += stats.resimulatedFrames;
    figures.stalledFrames += stats.stalledFrames;
    figures.datagramsSent += stats.datagramsSent;
    figures.datagramBytesSent += stats.datagramBytesSent;
  }
  return figures;
}
