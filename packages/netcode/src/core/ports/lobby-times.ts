/** Times that member and broker share, in ms. */

/** A seat is kept this long for an owner whose socket closed. */
export const seatKeptMs = 90_000;
/** The seat of a quick match whose owner was not heard after it was given: half is gone before the page can ask again, double keeps people waiting for nobody. */
export const unheardSeatKeptMs = 5_000;
/** A lobby host whose socket stays closed this long loses the role to the next member. */
export const hostTakeoverMs = 1_000;
/** Who was kicked may not come in for this long: at half, they are back before the host has found the button again; double is a long time for a mistake. */
export const kickPauseMs = 10_000;
/** From the warning of a lobby in which nothing is done to its end. At half, who fetches a drink finds it closed; double only keeps what nobody needs. */
export const idleWarningMs = 300_000;
/** A public list is told of what changed at most this often. At half, a busy broker writes twice as much; at double, people press on lobbies that are full by now. */
export const listUpdateMs = 1_000;
/** After this silence either side pings; a browser cannot see a dead socket otherwise. */
export const pingIntervalMs = 5_000;
/** Silence after which a socket is dead. */
export const socketDeadMs = 10_000;
