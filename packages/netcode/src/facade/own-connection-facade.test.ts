import { expect, it } from "vitest";
import { createPeerServerTransport } from "./own-connection-facade.ts";
import { signalingOfPeerServer, type PeerServerOptions } from "./peer-server-signaling.ts";

it("[BY10] an id that cannot be, and an address that is none, are refused by name", async () => {
  const server = "https://peer.example/myapp";
  for (const peerId of ["", "no id", "a".repeat(65)])
    await expect(createPeerServerTransport({ peerId, server })).rejects.toMatchObject({ name: "NetcodeError", code: "BAD_ARGUMENT" });
  for (const wrong of [
    undefined,
    { peerId: "ada", server, iceServers: "stun:a.example" },
    { peerId: "ada", server, iceServers: [{ urls: "a.example" }] },
  ])
    await expect(createPeerServerTransport(wrong as PeerServerOptions)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  for (const wrong of ["", "peer.example", "ftp://peer.example/"])
    await expect(createPeerServerTransport({ peerId: "ada", server: wrong })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
});

it("[BY10] takes an address of http, https, ws or wss, with its path", () => {
  for (const protocol of ["http", "https", "ws", "wss"]) {
    const { broker, peerId, key } = signalingOfPeerServer({ peerId: "ada", server: `${protocol}://peer.example/myapp` });
    expect([broker.href, peerId, key]).toEqual([`${protocol}://peer.example/myapp`, "ada", "peerjs"]);
  }
});
