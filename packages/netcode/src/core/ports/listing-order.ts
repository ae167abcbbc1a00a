import type { LobbyListing } from "./lobby-list-types.ts";

/** Those that one can join come first, of these those without a match, of these the fullest. Equal ones by their codes, so that a list does not dance. */
export function compareListings(left: LobbyListing, right: LobbyListing): number {
  return (
    Number(isFull(left)) - Number(isFull(right)) ||
    Number(left.playing) - Number(right.playing) ||
    right.members - left.members ||
    (left.code < right.code ? -1 : 1)
  );
}

export function isFull({ members, capacity }: LobbyListing): boolean {
  return members >= capacity;
}
