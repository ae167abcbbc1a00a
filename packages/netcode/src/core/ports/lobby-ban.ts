/** Somebody who was banned and may not come in. */
export interface Ban {
  /** Names it for `unban`, for the life of the lobby. */
  readonly id: number;
  /** What the member was called. */
  readonly name: string;
  /** Until it ends, in ms from now. Left out: it ends with the lobby. */
  readonly leftMs?: number;
}

/** The result of `bans`, oldest first. */
export interface BanList {
  readonly bans: readonly Ban[];
}
