/**
 * What a page says of itself when it goes: out of the lobby, shut, to another page, or to come back as itself in a moment. In the order of their bytes on
 * the wire. What says `reloading` and does not come back has navigated.
 */
export const FAREWELLS = ["left", "closed", "navigated", "reloading"] as const;
export type Farewell = (typeof FAREWELLS)[number];

/**
 * Why a member is gone.
 *
 * - `left`: it left the lobby. `kicked`: the host removed it, for a moment or for good.
 * - `closed`: its page was shut. `navigated`: its page went to another address. In these two its own word is believed.
 * - `killed`: the process ended without a word: a crash, a browser that was ended, a tab that the system put away.
 * - `lost`: silence. The network is gone, the device sleeps, or the power is out.
 */
export type GoneReason = "left" | "closed" | "navigated" | "killed" | "kicked" | "lost";
