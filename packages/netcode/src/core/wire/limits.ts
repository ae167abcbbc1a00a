/**
 * Bounds of the rollback wire format. Every peer of a match must hold the same ones: they are part of the protocol.
 */

/**
 * Most inputs of one player in one message. An honest peer never has more unacked: its frames are at most the window (16) past what it
 * received, twice over for both ends, plus both input delays (15), 62 in all. Half would cut a legal session off; double would only
 * let a hostile packet cost more, and take the bits beside it. All ones, so that it is the mask of its field too.
 */
export const INPUT_ROWS_MAX = 63;

/** Largest packed input of one player. */
export const INPUT_BYTES_MAX = 16;

/** Longest prediction window and input delay for which `INPUT_ROWS_MAX` holds. */
export const PREDICTION_WINDOW_MAX = 16;
export const INPUT_DELAY_MAX = 15;

/**
 * A checksum of each such confirmed frame goes to every peer: four times a second at 60 Hz, for half a byte a frame. At double, a lost one delays what follows from a desync
 * past a second; half costs a byte a frame.
 */
export const CHECKSUM_INTERVAL_FRAMES = 15;

/** The acknowledgement waited this long or longer, in ms: useless for measuring a round trip. */
export const ACK_DELAY_UNKNOWN = 255;

/** Frame lag travels in parts of a frame: 65 µs at 60 Hz, and two bytes up to 32 frames. At a quarter nothing is saved; at four times, a way of 130 ms takes a third byte. */
export const LAG_UNITS_PER_FRAME = 256;

/** Largest lag on the wire, in units: 256 frames, far past anything a window lets happen. It says that nothing was measured yet. */
export const LAG_UNITS_MAX = 65_535;

/** Furthest that a peer's newest input may be past its confirmed frame on the wire: a joiner's first frame lies ahead by up to `SEAT_LEAD_FRAMES` more. */
export const CONFIRMED_DISTANCE_MAX = 1023;

/** Any so many frames of one member's inputs carry at most `STREAM_ENTRIES_MAX` entries, of `STREAM_ENTRY_BYTES_SUM` bytes as written. */
export const STREAM_ENTRY_SPAN_FRAMES = 64;
/** At half, a host could not give three seats and pause within a second; at double, a hostile member's entries would crowd inputs out of datagrams. */
export const STREAM_ENTRIES_MAX = 8;
export const STREAM_ENTRY_BYTES_SUM = 448;
/** Entries of one input frame. */
export const STREAM_ENTRIES_PER_FRAME_MAX = 4;

/**
 * Frames between the input that carries a pause and the frame that stands still: 133 ms at 60 Hz. Less, and the others, who play on until the news
 * comes, take back what they showed; more, and whoever pressed the button wonders.
 */
export const PAUSE_LEAD_FRAMES = 8;

/**
 * Frames between the input that carries a seat entry and the first input of the seat's new holder: 1.25 s at 60 Hz. The news goes to all, back from all, to the newcomer,
 * and its first inputs to all, within that time; half would make everybody wait for it over long ways. At least 40 in any case: more than window and delay together
 * (31), so that everybody has confirmed the entry when anybody needs that input; double would reach into frames that are still needed (`HISTORY_FRAMES`).
 */
export const SEAT_LEAD_FRAMES = 75;
