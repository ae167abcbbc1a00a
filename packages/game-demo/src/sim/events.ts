/** What `step` tells the outside world, by name. Positions and speeds are in units (1/256 px). */
export interface RubberbandEvents {
  /** One beat of the countdown: 2, 1. */
  readonly count: { readonly left: number };
  readonly "round-start": { readonly round: number };
  readonly "round-end": { readonly round: number; readonly winner: number };
  readonly "match-end": { readonly winner: number };
  readonly snap: { readonly player: number; readonly x: number; readonly y: number; readonly rescue: boolean };
  readonly land: { readonly player: number; readonly x: number; readonly y: number; readonly rescue: boolean; readonly shock: boolean };
  /** A snap smashed into a disc. */
  readonly hit: { readonly player: number; readonly by: number; readonly x: number; readonly y: number; readonly speed: number };
  /** Two discs bumped. */
  readonly bump: { readonly player: number; readonly by: number; readonly x: number; readonly y: number; readonly speed: number };
  /** Two snaps met. */
  readonly clash: { readonly player: number; readonly by: number; readonly x: number; readonly y: number };
  readonly crack: { readonly tile: number; readonly left: number };
  readonly "tile-fall": { readonly tile: number };
  readonly "ring-warning": { readonly ring: number };
  readonly "sudden-death": Readonly<Record<string, never>>;
  readonly fall: { readonly player: number; readonly x: number; readonly y: number };
  /** Gone for this round; `by` is who gets the credit, −1 for nobody. */
  readonly out: { readonly player: number; readonly by: number; readonly x: number; readonly y: number };
  readonly comet: { readonly x: number; readonly y: number };
  readonly "comet-hit": { readonly player: number; readonly x: number; readonly y: number; readonly speed: number };
}

/** `context.emit`, with the names and payloads of this game. */
export type Emit = <Name extends keyof RubberbandEvents>(name: Name, payload: RubberbandEvents[Name]) => void;
