import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { PeerJsTransport } from "../src/adapters/peerjs.ts";
import type { SignalingOptions } from "../src/adapters/signaling-options.ts";
import { failureOf, isAtLeast } from "../src/core/link/attempt-evidence.ts";
import type { AttemptEvidence } from "../src/core/ports/link-failure.ts";
import { countPeerConnections, newPeerId, untilInRealTime } from "./real-time-world.ts";

const original = globalThis.WebSocket;
/** What left on the signaling sockets, as text. */
let sent: string[] = [];
let mayPass: (type: string) => boolean = () => true;
/** Candidates leave neither on their own nor in a description. */
let isWithoutCandidates = false;

function join(options: Partial<SignalingOptions> = {}): PeerJsTransport {
  const transport = new PeerJsTransport({
    peerId: newPeerId(),
    token: "token",
    broker: new URL(inject("peerServerUrl")),
    iceServers: [],
    ...options,
  });
  transport.setHandler({ handleChannelsOpen: () => {}, handleChannelsClosed: () => {}, handlePacket: () => {} });
  return transport;
}

describe("what is seen of an attempt", () => {
  let connections: ReturnType<typeof countPeerConnections>;
  let transports: PeerJsTransport[] = [];

  beforeEach(() => {
    sent = [];
    mayPass = () => true;
    isWithoutCandidates = false;
    connections = countPeerConnections();
    globalThis.WebSocket = class extends original {
      override send(data: Parameters<WebSocket["send"]>[0]): void {
        const whole = typeof data === "string" ? data : "";
        const text = isWithoutCandidates ? whole.replaceAll(/a=candidate:.*?\\r\\n/g, "") : whole;
        sent.push(text);
        if (mayPass(/"type":"([A-Z]+)"/.exec(text)?.[1] ?? "")) super.send(text);
      }
    };
  });

  afterEach(async () => {
    for (const transport of transports.splice(0)) transport.dispose();
    await untilInRealTime(() => connections.live() === 0);
    connections.restore();
    globalThis.WebSocket = original;
  });

  function pair(options: Partial<SignalingOptions> = {}): { ada: PeerJsTransport; bob: PeerJsTransport; seen: () => AttemptEvidence } {
    const [ada, bob] = [join(options), join(options)];
    transports = [ada, bob];
    bob.accept(ada.localPeerId);
    ada.dial(bob.localPeerId);
    return { ada, bob, seen: () => ada.evidence(bob.localPeerId)! };
  }

  it("[TR55] tells a peer that does not answer from one that is not there", async () => {
    mayPass = (type) => type !== "ANSWER";
    const { ada, seen } = pair();
    await untilInRealTime(() => seen().isBrokerReachable && seen().localCandidates.includes("host/udp"));
    expect(failureOf("unreachable", seen())?.reason).toBe("NO_ANSWER");
    const nobody = newPeerId();
    ada.dial(nobody);
    await untilInRealTime(() => ada.evidence(nobody)?.isPeerAbsent === true);
    expect(failureOf("unreachable", ada.evidence(nobody)!)?.reason).toBe("PEER_ABSENT");
  });

  it("[TR55] tells a pair without a way to each other from one without addresses", async () => {
    mayPass = (type) => type !== "CANDIDATE";
    isWithoutCandidates = true;
    const { seen } = pair();
    await untilInRealTime(() => seen().stage === "answered");
    expect(seen()).toMatchObject({ attempts: 1, isBrokerReachable: true, remoteCandidates: [], hasTurn: false });
    expect(failureOf("unreachable", seen())?.reason).toBe("NO_CANDIDATES");
    expect(failureOf("unreachable", { ...seen(), remoteCandidates: ["host/udp"], localCandidates: ["srflx/udp"] })?.reason).toBe(
      "NEEDS_TURN",
    );
  });

  it("[TR55] names a TURN server that refuses or does not answer, without its credentials", async () => {
    const turn = { urls: ["turn:192.0.2.1:3478"], username: "somebody", credential: "secret" };
    const { seen } = pair({ iceServers: [turn] });
    await untilInRealTime(() => connections.made.length > 0);
    const tell = (errorCode: number, url: string): boolean | undefined =>
      connections.made[0]?.dispatchEvent(new RTCPeerConnectionIceErrorEvent("icecandidateerror", { errorCode, url }));
    tell(701, "stun:192.0.2.1");
    tell(701, "turn:192.0.2.1:3478");
    const checked = { stage: "checking", remoteCandidates: ["host/udp"] } as const;
    expect(failureOf("unreachable", { ...seen(), ...checked })?.reason).toBe("TURN_UNREACHABLE");
    for (let count = 0; count < 100; count++) tell(401, `turn:192.0.2.1:3478?transport=udp&${count % 2}`);
    for (let count = 0; count < 100; count++) tell(701, `turn:192.0.2.1:${count}`);
    expect(failureOf("unreachable", { ...seen(), ...checked })?.reason).toBe("TURN_UNAUTHORIZED");
    expect(seen().iceServerErrors.length).toBe(8);
    expect(JSON.stringify(seen())).not.toMatch(/secret|somebody/);
  });

  it("[TR56] forgets what was seen once the channels are open", async () => {
    const { ada, bob, seen } = pair();
    await untilInRealTime(() => ada.send(bob.localPeerId, "reliable", Uint8Array.of(1)) === "sent");
    expect(seen()).toMatchObject({ stage: "new", attempts: 0, localCandidates: [] });
  });

  it("[TR90] a browser that makes no connection is an attempt that failed at once, at either end, and no error of the page", async () => {
    const made = globalThis.RTCPeerConnection;
    const closed: string[] = [];
    let refused = 0;
    let mayBeMade = 0;
    globalThis.RTCPeerConnection = class extends made {
      constructor(configuration?: RTCConfiguration) {
        if (mayBeMade-- <= 0) throw new DOMException(`connection ${++refused}`, "UnknownError");
        super(configuration);
      }
    };
    try {
      const { ada, bob, seen } = pair();
      ada.setHandler({
        handleChannelsOpen: () => {},
        handleChannelsClosed: (_peer, reason) => closed.push(reason),
        handlePacket: () => {},
      });
      expect(closed).toEqual([]);
      await untilInRealTime(() => closed.length > 0);
      expect([closed, failureOf("unreachable", seen())?.reason]).toEqual([["unreachable"], "NO_CANDIDATES"]);
      // The dialer gets its connection now, and the acceptor gets none.
      mayBeMade = 1;
      ada.dial(bob.localPeerId);
      await untilInRealTime(() => (bob.refusals()["no-connection"] ?? 0) > 0);
      expect(failureOf("unreachable", bob.evidence(ada.localPeerId)!)?.reason).toBe("NO_CANDIDATES");
      mayBeMade = Infinity;
      ada.dial(bob.localPeerId);
      await untilInRealTime(() => ada.send(bob.localPeerId, "reliable", Uint8Array.of(1)) === "sent");
    } finally {
      globalThis.RTCPeerConnection = made;
    }
    expect(refused).toBeGreaterThan(1);
  });

  it("[TR58] of a relay-only lobby no address of the page leaves, even if the browser gathers some", async () => {
    const made = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends made {
      constructor(configuration?: RTCConfiguration) {
        // Such a browser would not know the setting.
        super({ ...configuration, iceTransportPolicy: "all" });
      }
    };
    try {
      const { seen } = pair({ relayOnly: true });
      await untilInRealTime(() => seen().localCandidates.length > 0 && isAtLeast(seen().stage, "answered"));
      // The offer is repeated with all candidates that there are.
      await untilInRealTime(() => sent.filter((text) => text.includes('"OFFER"')).length > 2);
    } finally {
      globalThis.RTCPeerConnection = made;
    }
    expect(sent.filter((text) => /"(OFFER|ANSWER)"/.test(text)).length).toBeGreaterThan(3);
    expect(sent.filter((text) => / typ (host|srflx|prflx)/.test(text))).toEqual([]);
    expect(sent.filter((text) => text.includes('"CANDIDATE"'))).toEqual([]);
  });
});
