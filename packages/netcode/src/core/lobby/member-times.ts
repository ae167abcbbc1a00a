/** Longest wait for a socket to open. Half fails on a slow phone network; double leaves a person in front of a dead broker. */
export const SOCKET_OPEN_TIMEOUT_MS = 5_000;

/** Longest wait for the answer to `create`, `join` or `resume` on an open socket. */
export const ADMISSION_TIMEOUT_MS = 5_000;

/** Longest way from the first attempt to a seat, all attempts together. */
export const ENTRANCE_TIMEOUT_MS = 10_000;

/** Sockets that may fail to open, or die before the answer, until entering is given up: two would take a restarting proxy for a dead broker, six keep a person waiting. */
export const ENTRANCE_ATTEMPTS_MAX = 3;

/** A command without an answer fails after this, a lost socket and its resume included. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** Commands that may wait for an answer at a time. A page that asks faster is refused here, before the broker has to. */
export const REQUESTS_MAX = 64;

/** A socket that held this long was a good one: the next loss starts the backoff anew. */
export const SOCKET_SETTLED_MS = 10_000;

/** Least wait before coming back to a broker that hung up because of what we sent: it would likely happen again. */
export const MISBEHAVED_WAIT_MS = 2_000;
