import type { ArrayField, ArraysOf, InitContext, Random, StateCodec, TypedArrayState } from "@rollcall/netcode/core";
import { i32, typedArrayState } from "@rollcall/netcode/core";
import { TILE_COUNT } from "./platform.ts";
import { PLAYERS_MAX, TRAIL_LENGTH } from "./rules.ts";
import type { BotSkill } from "./settings.ts";
import { parseSettings } from "./settings.ts";
import type { Struct } from "./struct.ts";
import { columnSchema, defineStruct } from "./struct.ts";

/** What a match is doing. */
export const PHASE = { intro: 0, play: 1, roundEnd: 2, matchEnd: 3, over: 4 } as const;

/** What a disc is doing. `out` lasts until the next round. */
export const STATUS = { standing: 0, snapping: 1, falling: 2, out: 3 } as const;

/** "Nobody", where a player index stands. */
export const NOBODY = -1;

const MATCH_FIELDS = [
  "phase",
  /** Since the phase began. */
  "phaseFrames",
  /** From 0. */
  "round",
  "roundsMax",
  "playerCount",
  /** Played in this round. */
  "roundFrames",
  "roundWinner",
  "matchWinner",
  /** Discs that are out, in this round. */
  "outCount",
  "cometOn",
  "cometX",
  "cometY",
  "cometVx",
  "cometVy",
  /** Who sent the comet, and for how long that counts. */
  "cometBy",
  "cometByFrames",
  /** Tile under the comet; −1 for none. */
  "cometTile",
] as const;

const DISC_FIELDS = [
  "x",
  "y",
  "vx",
  "vy",
  "status",
  "statusFrames",
  /** Last steering: direction 0–31, and whether it pushes. */
  "direction",
  "moving",
  /** The button in the last frame: a snap needs a new press. */
  "held",
  "cooldown",
  "stun",
  "airFrames",
  /** Newest entry of the trail, and how many there are. */
  "trailHead",
  "trailCount",
  /** Players hit by this snap, one bit each; the comet is bit 8. */
  "snapHits",
  "hitBy",
  "hitFrames",
  "wins",
  "points",
  "knockouts",
  /** Round of the last win, from 0; −1 for none. */
  "lastWin",
  /** 0 easy, 1 normal, 2 hard. */
  "skill",
] as const;

type MatchField = (typeof MATCH_FIELDS)[number];
type DiscField = (typeof DISC_FIELDS)[number];
export type MatchFields = Struct<MatchField>;
export type Disc = Struct<DiscField>;

const openMatch = defineStruct(MATCH_FIELDS);
const openDisc = defineStruct(DISC_FIELDS);

const TRAIL_WORDS = TRAIL_LENGTH * 2;

type MemorySchema = { readonly [Name in MatchField | DiscField | "trails" | "tiles"]: ArrayField<"i32"> };

const memory: TypedArrayState<MemorySchema> = typedArrayState({
  ...columnSchema(MATCH_FIELDS, 1),
  ...columnSchema(DISC_FIELDS, PLAYERS_MAX),
  /** Per player, a ring of `TRAIL_LENGTH` positions, x and y in turn. */
  trails: i32(PLAYERS_MAX * TRAIL_WORDS),
  /** Above 0: health. Below 0: frames until it falls. 0: a gap. */
  tiles: i32(TILE_COUNT),
});

/** The whole game as arrays over one piece of memory: about 7 kB. */
export type RubberbandArrays = ArraysOf<MemorySchema>;

/** The arrays, and views of them that read like objects. Copying the arrays copies the game. */
export interface RubberbandState {
  readonly arrays: RubberbandArrays;
  readonly match: MatchFields;
  /** One per player of this match. */
  readonly discs: readonly Disc[];
  /** Per player, a ring of `TRAIL_LENGTH` positions, x and y in turn. */
  readonly trails: readonly Int32Array[];
  /** Above 0: health. Below 0: frames until it falls. 0: a gap. */
  readonly tiles: Int32Array;
}

/** Saves, loads and hashes the arrays; the views stay valid, since a load overwrites memory in place. */
export const rubberbandMemory: StateCodec<RubberbandState> = {
  schema: memory.schema,
  open: (slotCount) => {
    const slots = memory.open(slotCount);
    return {
      save: (slot, state) => slots.save(slot, state.arrays),
      load: (slot, live) => {
        slots.load(slot, live.arrays);
        return live;
      },
      checksum: (state) => slots.checksum(state.arrays),
      slotChecksum: (slot) => slots.slotChecksum?.(slot) ?? 0,
      serialize: (state) => slots.serialize(state.arrays),
      deserialize: (bytes, live) => (slots.deserialize(bytes, live.arrays) === undefined ? undefined : live),
      inspect: (slot) => slots.inspect?.(slot),
    };
  },
};

function openState(arrays: RubberbandArrays, playerCount: number): RubberbandState {
  const players = Array.from({ length: playerCount }, (_, index) => index);
  return {
    arrays,
    match: openMatch(arrays, 0),
    discs: players.map((index) => openDisc(arrays, index)),
    trails: players.map((index) => arrays.trails.subarray(index * TRAIL_WORDS, (index + 1) * TRAIL_WORDS)),
    tiles: arrays.tiles,
  };
}

/** The state before the first round. */
export function createState({ playerCount, settings, random }: InitContext): RubberbandState {
  const state = openState(memory.create(), playerCount);
  const { rounds, botSkill } = parseSettings(settings);
  state.match.playerCount = playerCount;
  state.match.roundsMax = rounds;
  state.match.roundWinner = NOBODY;
  state.match.matchWinner = NOBODY;
  for (const disc of state.discs) {
    disc.lastWin = -1;
    disc.skill = drawSkill(botSkill, random);
  }
  return state;
}

const SKILLS: Readonly<Record<Exclude<BotSkill, "mixed">, number>> = { easy: 0, normal: 1, hard: 2 };

function drawSkill(botSkill: BotSkill, random: Random): number {
  // Drawn in any case, so that the level does not shift the rest of the match's randomness.
  const drawn = random.integer(3);
  return botSkill === "mixed" ? drawn : SKILLS[botSkill];
}

/** Adds where the disc is now to its trail. */
export function pushTrail(disc: Disc, trail: Int32Array): void {
  disc.trailHead = (disc.trailHead + 1) % TRAIL_LENGTH;
  if (disc.trailCount < TRAIL_LENGTH) disc.trailCount++;
  trail[disc.trailHead * 2] = disc.x;
  trail[disc.trailHead * 2 + 1] = disc.y;
}

/** X of the trail `age` entries back from the newest (0). */
export function trailX(disc: Disc, trail: Int32Array, age: number): number {
  return trail[((disc.trailHead - age + TRAIL_LENGTH) % TRAIL_LENGTH) * 2] ?? 0;
}

export function trailY(disc: Disc, trail: Int32Array, age: number): number {
  return trail[((disc.trailHead - age + TRAIL_LENGTH) % TRAIL_LENGTH) * 2 + 1] ?? 0;
}
