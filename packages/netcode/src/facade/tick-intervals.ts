/** Between two looks at the clock while a match runs. At half, timers of browsers do not follow; at double, frames of 16.7 ms come in an uneven beat. */
export const MATCH_TICK_MS = 5;

/** In the room only deadlines pass, of which a ping each 50 ms is the tightest. */
export const ROOM_TICK_MS = 25;
