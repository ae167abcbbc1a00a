import type { Lobby } from "@rollcall/netcode";

type AnyLobby = Pick<Lobby<unknown, {}>, "send" | "on">;

export async function shareMap(lobby: AnyLobby, map: File, bar: HTMLProgressElement): Promise<void> {
  const transfer = await lobby.send("all", map, { metadata: { kind: "map" } });
  transfer.on("progress", () => (bar.value = transfer.progress));
  await transfer.done.catch(() => console.log(transfer.recipients.filter(({ failure }) => failure !== undefined)));
}

export function takeMaps(lobby: AnyLobby, use: (map: Uint8Array) => void): void {
  lobby.on("blob", (incoming) => {
    const { metadata, sizeBytes } = incoming;
    const isMap = typeof metadata === "object" && metadata !== null && "kind" in metadata && metadata.kind === "map";
    if (isMap && sizeBytes < 2_000_000) incoming.accept().then(use, console.warn);
    else incoming.refuse();
  });
}
