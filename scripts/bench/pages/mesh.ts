/** One peer of the mesh in a page, which draws nothing: what it costs is the netcode's and the game's. */
import { rubberband } from "@rollcall/game-demo/sim";
import { hostLobby } from "@rollcall/netcode";
import { MeshPlayer } from "../mesh/mesh-player.ts";

let player: MeshPlayer | undefined;

Object.assign(globalThis, {
  host: async (): Promise<string> => {
    const lobby = await hostLobby({ game: rubberband, name: "Page", iceServers: [] });
    player = new MeshPlayer(lobby);
    return lobby.code;
  },
  isReady: () => player?.isReady === true,
  totals: () => player?.totals(),
});
