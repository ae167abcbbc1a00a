import type { LobbyFilter, LobbyListing } from "@rollcall/netcode";
import { isFull as isFullLobby } from "@rollcall/netcode/lobby-protocol";
import { cleanName } from "./player-name.ts";
import { strings } from "./strings.ts";

/** What a person can ask of the list; each is a button that is in or out. */
export type FilterName = "joinable" | "idle" | "open";

export const FILTERS: readonly FilterName[] = ["joinable", "idle", "open"];

/** A lobby of the public list, as its row shows it. */
export interface ListingModel {
  readonly code: LobbyListing["code"];
  readonly name: string;
  readonly seats: string;
  /** What goes on there. */
  readonly state: string;
  readonly tags: readonly string[];
  /** Who goes there waits for a seat. */
  readonly isFull: boolean;
  /** All of it in one sentence, for screen readers. */
  readonly label: string;
}

/** What the list says about itself. */
export type ListState = "loading" | "live" | "lost";

export function listingModel(listing: LobbyListing): ListingModel {
  const { code, members, capacity, playing, password, relayOnly } = listing;
  const text = strings.list;
  const cleaned = cleanName(listing.hostName);
  const name = cleaned === "" ? text.nameless : cleaned;
  const seats = text.seats(members, capacity);
  const isFull = isFullLobby(listing);
  const state = isFull ? text.full : playing ? text.playing : text.waiting;
  const tags = [...(password ? [text.password] : []), ...(relayOnly ? [text.relayOnly] : [])];
  const label = isFull ? text.waitLabel(name, [seats, ...tags].join(", ")) : text.joinLabel(name, [seats, state, ...tags].join(", "));
  return { code, name, seats, state, tags, isFull, label };
}

/** Those that are shown stay where they are, so that no row moves under a finger; new ones come last. */
export function arranged(shown: readonly string[], listings: readonly LobbyListing[]): readonly LobbyListing[] {
  const places = new Map(shown.map((code, place) => [code, place]));
  const placeOf = ({ code }: LobbyListing): number => places.get(code) ?? shown.length;
  return listings.toSorted((one, other) => placeOf(one) - placeOf(other));
}

/** How many there are, or why there are none. */
export function listSentence(state: ListState, shown: number, total: number, isFiltered: boolean): string {
  const text = strings.list;
  if (state === "loading") return text.loading;
  if (state === "lost") return text.lost;
  if (shown === 0) return isFiltered ? text.noneFit : text.empty;
  return shown < total ? text.someOf(shown, total) : text.count(shown);
}

export function filterOf(names: ReadonlySet<FilterName>): LobbyFilter {
  return Object.fromEntries([...names].map((name) => [name, true]));
}
