/** Options of what the host asks for. */

/** For `lobby.ban`. */
export interface BanOptions {
  /** How long the member may not come back, in ms, at most a day. Left out: while the lobby lives. */
  readonly banMs?: number | undefined;
}

/** For `lobby.reserve`. */
export interface ReserveOptions {
  /** How many, 1–64. Default 1. */
  readonly seats?: number | undefined;
  /** For how long, in ms, at most a day. Default: ten minutes. */
  readonly forMs?: number | undefined;
}
