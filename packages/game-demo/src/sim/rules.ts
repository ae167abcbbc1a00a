/** Every number that makes Rubberband feel as it does. Lengths are in units of 1/256 px, times in frames, unless the name says otherwise. */

/** Frames a second. Half would make snaps step over discs; double would double the cost of every rollback. */
export const FRAME_RATE_HZ = 60;
/** Units per px: the smallest drift that drag can still brake is 1/9 px a frame; finer would overflow products of two lengths. */
export const UNITS_PER_PX = 256;
export const PLAYERS_MIN = 2;
export const PLAYERS_MAX = 8;

/** Hex tiles: 64 px wide, rows 55 px apart, rings 0–7 around the middle: 169 tiles. */
export const TILE_WIDTH: number = 64 * UNITS_PER_PX;
export const ROW_HEIGHT: number = 55 * UNITS_PER_PX;
export const RING_COUNT = 8;
export const TILE_HEALTH = 3;
/** From the last crack to the gap: long enough to step off, too short to linger. */
export const TILE_FALL_FRAMES = 40;
/** Warning before a ring falls; each tile adds up to `RING_STAGGER_FRAMES` of its own. */
export const RING_WARNING_FRAMES = 90;
export const RING_STAGGER_FRAMES = 36;
/** When each ring starts to warn, ring 7 first. Ring 0 is last: from 43 s on there is no floor, so every round ends. */
export const RING_FALL_FRAMES: readonly number[] = [2460, 2340, 2190, 1980, 1740, 1440, 1080, 660];
/** End of a round's regular time, when the middle itself goes. */
export const SUDDEN_DEATH_FRAME = 2340;

export const DISC_RADIUS: number = 19 * UNITS_PER_PX;
/** Top speed is acceleration / drag: 5.1 px a frame, three seconds across the platform. */
export const ACCELERATION = 46;
export const BRAKING = 70;
/** Share of the speed lost each frame, in 1/256. At half, discs skate off; at double, nobody is knocked far. */
export const DRAG = 9;
export const SPEED_MAX: number = 18 * UNITS_PER_PX;
/** Frames over a gap before a disc falls: forgives a hole that is crossed at speed. */
export const AIR_FRAMES = 6;
/** How long a falling disc may still snap back. */
export const FALL_FRAMES = 42;

/** The band: the last 1.5 s. */
export const TRAIL_LENGTH = 90;
export const SNAP_FRAMES = 18;
export const SNAP_COOLDOWN_FRAMES = 150;
/** Push of a snap hit: this, and a share (in 1/256) of the snap's own speed. Aims at a slide of about half the platform. */
export const SNAP_PUSH: number = 5 * UNITS_PER_PX;
export const SNAP_PUSH_SHARE = 96;
export const SNAP_PUSH_MAX: number = 15 * UNITS_PER_PX;
/** Frames without steering after a snap hit. */
export const STUN_FRAMES = 14;
/** Landing of a snap cracks what lies within this distance. */
export const SNAP_CRACK_REACH: number = 58 * UNITS_PER_PX;
/** A snap over less than this cracks nothing: on the spot it is no weapon. */
export const SNAP_CRACK_DISTANCE: number = 90 * UNITS_PER_PX;
/** A knock-off counts for whoever hit last within 4 s. */
export const CREDIT_FRAMES = 240;

export const COMET_FRAME = 1200;
export const COMET_RADIUS: number = 32 * UNITS_PER_PX;
/** Pull to the middle: acceleration is distance / this: one sweep and back in about 8 s. */
export const COMET_PULL = 5800;
export const COMET_SPEED_MAX: number = 9 * UNITS_PER_PX;
/** Distance at which it enters, out of sight of the platform. */
export const COMET_START: number = 640 * UNITS_PER_PX;
export const COMET_PUSH: number = 9 * UNITS_PER_PX;
/** Share (in 1/256) of a snap's speed that the comet takes on. */
export const COMET_SNAP_SHARE = 80;
export const COMET_TURN_FRAMES = 210;

/** Time to find oneself on the platform; its last two beats are counted. */
export const INTRO_FRAMES = 120;
export const COUNT_FRAMES = 36;
export const COUNT_BEATS = 2;
export const ROUND_END_FRAMES = 130;
/** The winner's moment, before the result is there. */
export const MATCH_END_FRAMES = 240;

/** No position ever leaves ±`POSITION_MAX`: what falls stays where it fell. */
export const POSITION_MAX: number = 4_096 * UNITS_PER_PX;
