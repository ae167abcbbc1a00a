import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { answerText } from "../src/adapters/answer-gate.ts";
import { PeerJsTransport } from "../src/adapters/peerjs.ts";
import { createVisitCrypto } from "../src/adapters/visit-crypto.ts";
import { LobbyVisit } from "../src/facade/lobby-visit.ts";
import { countPeerConnections, newPeerId, untilInRealTime } from "./real-time-world.ts";

/** A signaling socket of the page, with what a test does to its messages. */
interface Tapped {
  readonly socket: WebSocket;
  readonly url: URL;
}

const original = globalThis.WebSocket;
const sockets: Tapped[] = [];
/** How often a message of `type` leaves: 0 loses it, 2 doubles it. */
let copies: (type: string) => number = () => 1;
let delaysMs: () => number = () => 0;
let tapped: (type: string, data: string) => void = () => {};

function tapSockets(): void {
  globalThis.WebSocket = class extends original {
    constructor(url: string | URL) {
      super(url);
      sockets.push({ socket: this, url: new URL(url) });
    }

    override send(data: Parameters<WebSocket["send"]>[0]): void {
      const text = typeof data === "string" ? data : "{}";
      const { type }: { type: string } = JSON.parse(text);
      tapped(type, text);
      for (let copy = copies(type); copy > 0; copy--) {
        const delayMs = delaysMs();
        if (delayMs === 0) super.send(data);
        else setTimeout(() => super.send(data), delayMs);
      }
    }
  };
}

interface Ends {
  readonly ada: PeerJsTransport;
  readonly bob: PeerJsTransport;
  readonly opens: string[];
  readonly closes: string[];
}

function join(): PeerJsTransport {
  return new PeerJsTransport({ peerId: newPeerId(), token: "token", broker: new URL(inject("peerServerUrl")), iceServers: [] });
}

/** The same with a key, as in a lobby: answers are signed. */
async function joinWithKey(): Promise<PeerJsTransport> {
  const visit = await LobbyVisit.begin(await createVisitCrypto(), undefined);
  return new PeerJsTransport({
    peerId: visit.peerId,
    token: "token",
    broker: new URL(inject("peerServerUrl")),
    iceServers: [],
    seals: visit,
  });
}

/** Two transports of which Bob accepts Ada. */
function makeEnds(): Ends {
  const ends: Ends = { ada: join(), bob: join(), opens: [], closes: [] };
  for (const transport of [ends.ada, ends.bob]) {
    transport.setHandler({
      handleChannelsOpen: () => ends.opens.push(transport.localPeerId),
      handleChannelsClosed: (_peer, reason) => ends.closes.push(reason),
      handlePacket: () => {},
    });
  }
  ends.bob.accept(ends.ada.localPeerId);
  return ends;
}

function socketOf(transport: PeerJsTransport): WebSocket | undefined {
  return sockets.findLast(({ url }) => url.searchParams.get("id") === transport.localPeerId)?.socket;
}

/** A stranger's socket, without PeerJS. */
async function openStranger(): Promise<{ id: string; send: (message: unknown) => void; received: string[]; close: () => void }> {
  const id = newPeerId();
  const base = inject("peerServerUrl").replace("http", "ws");
  const socket = new original(`${base}peerjs?key=peerjs&id=${id}&token=stranger`);
  const received: string[] = [];
  socket.addEventListener("message", (event: MessageEvent<string>) => {
    const { type }: { type: string } = JSON.parse(event.data);
    received.push(type);
  });
  await untilInRealTime(() => received.includes("OPEN"));
  return { id, send: (message) => socket.send(JSON.stringify(message)), received, close: () => socket.close() };
}

describe("PeerJS with bad signaling", () => {
  let ends: Ends;
  let connections: ReturnType<typeof countPeerConnections>;

  beforeEach(() => {
    copies = () => 1;
    delaysMs = () => 0;
    tapped = () => {};
    tapSockets();
    connections = countPeerConnections();
    ends = makeEnds();
  });

  afterEach(async () => {
    ends.ada.dispose();
    ends.bob.dispose();
    await untilInRealTime(() => connections.live() === 0);
    connections.restore();
    globalThis.WebSocket = original;
    sockets.length = 0;
  });

  it.each(["OFFER", "ANSWER", "CANDIDATE"])("[TR25] an attempt survives the loss of its first %s messages", async (lost) => {
    let count = 0;
    const limit = lost === "CANDIDATE" ? Infinity : 2;
    copies = (type) => (type === lost && ++count <= limit ? 0 : 1);
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
    expect(count).toBeGreaterThan(lost === "CANDIDATE" ? 0 : 2);
    expect(ends.closes).toEqual([]);
    expect(connections.made.length).toBe(2);
  });

  it("[TR25] six pairs at once open while a third of all signaling is lost and a third is doubled", async () => {
    const counts = new Map<string, number>();
    copies = (type) => {
      const count = counts.get(type) ?? 0;
      counts.set(type, count + 1);
      return type === "HEARTBEAT" ? 1 : count % 3;
    };
    const pairs = [ends, ...Array.from({ length: 5 }, makeEnds)];
    try {
      for (const { ada, bob } of pairs) ada.dial(bob.localPeerId);
      await untilInRealTime(() => pairs.every(({ opens }) => opens.length === 2));
      expect(pairs.flatMap(({ closes }) => closes)).toEqual([]);
      expect(connections.made.length).toBe(12);
    } finally {
      for (const { ada, bob } of pairs) {
        ada.dispose();
        bob.dispose();
      }
    }
  });

  it(
    "[TR25] a hundred of a hundred pairs open while 30 % of all signaling is lost, half is doubled, and it is overtaken",
    { timeout: 180_000 },
    async () => {
      let lost = 0;
      let doubled = 0;
      copies = (type) => {
        if (type === "HEARTBEAT") return 1;
        if (Math.random() < 0.3) {
          lost++;
          return 0;
        }
        if (Math.random() < 0.5) return 1;
        doubled++;
        return 2;
      };
      // Some leave later than what comes after them.
      delaysMs = () => (Math.random() < 0.3 ? Math.random() * 300 : 0);
      for (let batch = 0; batch < 10; batch++) {
        const pairs = Array.from({ length: 10 }, makeEnds);
        try {
          for (const { ada, bob } of pairs) ada.dial(bob.localPeerId);
          await untilInRealTime(() => pairs.every(({ opens }) => opens.length === 2));
          expect(pairs.flatMap(({ closes }) => closes)).toEqual([]);
        } finally {
          for (const { ada, bob } of pairs) {
            ada.dispose();
            bob.dispose();
          }
        }
      }
      expect(Math.min(lost, doubled)).toBeGreaterThan(100);
    },
  );

  it("[TR80] answers that a broker makes up do not keep the peer's own from opening the connection", async () => {
    const [ada, bob] = [await joinWithKey(), await joinWithKey()];
    const opens: string[] = [];
    const closes: string[] = [];
    for (const transport of [ada, bob])
      transport.setHandler({
        handleChannelsOpen: () => opens.push(transport.localPeerId),
        handleChannelsClosed: (_peer, reason) => closes.push(reason),
        handlePacket: () => {},
      });
    bob.accept(ada.localPeerId);
    const liar = await LobbyVisit.begin(await createVisitCrypto(), undefined);
    const forged = new Set<string>();
    /** Answers each offer in Bob's name, for a connection of the liar's own, without a signature and with the liar's. */
    const forge = async (offer: RTCSessionDescriptionInit, connectionId: string): Promise<void> => {
      const own = new RTCPeerConnection();
      forged.add(connectionId);
      await own.setRemoteDescription(offer);
      await own.setLocalDescription();
      const sdp = own.localDescription?.sdp ?? "";
      // On a quick machine it would be open before Bob's answer comes: then the proofs end it (ID61).
      own.close();
      const place = { from: bob.localPeerId, to: ada.localPeerId, connectionId };
      for (const seal of [undefined, await liar.seal(answerText(place, sdp))]) {
        const payload = { type: "data", connectionId, sdp: { type: "answer", sdp }, seal };
        const data = JSON.stringify({ type: "ANSWER", src: bob.localPeerId, payload });
        socketOf(ada)?.dispatchEvent(new MessageEvent("message", { data }));
      }
    };
    tapped = (type, data) => {
      const { payload }: { payload: { connectionId: string; sdp: RTCSessionDescriptionInit } } = JSON.parse(data);
      if (type === "OFFER" && !forged.has(payload.connectionId)) void forge(payload.sdp, payload.connectionId);
    };
    // Bob's own are slower.
    delaysMs = () => (forged.size === 0 ? 0 : 100);
    try {
      ada.dial(bob.localPeerId);
      await untilInRealTime(() => opens.length === 2);
      // One dial, and one more offer by itself: the first answer was the liar's.
      expect([closes, forged.size, connections.made.length]).toEqual([[], 2, 6]);
      expect(ada.refusals()["unsigned-answer"]).toBeGreaterThanOrEqual(3);
      expect(ada.fingerprints(bob.localPeerId)?.remote).toEqual(bob.fingerprints(ada.localPeerId)?.local);
    } finally {
      ada.dispose();
      bob.dispose();
    }
  });

  it("[TR26] the signaling socket comes back by itself, and a dial waits for it", async () => {
    await untilInRealTime(() => sockets.length === 2 && sockets.every(({ socket }) => socket.readyState === original.OPEN));
    socketOf(ends.ada)?.close();
    await untilInRealTime(() => sockets.length === 3);
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
    expect(socketOf(ends.ada)).toBe(sockets[2]?.socket);
  });

  it("[TR33] a signaling socket that swallows everything is replaced", async () => {
    await untilInRealTime(() => sockets.length === 2 && sockets.every(({ socket }) => socket.readyState === original.OPEN));
    // A server that still holds the old socket would not welcome the new one: what dies here is only the way there.
    copies = () => (sockets.length > 2 ? 1 : 0);
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
    expect(sockets.length).toBe(3);
    expect(connections.made.length).toBe(2);
  });

  it("[TR54] a socket that gives no sign of life is replaced when a link needs it, if the broker gave one before", async () => {
    // Stands for our broker, which answers when it is asked; a stock PeerServer does not.
    let isDeaf = false;
    copies = (type) => {
      if (type === "HEARTBEAT" && !isDeaf) {
        for (const { socket } of sockets) socket.dispatchEvent(new MessageEvent("message", { data: '{"type":"PONG"}' }));
      }
      return isDeaf && sockets.length === 2 ? 0 : 1;
    };
    await untilInRealTime(() => sockets.length === 2 && sockets.every(({ socket }) => socket.readyState === original.OPEN));
    const asking = setInterval(() => ends.ada.signal(ends.bob.localPeerId, Uint8Array.of(14)), 100);
    try {
      ends.ada.dial(ends.bob.localPeerId);
      await untilInRealTime(() => ends.opens.length === 2);
      expect(sockets.length).toBe(2);
      isDeaf = true;
      await untilInRealTime(() => sockets.length === 3);
      expect(ends.closes).toEqual([]);
    } finally {
      clearInterval(asking);
    }
  });

  it("[TR27] open channels do not need the signaling socket", async () => {
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
    for (const transport of [ends.ada, ends.bob]) socketOf(transport)?.close();
    await untilInRealTime(() => sockets.length === 4);
    expect(ends.ada.send(ends.bob.localPeerId, "reliable", Uint8Array.of(1))).toBe("sent");
    expect(ends.closes).toEqual([]);
  });

  it("[TR28] a stranger's offer makes no peer connection and gets no answer; nor does anything else that it sends disturb", async () => {
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
    const stranger = await openStranger();
    const dst = ends.bob.localPeerId;
    const sdp = connections.made[0]?.localDescription?.sdp;
    const payload = {
      type: "data",
      connectionId: "dc_stranger",
      reliable: true,
      serialization: "raw",
      metadata: { attempt: 1 },
      sdp: { type: "offer", sdp },
    };
    stranger.send({ type: "OFFER", dst, payload });
    stranger.send({ type: "OFFER", dst, payload: { ...payload, serialization: "constructor" } });
    stranger.send({ type: "OFFER", dst, payload: null });
    stranger.send({ type: "ANSWER", dst, payload: { ...payload, sdp: { type: "answer", sdp } } });
    stranger.send({ type: "CANDIDATE", dst, payload: { ...payload, candidate: { candidate: "candidate:x" } } });
    stranger.send({ type: "LEAVE", dst });
    await untilInRealTime(() => Object.values(ends.bob.refusals()).reduce((sum, count) => sum + count, 0) === 5);
    expect(ends.bob.refusals()).toEqual({ "not-accepted": 1, "malformed-signal": 2, "stale-attempt": 2 });
    expect(connections.made.length).toBe(2);
    expect(stranger.received).toEqual(["OPEN"]);
    expect(ends.closes).toEqual([]);
    stranger.close();
  });

  it("[TR59] ten thousand messages of a broker that lies make no peer connection and no error, and change nothing", async () => {
    await untilInRealTime(() => sockets.length === 2 && sockets.every(({ socket }) => socket.readyState === original.OPEN));
    const socket = socketOf(ends.bob);
    const errors: unknown[] = [];
    const keep = (event: Event): void => void errors.push(event);
    for (const type of ["error", "unhandledrejection"]) globalThis.addEventListener(type, keep);
    const pick = <Value>(values: readonly Value[], number: number): Value => values[number % values.length]!;
    const sdp = "v=0\r\nm=application 9 x y\r\na=ice-ufrag:x\r\na=fingerprint:x\r\n";
    const { localPeerId: ada } = ends.ada;
    try {
      for (let index = 0; index < 10_000; index++) {
        const type = pick(["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE", "PONG", "ERROR", "CHALLENGE", "constructor", 7, null], index);
        // In the name of who may call it says only what no member says.
        const isStranger = index % 3 !== 0;
        const src = pick(isStranger ? [`stranger-${index}`, "", null, 5, "__proto__"] : [ada], index);
        const payload = pick<unknown>(
          [
            null,
            "x".repeat(2_000),
            { type: "data", connectionId: "link", sdp: { type: "answer", sdp: "DgAAAAA" } },
            { type: "data", connectionId: `dc_${index}`, serialization: "raw", reliable: true, sdp: { type: "offer", sdp } },
            { type: "data", connectionId: `dc_${index}`, candidate: { candidate: "candidate:x" } },
            { type: "media", connectionId: `mc_${index}`, sdp: { type: "offer", sdp } },
            isStranger
              ? {
                  type: "data",
                  connectionId: `dc_${index}`,
                  serialization: "raw",
                  reliable: true,
                  metadata: { attempt: index + 1 },
                  sdp: { type: "offer", sdp },
                }
              : [],
          ],
          index >> 2,
        );
        const data = index % 50 === 0 ? "{" : JSON.stringify({ type, src, payload });
        if (type !== "ERROR") socket?.dispatchEvent(new MessageEvent("message", { data }));
      }
      await new Promise((resolve) => setTimeout(resolve));
    } finally {
      for (const type of ["error", "unhandledrejection"]) globalThis.removeEventListener(type, keep);
    }
    expect(errors).toEqual([]);
    expect(connections.made.length).toBe(0);
    const refused = Object.values(ends.bob.refusals()).reduce((sum, count) => sum + count, 0);
    expect(refused).toBeGreaterThan(3_000);
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
  });

  it("[TR59] of offers in the name of a member at most eight are answered at once", async () => {
    const accepted = await openStranger();
    ends.bob.accept(accepted.id as PeerJsTransport["localPeerId"]);
    await untilInRealTime(() => socketOf(ends.bob)?.readyState === original.OPEN);
    const sdp = "v=0\r\nm=application 9 x y\r\na=ice-ufrag:x\r\na=fingerprint:x\r\n";
    const fields = { type: "data", reliable: true, serialization: "raw", sdp: { type: "offer", sdp } };
    for (let attempt = 1; attempt <= 100; attempt++) {
      accepted.send({
        type: "OFFER",
        dst: ends.bob.localPeerId,
        payload: { ...fields, connectionId: `dc_${attempt}`, metadata: { attempt } },
      });
    }
    await untilInRealTime(() => (ends.bob.refusals()["too-many-attempts"] ?? 0) >= 91);
    expect(connections.made.length).toBeLessThanOrEqual(9);
    expect(connections.live()).toBeLessThanOrEqual(1);
    accepted.close();
  });

  it("[TR71] offers that a broker makes up in a member's name do not end a connection that works", async () => {
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 2);
    const chatter = setInterval(() => ends.ada.send(ends.bob.localPeerId, "unreliable", Uint8Array.of(1)), 20);
    try {
      const sdp = connections.made[0]?.localDescription?.sdp;
      const fields = { type: "data", reliable: true, serialization: "raw", sdp: { type: "offer", sdp } };
      for (let attempt = 2; attempt <= 31; attempt++) {
        const payload = { ...fields, connectionId: `dc_${attempt}`, metadata: { attempt: attempt ** 8 } };
        const data = JSON.stringify({ type: "OFFER", src: ends.ada.localPeerId, payload });
        socketOf(ends.bob)?.dispatchEvent(new MessageEvent("message", { data }));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      clearInterval(chatter);
    }
    expect(ends.bob.refusals()).toEqual({ connected: 30 });
    expect(connections.made.length).toBe(2);
    expect(ends.closes).toEqual([]);
    // An honest one is answered as soon as the old connection is closed, or has been silent.
    ends.ada.dial(ends.bob.localPeerId);
    await untilInRealTime(() => ends.opens.length === 4);
  });

  it("[TR29] an attempt whose descriptions make no sense is given up without an unhandled rejection", async () => {
    const accepted = await openStranger();
    ends.bob.accept(accepted.id as PeerJsTransport["localPeerId"]);
    const dst = ends.bob.localPeerId;
    const payload = {
      type: "data",
      connectionId: "dc_1",
      reliable: true,
      serialization: "raw",
      metadata: { attempt: 1 },
      sdp: { type: "offer", sdp: "v=0\nm=application nonsense\na=ice-ufrag:x\na=fingerprint:x" },
    };
    await untilInRealTime(() => socketOf(ends.bob)?.readyState === original.OPEN);
    accepted.send({ type: "OFFER", dst, payload });
    accepted.send({ type: "CANDIDATE", dst, payload: { ...payload, candidate: { candidate: "candidate:nonsense", sdpMid: "0" } } });
    await untilInRealTime(() => ends.bob.refusals()["bad-candidate"] === 1);
    // An older attempt, then a newer one that replaces it.
    accepted.send({ type: "OFFER", dst, payload: { ...payload, connectionId: "dc_0" } });
    accepted.send({ type: "OFFER", dst, payload: { ...payload, connectionId: "dc_2", metadata: { attempt: 2 } } });
    await untilInRealTime(() => connections.made.length === 2);
    expect(ends.bob.refusals()["stale-attempt"]).toBe(1);
    expect(connections.live()).toBe(1);
    accepted.close();
  });
});
