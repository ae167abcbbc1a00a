import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { cdp } from "vitest/browser";
import { PeerJsTransport } from "../src/adapters/peerjs.ts";
import { Random } from "../src/core/base/random.ts";
import { LinkMesh } from "../src/core/link/link-mesh.ts";
import type { LinkEvent } from "../src/core/ports/link.ts";
import { PeerLinks } from "../src/facade/peer-links.ts";
import { countPeerConnections, newPeerId, untilInRealTime } from "./real-time-world.ts";

declare module "vitest/browser" {
  interface CDPSession {
    /** Of the DevTools protocol. */
    send(method: string, parameters?: object): Promise<unknown>;
  }
}

const GAME = { id: "tag", version: 1, contentHash: "0badcafe" };
const TICK_MS = 10;

/** One end of a link over real WebRTC, as a page runs it. */
class End {
  readonly transport: PeerJsTransport;
  readonly mesh: LinkMesh;
  readonly links: PeerLinks;
  readonly events: LinkEvent["type"][] = [];
  readonly numbers: number[] = [];
  sent = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    const peerId = newPeerId();
    this.transport = new PeerJsTransport({ peerId, token: "token", broker: new URL(inject("peerServerUrl")), iceServers: [] });
    this.mesh = new LinkMesh({
      localPeerId: peerId,
      game: GAME,
      random: new Random(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0),
      capabilities: this.transport.capabilities,
    });
    this.links = new PeerLinks({
      nowMs: () => performance.now(),
      transport: this.transport,
      mesh: this.mesh,
      handleSessionPacket: (_from, _channel, bytes) => this.numbers.push((bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8)),
      handleEvent: (event) => this.events.push(event.type),
    });
    this.#timer = setInterval(() => this.links.tick(), TICK_MS);
  }

  sendReliable(to: End): void {
    this.links.transmit({
      to: to.transport.localPeerId,
      channel: "reliable",
      bytes: Uint8Array.of(0x20, this.sent & 0xff, this.sent >> 8),
    });
    this.sent++;
  }

  stage(): string {
    return this.links.stats()[0]?.stage ?? "none";
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.links.dispose();
  }
}

/** The credentials of ICE: a restart changes them. */
function ufragOf(connection: RTCPeerConnection | undefined): string {
  return /^a=ice-ufrag:(.*)$/m.exec(connection?.localDescription?.sdp ?? "")?.[1] ?? "";
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe("a link over real WebRTC", () => {
  let connections: ReturnType<typeof countPeerConnections>;
  /** Whose the channels are that ends make themselves. The one that dials makes its connection first. */
  const owners = new WeakMap<RTCDataChannel, RTCPeerConnection>();
  let ada: End;
  let bob: End;
  // oxlint-disable-next-line typescript/unbound-method -- called on the channel that it is sent on
  const { send } = RTCDataChannel.prototype;
  const WebSocketOfPage = globalThis.WebSocket;

  beforeEach(async () => {
    connections = countPeerConnections();
    connections.watch((connection) => {
      const create = connection.createDataChannel.bind(connection);
      connection.createDataChannel = (label, options) => {
        const channel = create(label, options);
        owners.set(channel, connection);
        return channel;
      };
    });
    await connect();
  });

  async function connect(): Promise<void> {
    ada = new End();
    bob = new End();
    bob.links.addPeer(ada.transport.localPeerId, "acceptor");
    ada.links.addPeer(bob.transport.localPeerId, "dialer");
    await untilInRealTime(() => ada.stage() === "open" && bob.stage() === "open");
  }

  afterEach(async () => {
    // What emulation delays dies with its socket: left on, no other test would hear that an end was closed.
    await cdp().send("Network.disable");
    RTCDataChannel.prototype.send = send;
    globalThis.WebSocket = WebSocketOfPage;
    ada.dispose();
    bob.dispose();
    await untilInRealTime(() => connections.live() === 0);
    connections.restore();
  });

  /** What leaves on these channels is lost from now on; reliable bytes wait, as SCTP keeps them. */
  function closeGate(labels: readonly string[], isClosed: (channel: RTCDataChannel) => boolean = () => true): () => void {
    const waiting: (() => void)[] = [];
    RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: never): void {
      if (!labels.includes(this.label) || !isClosed(this)) return send.call(this, data);
      const copy = new Uint8Array(data).slice();
      if (this.label !== "unreliable") waiting.push(() => send.call(this, copy));
    };
    return () => {
      RTCDataChannel.prototype.send = send;
      for (const release of waiting) release();
    };
  }

  async function exchangeReliable(): Promise<void> {
    const counts = [ada.sent, bob.sent];
    for (let index = 0; index < 20; index++) {
      ada.sendReliable(bob);
      bob.sendReliable(ada);
    }
    await untilInRealTime(() => bob.numbers.length === (counts[0] ?? 0) + 20 && ada.numbers.length === (counts[1] ?? 0) + 20);
    expect(bob.numbers).toEqual(upTo(ada.sent));
    expect(ada.numbers).toEqual(upTo(bob.sent));
  }

  it("[TR50] silence restarts ICE on the same connection by way of the broker, and its channels live on", async () => {
    await exchangeReliable();
    const before = connections.made.map(ufragOf);
    const open = closeGate(["unreliable", "control", "reliable"]);
    ada.sendReliable(bob);
    bob.sendReliable(ada);
    await untilInRealTime(() =>
      connections.made.every((connection, index) => ufragOf(connection) !== before[index] && connection.signalingState === "stable"),
    );
    expect([ada.stage(), bob.stage()]).toEqual(["restarting", "restarting"]);
    open();
    await untilInRealTime(() => ada.stage() === "open" && bob.stage() === "open");
    await exchangeReliable();
    expect(connections.made.length).toBe(2);
    expect(connections.made.map(({ connectionState }) => connectionState)).toEqual(["connected", "connected"]);
    expect([...ada.events, ...bob.events]).toEqual([
      "link-open",
      "link-suspect",
      "link-recovered",
      "link-open",
      "link-suspect",
      "link-recovered",
    ]);
    expect([ada.transport.refusals(), bob.transport.refusals()]).toEqual([{}, {}]);
  });

  it("[TR50] an end that hears the other one answers over the control channel", async () => {
    const before = connections.made.map(ufragOf);
    // Ada's datagrams pass, and Bob's do not: she asks through the broker, and he has no need of it.
    bob.transport.signal = () => {};
    const open = closeGate(["unreliable"], (channel) => owners.get(channel) === connections.made[1]);
    await untilInRealTime(() =>
      connections.made.every((connection, index) => ufragOf(connection) !== before[index] && connection.signalingState === "stable"),
    );
    open();
    await untilInRealTime(() => ada.stage() === "open" && bob.stage() === "open");
    await exchangeReliable();
    expect(connections.made.length).toBe(2);
    expect(bob.events).toEqual(["link-open"]);
  });

  it("[TR51] two restarts that cross end in one exchange", async () => {
    const before = connections.made.map(ufragOf);
    // Descriptions are on their way for longer than the ends' times to begin differ.
    // oxlint-disable-next-line typescript/unbound-method -- called on its socket
    const { send: sendSocket } = WebSocketOfPage.prototype;
    let delayed = 0;
    WebSocketOfPage.prototype.send = function (this: WebSocket, data: never): void {
      delayed++;
      setTimeout(() => sendSocket.call(this, data), 600);
    };
    const open = closeGate(["unreliable", "control", "reliable"]);
    try {
      ada.links.handleNetworkChange();
      bob.links.handleNetworkChange();
      await untilInRealTime(() => connections.made.every(({ signalingState }) => signalingState === "have-local-offer"));
      await untilInRealTime(() =>
        connections.made.every((connection, index) => ufragOf(connection) !== before[index] && connection.signalingState === "stable"),
      );
    } finally {
      WebSocketOfPage.prototype.send = sendSocket;
      open();
    }
    expect(delayed).toBeGreaterThan(2);
    await untilInRealTime(() => ada.stage() === "open" && bob.stage() === "open");
    await exchangeReliable();
    expect(connections.made.length).toBe(2);
    expect(connections.made.map(({ signalingState, connectionState }) => [signalingState, connectionState])).toEqual([
      ["stable", "connected"],
      ["stable", "connected"],
    ]);
  });

  it("[TR52] an outage in which every packet is lost costs nothing reliable, and no connection", async () => {
    // Only sockets that were made under emulation obey it.
    const emulate = (packetLoss: number): Promise<unknown> =>
      cdp().send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 1,
        downloadThroughput: -1,
        uploadThroughput: -1,
        packetLoss,
      });
    ada.dispose();
    bob.dispose();
    await untilInRealTime(() => connections.live() === 0);
    connections.made.length = 0;
    await cdp().send("Network.enable");
    await emulate(0);
    await connect();
    const before = connections.made.map(ufragOf);
    await emulate(100);
    try {
      for (let index = 0; index < 20; index++) {
        ada.sendReliable(bob);
        bob.sendReliable(ada);
      }
      await untilInRealTime(() => ada.stage() === "restarting" && bob.stage() === "restarting");
      await untilInRealTime(() => connections.made.every((connection, index) => ufragOf(connection) !== before[index]));
    } finally {
      await emulate(0);
    }
    await untilInRealTime(() => ada.stage() === "open" && bob.stage() === "open");
    await exchangeReliable();
    expect(connections.made.length).toBe(2);
  });
});
