/** True when `remaining` of the members `current` may go on without the others: more than half, or exactly half with the highest rank. Bits by rank. */
export function isQuorum(remaining: number, current: number): boolean {
  const balance = 2 * bitCount(remaining) - bitCount(current);
  // The lowest bit is the highest rank.
  return balance > 0 || (balance === 0 && (remaining & current & -current) !== 0);
}

/** How many members are in a set. */
export function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
