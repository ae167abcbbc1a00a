/** What is told of a lobby in the public list, and which of them somebody wants. Pure. */
import { isFull, jsonBytes, playersOf, LOBBY_LIMITS, type LobbyFilter, type LobbyListing } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord } from "./lobby-record.ts";

/** `undefined`: not in public, locked, or nobody is there. */
export function listingOf({ lobby }: LobbyRecord): LobbyListing | undefined {
  const { code, door, locked, members, capacity, metadata, match, relayOnly, hostId } = lobby;
  if (!door.listed || locked || !members.some(({ connected }) => connected)) return undefined;
  return {
    code,
    hostName: members.find(({ peerId }) => peerId === hostId)?.profile.name ?? "",
    metadata: jsonBytes(metadata) <= LOBBY_LIMITS.listedMetadataBytes ? metadata : null,
    members: playersOf(lobby).length + door.reserved,
    capacity,
    playing: match !== undefined,
    password: door.password,
    relayOnly,
  };
}

export function fitsFilter(
  listing: LobbyListing,
  { joinable = false, open = false, idle = false, metadata: wanted = {} }: LobbyFilter,
): boolean {
  if ((joinable && isFull(listing)) || (open && listing.password) || (idle && listing.playing)) return false;
  const { metadata } = listing;
  const fields = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) ? metadata : {};
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(fields, name) && Reflect.get(fields, name) === value);
}
