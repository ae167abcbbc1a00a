/**
 * Bounds of the rollback wire format. Every peer of a match must hold the same ones: they are part of the protocol.
 */

/**
 * Most inputs of one player in one message. An honest peer never has more unacked: its frames are at most the window (16) past what it
 * received, twice over for both ends, plus both input delays (15), 62 in all. Half would cut a legal session off; double would only
 * let a hostile packet cost more.
 */
export const INPUT_ROWS_MAX = 64;

/** Largest packed input of one player. */
export const INPUT_BYTES_MAX = 16;

/** Longest prediction window and input delay for which `INPUT_ROWS_MAX` holds. */
export const PREDICTION_WINDOW_MAX = 16;
export const INPUT_DELAY_MAX = 15;

/** A checksum of each such confirmed frame goes to every peer: twice a second at 60 Hz. */
export const CHECKSUM_INTERVAL_FRAMES = 30;

/** The acknowledgement waited this long or longer, in ms: useless for measuring a round trip. */
export const ACK_DELAY_UNKNOWN = 255;

/** Frame lag travels in parts of a frame; a sixteenth is 1 ms at 60 Hz. */
export const LAG_UNITS_PER_FRAME = 16;

/** Largest lag on the wire, in units: 256 frames, far past anything a window lets happen. */
export const LAG_UNITS_MAX = 4095;
