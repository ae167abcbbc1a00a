/** What the packets of a match carry of its number. */
export function epochOf(matchNumber: number): number {
  return matchNumber & 0xff;
}
