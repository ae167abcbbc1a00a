/** A key that the broker signs rosters with. */
export interface RosterKey {
  /** Its name, 8 url-safe characters. */
  readonly kid: string;
  /** Ed25519, 32 bytes in base64url. */
  readonly key: string;
}

/** What a member holds rosters against. */
export interface RosterAuthority {
  /** Tells the lobby from others that had its code before: 16 url-safe characters. */
  readonly life: string;
  /** The broker's clock, in seconds. */
  readonly clockS: number;
  /** At least one, at most 8. */
  readonly keys: readonly RosterKey[];
}
