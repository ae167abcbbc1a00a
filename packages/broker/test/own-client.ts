import { generateKeyPairSync } from "node:crypto";
import { WebSocket } from "ws";

/** Hosts a lobby without the library, and gives its code; `socket` is the host's seat. */
export function hostByHand(broker: string): Promise<{ readonly code: string; readonly socket: WebSocket }> {
  const socket = new WebSocket(`${broker.replace(/^http/, "ws")}/lobby`);
  const { publicKey } = generateKeyPairSync("ed25519");
  const command = {
    type: "create",
    protocol: 4,
    key: publicKey.export({ format: "jwk" }).x,
    game: { id: "tag", version: 1, contentHash: "0123abcd" },
    profile: { name: "Ada", colour: 0, choices: null },
    capacity: 8,
    settings: null,
    metadata: { title: "Ada's room" },
  };
  socket.on("open", () => socket.send(JSON.stringify({ request: 1, command })));
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (text: Buffer) => {
      const message = JSON.parse(text.toString());
      if (message.ping !== undefined) socket.send(JSON.stringify({ pong: message.ping }));
      if (message.reply === 1 && message.ok) resolve({ code: message.result.lobby.code, socket });
      if (message.reply === 1 && !message.ok) reject(new Error(message.error.message));
    });
  });
}
