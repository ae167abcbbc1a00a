import { goodbye, lobbyCode, parseByField, replies, type FieldReaders } from "./broker-message.ts";
import { capacity, count, metadata } from "./lobby-fields.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import { flag, integer, list, object, oneOf, text, type FrameParse, type Read } from "./lobby-shape.ts";
import type { ListMessage, LobbyList, LobbyListing, LobbyListUpdate } from "./lobby-list-types.ts";

const listing: Read<LobbyListing> = object<LobbyListing>({
  code: lobbyCode,
  hostName: text(LOBBY_LIMITS.nameUnits),
  metadata,
  members: integer(0, LOBBY_LIMITS.members),
  capacity,
  playing: flag,
  password: flag,
  relayOnly: flag,
});
const listings = list(listing, LOBBY_LIMITS.listings);

const result: Read<LobbyList> = object<LobbyList>({ lobbies: listings, total: count });
const update: Read<LobbyListUpdate> = object<LobbyListUpdate>({
  put: listings,
  gone: list(lobbyCode, LOBBY_LIMITS.listings),
  total: count,
});

type MessageOf<Key extends string> = Extract<ListMessage, { readonly [Name in Key]: unknown }>;

const granted = object<Extract<ListMessage, { readonly ok: true }>>({ reply: count, ok: oneOf([true]), result });

const readers: FieldReaders<ListMessage> = [
  ["list", object<MessageOf<"list">>({ list: update })],
  replies(granted),
  ["ping", object<MessageOf<"ping">>({ ping: count })],
  ["pong", object<MessageOf<"pong">>({ pong: count })],
  ["goodbye", object<MessageOf<"goodbye">>({ goodbye })],
];

/** Reads what the broker sent to a socket that follows the public list: checked and bounded as the rest, and never throws. */
export function parseListMessage(frame: string): FrameParse<ListMessage> {
  return parseByField(frame, readers);
}
