/** How bad it is: `info` happens in every game; `warn` heals, or the game goes on without somebody; `error` is what a player notices. */
export type LogLevel = "info" | "warn" | "error";

/** What an entry is about. */
export type LogScope = "lobby" | "broker" | "link" | "match";

/** Something that happened to a game's connections, for the game's own reports. Without secrets, addresses and names. */
export interface LogEntry {
  /** Of the page's monotonic clock. */
  readonly atMs: number;
  readonly level: LogLevel;
  readonly scope: LogScope;
  /** Stable: an error's code, or the name of an event. The guide "troubleshooting" lists them. */
  readonly code: string;
  /** Plain values. `dropped`: so many entries were left out before this one, as there were too many at once. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}
