import type { Random } from "@rollcall/netcode/core";
import type { Emit } from "./events.ts";
import { layFloor } from "./floor.ts";
import { directionX, directionY, scale } from "./integer.ts";
import {
  COUNT_BEATS,
  COUNT_FRAMES,
  FALL_FRAMES,
  INTRO_FRAMES,
  MATCH_END_FRAMES,
  ROUND_END_FRAMES,
  TILE_HEALTH,
  TILE_WIDTH,
} from "./rules.ts";
import { TILES } from "./platform.ts";
import type { Disc, RubberbandState } from "./state.ts";
import { NOBODY, PHASE, STATUS, pushTrail } from "./state.ts";

/** Points for a knock-off; being outlasted by nobody is worth one per player left behind. */
const KNOCKOUT_POINTS = 2;
/** Rings of floor that are there again for the winner of the match. */
const CROWN_RINGS = 2;
const SPAWN_DISTANCE = Math.trunc(4.5 * TILE_WIDTH);

/** A fresh platform and everybody on it, in a circle, in an order drawn anew for each round. */
export function beginRound(state: RubberbandState, random: Random): void {
  const { match, discs } = state;
  match.phase = PHASE.intro;
  match.phaseFrames = 0;
  match.roundFrames = 0;
  match.roundWinner = NOBODY;
  match.outCount = 0;
  match.cometOn = 0;
  layFloor(state);
  const places = shuffledPlaces(discs.length, random);
  const turn = random.integer(32);
  discs.forEach((disc, player) => {
    const direction = turn + Math.trunc(((places[player] ?? 0) * 32) / discs.length);
    placeDisc(disc, direction);
    const trail = state.trails[player];
    if (trail !== undefined) pushTrail(disc, trail);
  });
}

function shuffledPlaces(count: number, random: Random): number[] {
  const places = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    const kept = places[last] ?? 0;
    places[last] = places[other] ?? 0;
    places[other] = kept;
  }
  return places;
}

function placeDisc(disc: Disc, direction: number): void {
  disc.x = scale(directionX(direction), SPAWN_DISTANCE, 256);
  disc.y = scale(directionY(direction), SPAWN_DISTANCE, 256);
  disc.vx = 0;
  disc.vy = 0;
  disc.status = STATUS.standing;
  disc.statusFrames = 0;
  disc.direction = (direction + 16) & 31;
  disc.moving = 0;
  disc.cooldown = 0;
  disc.stun = 0;
  disc.airFrames = 0;
  disc.trailHead = 0;
  disc.trailCount = 0;
  disc.snapHits = 0;
  disc.hitBy = NOBODY;
  disc.hitFrames = 0;
}

/** Moves the match on by one frame, after everything else of this frame. */
export function stepPhase(state: RubberbandState, random: Random, emit: Emit): void {
  const { match } = state;
  match.phaseFrames++;
  switch (match.phase) {
    case PHASE.intro:
      stepIntro(state, emit);
      break;
    case PHASE.play:
      match.roundFrames++;
      retireFallen(state, true, emit);
      if (match.outCount >= match.playerCount - 1) endRound(state, emit);
      break;
    case PHASE.roundEnd:
      retireFallen(state, false, emit);
      if (match.phaseFrames >= ROUND_END_FRAMES) leaveRound(state, random, emit);
      break;
    case PHASE.matchEnd:
      retireFallen(state, false, emit);
      if (match.phaseFrames >= MATCH_END_FRAMES) enterPhase(state, PHASE.over);
      break;
    default: // over: the state stands still
      break;
  }
}

function enterPhase(state: RubberbandState, phase: number): void {
  state.match.phase = phase;
  state.match.phaseFrames = 0;
}

function stepIntro(state: RubberbandState, emit: Emit): void {
  const { match } = state;
  const left = INTRO_FRAMES - match.phaseFrames;
  if (left === 0) {
    enterPhase(state, PHASE.play);
    emit("round-start", { round: match.round });
  } else if (left % COUNT_FRAMES === 0 && left / COUNT_FRAMES <= COUNT_BEATS) {
    emit("count", { left: left / COUNT_FRAMES });
  }
}

/** Who has fallen for long enough is out. While the round runs, that is worth points to whoever stays. */
function retireFallen(state: RubberbandState, counts: boolean, emit: Emit): void {
  const { match, discs } = state;
  const outBefore = match.outCount;
  for (let player = 0; player < discs.length; player++) {
    const disc = discs[player];
    if (disc === undefined || disc.status !== STATUS.falling || disc.statusFrames < FALL_FRAMES) continue;
    const by = disc.hitFrames > 0 && disc.hitBy !== player ? disc.hitBy : NOBODY;
    disc.status = STATUS.out;
    disc.statusFrames = 0;
    emit("out", { player, by, x: disc.x, y: disc.y });
    if (!counts) continue;
    match.outCount++;
    // Those who go in the same frame get the same.
    disc.points += outBefore;
    const scorer = by === NOBODY ? undefined : discs[by];
    if (scorer === undefined) continue;
    scorer.knockouts++;
    scorer.points += KNOCKOUT_POINTS;
  }
}

function endRound(state: RubberbandState, emit: Emit): void {
  const { match, discs } = state;
  match.roundWinner = discs.findIndex((disc) => disc.status !== STATUS.out);
  const winner = discs[match.roundWinner];
  if (winner !== undefined) {
    winner.wins++;
    winner.points += match.outCount;
    winner.lastWin = match.round;
    if (winner.status === STATUS.falling) winner.status = STATUS.standing;
  }
  enterPhase(state, PHASE.roundEnd);
  emit("round-end", { round: match.round, winner: match.roundWinner });
}

function leaveRound(state: RubberbandState, random: Random, emit: Emit): void {
  const { match, discs } = state;
  const decided = discs.some((disc) => disc.wins * 2 > match.roundsMax);
  if (!decided && match.round + 1 < match.roundsMax) {
    match.round++;
    beginRound(state, random);
    return;
  }
  match.matchWinner = pickWinner(discs, random);
  crownWinner(state);
  enterPhase(state, PHASE.matchEnd);
  emit("match-end", { winner: match.matchWinner });
}

/** The winner of the match stands in the middle, on floor, whoever won the last round. */
function crownWinner(state: RubberbandState): void {
  const winner = state.discs[state.match.matchWinner];
  if (winner === undefined) return;
  for (const tile of TILES) {
    if (tile.ring <= CROWN_RINGS) state.tiles[tile.index] = TILE_HEALTH;
  }
  const { direction } = winner;
  placeDisc(winner, direction);
  winner.x = 0;
  winner.y = 0;
}

/** Most rounds won, then most points, then most knock-offs, then the latest win; if all that is equal (every round a draw), by lot. */
function pickWinner(discs: readonly Disc[], random: Random): number {
  let best: number[] = [];
  discs.forEach((disc, player) => {
    const leader = discs[best[0] ?? player];
    const order = leader === undefined || leader === disc ? 0 : compareStanding(disc, leader);
    if (order > 0 || best.length === 0) best = [player];
    else if (order === 0) best.push(player);
  });
  return best[random.integer(best.length)] ?? 0;
}

/** Above 0 when `a` stands better than `b`. */
export function compareStanding(a: Disc, b: Disc): number {
  return a.wins - b.wins || a.points - b.points || a.knockouts - b.knockouts || a.lastWin - b.lastWin;
}
