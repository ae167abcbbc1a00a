/** What a Node process imports: the lobbies and matches of a page, for headless hosts, bots and load tests. Games are defined with `@rollcall/netcode`. */
export { botInput } from "./facade/bot-input.ts";
export { NetcodeError } from "./facade/netcode-error.ts";
export {
  connectPeers,
  createPeerServerTransport,
  hostLobby,
  joinLobby,
  quickMatch,
  startLocalMatch,
  watchLobbies,
} from "./facade/node-facade.ts";
