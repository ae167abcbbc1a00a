import { describe, expect, it, vi } from "vitest";
import { loadNodePackages, MissingPackageError } from "../src/adapters/node.ts";
import { hostLobby, joinLobby } from "../src/node.ts";
import { CAPABILITY } from "../src/core/ports/transport.ts";
import { tagGame } from "./tag-game.ts";
import { newPeerId, untilInRealTime } from "./real-time-world.ts";

vi.mock("node-datachannel/polyfill", () => {
  if (isMissing) throw new Error("Cannot find package 'node-datachannel'");
  return { RTCPeerConnection: Stub, RTCSessionDescription: Stub, RTCIceCandidate: Stub, RTCDataChannel: Stub };
});

let isMissing = true;

class Stub {
  createDataChannel(): Pick<RTCDataChannel, "readyState" | "close"> {
    return { readyState: "connecting", close: () => {} };
  }
  close(): void {}
}

describe("a Node peer", () => {
  it("[ND3] hostLobby and joinLobby reject with the missing package's name and what to do", async () => {
    const options = { game: tagGame, name: "Ada", broker: "http://127.0.0.1:1/" };
    for (const enter of [() => hostLobby(options), () => joinLobby("BCDFG", options)]) {
      await expect(enter()).rejects.toMatchObject({
        name: "NetcodeError",
        code: "MISSING_PACKAGE",
        message: expect.stringContaining("node-datachannel"),
        remedy: expect.stringContaining("npm install node-datachannel ws"),
      });
    }
  });

  it("[TR40] without node-datachannel is refused by name, with what to install; once it is there, it works", async () => {
    const options = { peerId: newPeerId(), token: "token", broker: new URL("http://127.0.0.1:1/"), iceServers: [] };
    const error: unknown = await loadNodePackages().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MissingPackageError);
    expect(error).toMatchObject({
      code: "MISSING_PACKAGE",
      packageName: "node-datachannel",
      message: expect.stringContaining("npm install node-datachannel"),
    });
    isMissing = false;
    const transport = (await loadNodePackages())(options);
    transport.dispose();
  });

  it("[TR41] neither restarts ICE nor carries media, and outlives a broker that is not there", async () => {
    isMissing = false;
    let failures = 0;
    const transport = (await loadNodePackages())({
      peerId: newPeerId(),
      token: "token",
      broker: new URL("http://127.0.0.1:1/"),
      iceServers: [],
    });
    const original = globalThis.WebSocket;
    globalThis.WebSocket = class extends original {
      constructor(address: string | URL) {
        super(address);
        this.addEventListener("close", () => failures++);
      }
    };
    await untilInRealTime(() => failures > 0);
    globalThis.WebSocket = original;
    expect((transport.capabilities ?? 0) & (CAPABILITY.iceRestart | CAPABILITY.media)).toBe(0);
    expect(transport.send(newPeerId(), "reliable", Uint8Array.of(1))).toBe("closed");
    transport.dispose();
  });
});
