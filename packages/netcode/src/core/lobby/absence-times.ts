/** Times of a departure, in ms. */
import type { Farewell } from "../ports/departure.ts";

/**
 * From a goodbye to the telling of it. `closed` and `navigated`: long enough for the broker to say that the host removed it. `left`: the broker says that itself,
 * and may say `kicked`. `reloading`: a page that is reloaded is back within 3 s, on a slow phone within 5; at half such a phone is told as gone and back again.
 */
export const farewellMs: Readonly<Record<Farewell, number>> = { left: 1_500, closed: 250, navigated: 250, reloading: 6_000 };

/** Without a goodbye: from the broker's word and the silence, whichever came last. At half, a page whose goodbye was lost on a reload is told as killed; at double, people wait. */
export const missedMs = 2_000;

/**
 * The broker's word and the first silence at most so far apart are one event: the process ended. At half, a slow broker makes a crash of it a lost network; at double, a
 * socket that the broker gives up on early (5 s, see `lobby-times.ts`) is near.
 */
export const sameMomentMs = 2_500;

/** Nobody called for so long: our own process stood still, and what was sent to it meanwhile waits behind its timer. */
export const ownStallMs = 1_000;
/** Time to hear that. */
export const afterStallMs = 250;
