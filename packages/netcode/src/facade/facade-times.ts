/** Between two looks at the clock while a match runs. At half, timers of browsers do not follow; at double, frames of 16.7 ms come in an uneven beat. */
export const MATCH_TICK_MS = 5;

/** In the room only deadlines pass, of which a ping each 50 ms is the tightest. */
export const ROOM_TICK_MS = 25;

/** Time for a goodbye to leave the buffers before the connections are closed under it. A lost one costs the others 2.5 s of silence. */
export const GOODBYE_FLUSH_MS = 100;
