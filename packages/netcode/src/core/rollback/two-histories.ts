import type { DropVote } from "../wire/drop-vote-codec.ts";

/**
 * Two members that have dropped each other meet again: one of the two matches ends, they are never joined. True when it is ours.
 *
 * The broker knows which lobby goes on: a side for all of whose absent ones it vouched when it decided goes on before one that counted heads. Else the side with the highest
 * rank does. All members of a side have taken over the same decision with the same words, so that all come to the same answer.
 */
export function isHistoryOver(own: DropVote, other: DropVote, memberCount: number): boolean {
  const all = (1 << memberCount) - 1;
  const ours = all & ~own.agreed;
  const theirs = all & ~other.agreed;
  const isOursVouched = (theirs & own.agreed & ~own.words) === 0;
  const isTheirsVouched = (ours & other.agreed & ~other.words) === 0;
  if (isOursVouched !== isTheirsVouched) return isTheirsVouched;
  // The lowest bit is the highest rank.
  return (theirs & -theirs) < (ours & -ours);
}
