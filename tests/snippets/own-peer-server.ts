import { connectPeers, createPeerServerTransport, type PeerGroup } from "@rollcall/netcode/transport";
import type { Game, InputSchema } from "@rollcall/netcode";

/** The ids come from the game: a URL, a chat, a server of its own. All pass the same list, in the same order. */
export async function meet<State, Schema extends InputSchema>(
  game: Game<State, Schema>,
  me: string,
  everybody: readonly string[],
): Promise<PeerGroup<State, Schema>> {
  const transport = await createPeerServerTransport({
    peerId: me,
    server: "https://peer.example/myapp",
    key: "pong",
    iceServers: [{ urls: "stun:stun.example:3478" }],
  });
  return connectPeers({ game, transport, peers: everybody });
}
