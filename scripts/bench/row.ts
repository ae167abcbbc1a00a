/** One figure of the bench, as the tables of the docs show it. */
export interface Row {
  readonly name: string;
  readonly value: string;
}
