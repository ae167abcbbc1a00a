import { afterEach, describe, expect, inject, it } from "vitest";
import { PeerJsTransport } from "../src/adapters/peerjs.ts";
import { CHANNEL_IDS } from "../src/adapters/rtc-channels.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { countPeerConnections, newPeerId, untilInRealTime } from "./real-time-world.ts";
import { describeTransport } from "./transport-contract.ts";

function join(): PeerJsTransport {
  return new PeerJsTransport({ peerId: newPeerId(), token: "token", broker: new URL(inject("peerServerUrl")), iceServers: [] });
}

describeTransport("PeerJS in Chromium", async () => {
  const connections = countPeerConnections();
  return {
    join: async () => join(),
    until: untilInRealTime,
    connectionCount: () => connections.live(),
    dispose: async () => connections.restore(),
  };
});

describe("the channels between two browsers", () => {
  const transports: PeerJsTransport[] = [];
  let connections: ReturnType<typeof countPeerConnections> | undefined;

  afterEach(() => {
    for (const transport of transports.splice(0)) transport.dispose();
    connections?.restore();
  });

  /** Two peers with open channels, and all that they made. */
  async function pair(): Promise<{ ids: readonly PeerId[]; channels: RTCDataChannel[]; made: RTCPeerConnection[]; packets: string[] }> {
    connections = countPeerConnections();
    const channels = collectChannels(connections);
    const ada = join();
    const bob = join();
    transports.push(ada, bob);
    let open = 0;
    const packets: string[] = [];
    for (const transport of [ada, bob]) {
      transport.setHandler({
        handleChannelsOpen: () => open++,
        handleChannelsClosed: (_peer, reason) => packets.push(`closed ${reason}`),
        handlePacket: (_peer, channel, bytes) => packets.push(`${channel} ${bytes.join(",")}`),
      });
    }
    bob.accept(ada.localPeerId);
    ada.dial(bob.localPeerId);
    await untilInRealTime(() => open === 2);
    return { ids: [ada.localPeerId, bob.localPeerId], channels: channels.splice(0), made: connections.made, packets };
  }

  /** Every data channel of every peer connection that is made, from either side. */
  function collectChannels(from: ReturnType<typeof countPeerConnections>): RTCDataChannel[] {
    const channels: RTCDataChannel[] = [];
    from.watch((connection) => {
      const create = connection.createDataChannel.bind(connection);
      connection.createDataChannel = (label, options) => {
        const channel = create(label, options);
        channels.push(channel);
        return channel;
      };
      connection.addEventListener("datachannel", (event) => channels.push(event.channel));
    });
    return channels;
  }

  it("[TR60] the certificates of both ends are known when channels open before the page is told that the answer was taken", async () => {
    const original = globalThis.RTCPeerConnection;
    // The dialing end, as Chromium shows it for a moment on a busy machine.
    globalThis.RTCPeerConnection = class extends original {
      override get currentRemoteDescription(): RTCSessionDescription | null {
        return this.#isDialer ? null : super.currentRemoteDescription;
      }

      override get remoteDescription(): RTCSessionDescription | null {
        return this.#isDialer ? null : super.remoteDescription;
      }

      get #isDialer(): boolean {
        return super.localDescription?.type === "offer";
      }
    };
    try {
      const { ids } = await pair();
      const [ada, bob] = transports;
      const [ours, theirs] = [ada?.fingerprints(ids[1] ?? newPeerId()), bob?.fingerprints(ids[0] ?? newPeerId())];
      expect(ours?.local.length).toBe(32);
      expect(theirs).toEqual({ local: ours?.remote, remote: ours?.local });
    } finally {
      globalThis.RTCPeerConnection = original;
    }
  });

  it("[TR20] one peer connection at each end carries all channels", async () => {
    const { made, channels } = await pair();
    expect(made.length).toBe(2);
    expect(channels.map(({ label }) => label).toSorted()).toEqual([
      "bulk",
      "bulk",
      "control",
      "control",
      "reliable",
      "reliable",
      "unreliable",
      "unreliable",
    ]);
  });

  it("[TR21] unreliable is unordered and never resent, the others are ordered and always, at both ends", async () => {
    const { channels } = await pair();
    const described = channels.map(({ label, ordered, maxRetransmits, maxPacketLifeTime, negotiated, id }) => ({
      label,
      ordered,
      maxRetransmits,
      maxPacketLifeTime,
      id: negotiated ? id : "announced",
    }));
    const ofLabel = (label: string): unknown[] => described.filter((channel) => channel.label === label);
    const twice = (channel: object): object[] => [channel, channel];
    expect(ofLabel("unreliable")).toEqual(
      twice({ label: "unreliable", ordered: false, maxRetransmits: 0, maxPacketLifeTime: null, id: CHANNEL_IDS.unreliable }),
    );
    expect(ofLabel("control")).toEqual(
      twice({ label: "control", ordered: true, maxRetransmits: null, maxPacketLifeTime: null, id: CHANNEL_IDS.control }),
    );
    expect(ofLabel("bulk")).toEqual(
      twice({ label: "bulk", ordered: true, maxRetransmits: null, maxPacketLifeTime: null, id: CHANNEL_IDS.bulk }),
    );
    expect(ofLabel("reliable")).toEqual(
      twice({ label: "reliable", ordered: true, maxRetransmits: null, maxPacketLifeTime: null, id: "announced" }),
    );
  });

  it("[TR22] a channel that the other end announces later is closed, and the others live on", async () => {
    const { made, packets } = await pair();
    const [first] = made;
    const intruder = first!.createDataChannel("reliable", { ordered: true });
    await untilInRealTime(() => intruder.readyState === "closed");
    const [ada, bob] = transports as [PeerJsTransport, PeerJsTransport];
    expect(ada.send(bob.localPeerId, "reliable", Uint8Array.of(1, 2))).toBe("sent");
    expect(bob.send(ada.localPeerId, "unreliable", Uint8Array.of(3))).toBe("sent");
    await untilInRealTime(() => packets.length === 2);
    expect(packets.toSorted()).toEqual(["reliable 1,2", "unreliable 3"]);
    expect([ada, bob].map((transport) => transport.refusals()["bad-message"] ?? 0).reduce((sum, count) => sum + count)).toBe(1);
  });

  it("[TR23] text on a channel is refused and counted", async () => {
    const { channels, packets } = await pair();
    const [ada, bob] = transports as [PeerJsTransport, PeerJsTransport];
    await untilInRealTime(() => channels.every((channel) => channel.readyState === "open"));
    for (const channel of channels) channel.send("not ours");
    ada.send(bob.localPeerId, "reliable", Uint8Array.of(7));
    bob.send(ada.localPeerId, "reliable", Uint8Array.of(7));
    await untilInRealTime(() => packets.length === 2 && ada.refusals()["bad-message"] === 4 && bob.refusals()["bad-message"] === 4);
    expect(packets).toEqual(["reliable 7", "reliable 7"]);
  });

  it("[TR24] an unreliable channel that is full turns datagrams away, but lets some through each second", async () => {
    await pair();
    const [ada, bob] = transports as [PeerJsTransport, PeerJsTransport];
    const outcomes: string[] = [];
    // In one task nothing leaves: the buffer fills at once.
    for (let index = 0; index < 500; index++) outcomes.push(ada.send(bob.localPeerId, "unreliable", new Uint8Array(1_150)));
    expect(outcomes.slice(0, 3)).toEqual(["sent", "sent", "sent"]);
    expect(outcomes.filter((outcome) => outcome === "full").length).toBeGreaterThan(400);
    expect(ada.bufferedBytes(bob.localPeerId, "unreliable")).toBeLessThan(1_150 * 20);
  });
});
