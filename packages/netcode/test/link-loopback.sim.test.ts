import { describe, expect, it } from "vitest";
import { LoopbackHub } from "../src/adapters/loopback.ts";
import { Random } from "../src/core/base/random.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { LinkMesh } from "../src/core/link/link-mesh.ts";
import type { LinkEvent } from "../src/core/ports/link.ts";
import type { Transport } from "../src/core/ports/transport.ts";

const game = { id: "tag", version: 1, contentHash: "0badcafe" };

function join(transport: Transport, seed: number): { mesh: LinkMesh; events: LinkEvent[]; messages: string[]; drain: () => void } {
  const mesh = new LinkMesh({ localPeerId: transport.localPeerId, game, random: new Random(seed) });
  const events: LinkEvent[] = [];
  const messages: string[] = [];
  const drain = (): void => {
    for (let action = mesh.pollAction(); action !== undefined; action = mesh.pollAction()) {
      if (action.type === "dial") transport.dial(action.peerId);
      else if (action.type === "accept") transport.accept(action.peerId);
      else transport.hangUp(action.peerId);
    }
    for (let packet = mesh.pollTransmit(); packet !== undefined; packet = mesh.pollTransmit())
      transport.send(packet.to, packet.channel, packet.bytes);
    for (let event = mesh.pollEvent(); event !== undefined; event = mesh.pollEvent()) events.push(event);
    for (let message = mesh.pollMessage(); message !== undefined; message = mesh.pollMessage())
      messages.push(new TextDecoder().decode(message.bytes));
  };
  transport.setHandler({
    handleChannelsOpen: (peer) => (mesh.handleChannelsOpen(0, peer), drain()),
    handleChannelsClosed: (peer, reason) => (mesh.handleChannelsClosed(0, peer, reason), drain()),
    handlePacket: (peer, channel, bytes) => void (mesh.handlePacket(0, peer, channel, bytes), drain()),
  });
  return { mesh, events, messages, drain };
}

describe("a link over the loopback", () => {
  it("[LK1] opens after hello and probe, and carries messages of any size", async () => {
    const hub = new LoopbackHub();
    const ada = join(hub.connect("ada" as PeerId), 1);
    const bob = join(hub.connect("bob" as PeerId), 2);
    bob.mesh.addPeer(0, "ada" as PeerId, "acceptor");
    bob.drain();
    ada.mesh.addPeer(0, "bob" as PeerId, "dialer");
    ada.drain();
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    expect(ada.events).toEqual([{ type: "link-open", peerId: "bob" }]);
    expect(bob.events).toEqual([{ type: "link-open", peerId: "ada" }]);
    const text = "x".repeat(100_000);
    expect(ada.mesh.sendReliable(0, "bob" as PeerId, new TextEncoder().encode(text))).toBe(true);
    ada.drain();
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    expect(bob.messages).toEqual([text]);
  });
});
