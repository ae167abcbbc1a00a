/** How a command ended: 0 well, 1 what was to be shown is not so, 2 it could not be tried. */
export interface CommandOutcome {
  readonly exitCode: 0 | 1 | 2;
  readonly message: string;
}
