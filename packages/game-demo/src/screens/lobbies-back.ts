/**
 * For this long after an outage of the lobby server a lobby that is not there may only be late: members bring their lobbies back, each within the longest wait between two
 * attempts (8 s) and the time in which they are asked for (3 s). At half, a lobby is said not to exist while it comes; at double, who is alone waits for it.
 */
export const LOBBIES_BACK_MS = 12_000;
