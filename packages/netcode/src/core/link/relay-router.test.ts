import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksumText } from "../base/checksum.ts";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import type { PeerId } from "../base/units.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Transmit } from "../ports/session.ts";
import { SESSION_DATAGRAM_BYTES_MAX, type Channel } from "../ports/transport.ts";
import { encodeGoodbye, encodeHello, encodePing, encodeProbe, encodeRefusal, parseLinkPacket } from "./link-codec.ts";
import * as KIND from "./link-kind.ts";
import { LinkMesh } from "./link-mesh.ts";
import { encodeNeighbours, writeRelayed } from "./relay-codec.ts";
import { stampOf } from "./staleness.ts";

const GAME: GameIdentity = { id: "tag", version: 1, contentHash: "0badcafe" };
const [ADA, BOB, CYD, EVE] = ["ada", "bob", "cyd", "eve"] as [PeerId, PeerId, PeerId, PeerId];
const DATAGRAM = Uint8Array.of(0x20, 1, 2, 3);

function wrapped(kind: number, peer: PeerId, packet: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + packet.length);
  writeRelayed(bytes, kind, checksumText(peer), packet);
  return bytes;
}

/** Ada's mesh, with Bob and Cyd open on their own connections at 1,000 ms. */
class Ada {
  readonly mesh = new LinkMesh({ localPeerId: ADA, game: GAME, random: new Random(1) });
  readonly #instances = new Map<PeerId, number>();

  constructor(...peers: PeerId[]) {
    for (const peer of peers) {
      this.mesh.addPeer(1_000, peer, "dialer");
      this.mesh.handleChannelsOpen(1_000, peer);
      for (const { bytes } of this.drain()) {
        const packet = parseLinkPacket(bytes);
        if (packet.type === "hello") this.#instances.set(peer, packet.hello.instance);
      }
      this.take(1_000, peer, "reliable", hello(peer, 77));
      this.take(1_000, peer, "unreliable", encodeProbe("probe-ack", this.#instances.get(peer) ?? 0));
    }
    this.drain();
    while (this.mesh.pollEvent() !== undefined);
  }

  instance(peer: PeerId): number {
    return this.#instances.get(peer) ?? 0;
  }

  take(nowMs: number, from: PeerId, channel: Channel, bytes: Uint8Array): boolean {
    return this.mesh.handlePacket(nowMs, from, channel, bytes);
  }

  drain(): Transmit[] {
    const transmits: Transmit[] = [];
    for (let next = this.mesh.pollTransmit(); next !== undefined; next = this.mesh.pollTransmit())
      transmits.push({ ...next, bytes: next.bytes.slice() });
    return transmits;
  }

  refusals(): Readonly<Record<string, number>> {
    return this.mesh.refusals();
  }
}

function hello(peerId: PeerId, instance: number): Uint8Array {
  return encodeHello({ capabilities: 0, instance, game: GAME, peerId, knownInstance: 0, expectedSequence: sequenceOf(0) });
}

describe("a member in the middle", () => {
  it.each(["unreliable", "control"] as const)(
    "[LK84] passes a packet on as it is, once, in the name of who handed it over (%s)",
    (channel) => {
      const ada = new Ada(BOB, CYD);
      expect(ada.take(1_010, BOB, channel, wrapped(KIND.relay, CYD, DATAGRAM))).toBe(true);
      expect(ada.drain()).toEqual([{ to: CYD, channel, bytes: wrapped(KIND.relayed, BOB, DATAGRAM) }]);
      expect([ada.mesh.forwardedPackets, ada.refusals()]).toEqual([1, {}]);
    },
  );

  it("[LK84] keeps several packets apart that wait to be polled", () => {
    const ada = new Ada(BOB, CYD);
    const packets = [1, 2, 3].map((mark) => Uint8Array.of(0x20, mark));
    for (const packet of packets) ada.take(1_010, BOB, "unreliable", wrapped(KIND.relay, CYD, packet));
    expect(ada.drain().map(({ bytes }) => bytes)).toEqual(packets.map((packet) => wrapped(KIND.relayed, BOB, packet)));
  });

  it("[LK84] forwards neither for a stranger, nor to one, nor to itself, nor back, nor before the hello, nor to who is silent", () => {
    const ada = new Ada(BOB, CYD);
    const ask = (nowMs: number, from: PeerId, to: PeerId): void =>
      void ada.take(nowMs, from, "unreliable", wrapped(KIND.relay, to, DATAGRAM));
    ask(1_010, EVE, CYD);
    ask(1_010, BOB, EVE);
    ask(1_010, BOB, ADA);
    ask(1_010, BOB, BOB);
    expect(ada.refusals()).toEqual({ "unknown-peer": 1, "relay-no-way": 3 });
    ada.mesh.addPeer(1_010, EVE, "dialer");
    ask(1_010, BOB, EVE);
    ada.mesh.handleChannelsOpen(1_020, EVE);
    ask(1_020, EVE, CYD);
    for (let nowMs = 1_100; nowMs < 2_000; nowMs += 100) ada.mesh.handleTimeout(nowMs);
    ask(2_010, BOB, CYD);
    expect(ada.refusals()).toEqual({ "unknown-peer": 1, "relay-no-way": 5, "before-hello": 1 });
    expect(ada.mesh.forwardedPackets).toBe(0);
  });

  it("[LK85] forwards nothing that was forwarded already, or that only neighbours say: no packet makes two hops, or a loop", () => {
    const ada = new Ada(BOB, CYD);
    for (const inner of [wrapped(KIND.relay, BOB, DATAGRAM), wrapped(KIND.relayed, BOB, DATAGRAM), encodeNeighbours([])]) {
      ada.take(1_010, BOB, "unreliable", wrapped(KIND.relay, CYD, inner));
      ada.take(1_010, BOB, "unreliable", wrapped(KIND.relayed, CYD, inner));
    }
    ada.take(1_010, BOB, "reliable", wrapped(KIND.relay, CYD, DATAGRAM));
    ada.take(1_010, BOB, "unreliable", Uint8Array.of(KIND.relay, 1, 2, 3));
    ada.take(1_010, BOB, "control", encodeNeighbours([]));
    expect(ada.refusals()).toEqual({ "relay-nested": 6, "wrong-channel": 2, malformed: 1 });
    expect(ada.drain()).toEqual([]);
  });

  it("[LK86] drops and counts what is too much, for that member alone", () => {
    const ada = new Ada(BOB, CYD);
    const packet = wrapped(KIND.relay, CYD, new Uint8Array(1_000).fill(0x20));
    for (let index = 0; index < 1_000; index++) {
      ada.take(1_010, BOB, "unreliable", packet);
      ada.take(
        1_010,
        CYD,
        "unreliable",
        encodePing(
          { sequence: sequenceOf(index), ack: sequenceOf(-1), received: 0, holdMs: 0, isWanted: true, isDetoured: false },
          stampOf(1_010),
        ),
      );
    }
    const forwarded = ada.drain().filter(({ to }) => to === CYD).length;
    expect(forwarded).toBeLessThan(110);
    expect(ada.refusals()).toEqual({ "relay-too-much": 1_000 - forwarded });
    ada.take(1_020, CYD, "unreliable", wrapped(KIND.relay, BOB, DATAGRAM));
    expect(ada.drain().map(({ to }) => to)).toEqual([BOB]);
  });

  it("[LK86] gives an end that was made anew no fresh allowance", () => {
    const ada = new Ada(BOB, CYD);
    const packet = wrapped(KIND.relay, CYD, new Uint8Array(1_000).fill(0x20));
    for (let index = 0; index < 200; index++) ada.take(1_010, BOB, "unreliable", packet);
    const before = ada.mesh.forwardedPackets;
    ada.mesh.addPeer(1_010, BOB, "acceptor");
    ada.mesh.handleChannelsOpen(1_011, BOB);
    ada.take(1_011, BOB, "reliable", hello(BOB, 78));
    for (let index = 0; index < 200; index++) ada.take(1_012, BOB, "unreliable", packet);
    expect(ada.mesh.forwardedPackets - before).toBeLessThan(3);
  });
});

describe("what a member in the middle is believed", () => {
  it("[LK87] not a goodbye, a refusal or another process of a peer that is heard on its own connection", () => {
    const ada = new Ada(BOB, CYD);
    const tell = (packet: Uint8Array, channel: Channel): void => void ada.take(1_010, CYD, channel, wrapped(KIND.relayed, BOB, packet));
    tell(encodeGoodbye("closed"), "control");
    tell(encodeRefusal("version-mismatch", GAME), "control");
    tell(hello(BOB, 78), "control");
    tell(hello(EVE, 77), "control");
    expect(ada.mesh.pollEvent()).toBeUndefined();
    expect([ada.mesh.status(BOB), ada.refusals()]).toEqual(["open", { "relay-forbidden": 4 }]);
  });

  it("[LK87] a goodbye of a peer that is not heard any other way", () => {
    const ada = new Ada(BOB, CYD);
    ada.mesh.handleChannelsClosed(1_005, BOB, "remote");
    ada.take(1_010, CYD, "control", wrapped(KIND.relayed, BOB, encodeGoodbye("closed")));
    expect([ada.mesh.pollEvent(), ada.mesh.pollEvent()]).toEqual([
      { type: "peer-goodbye", peerId: BOB, farewell: "closed" },
      { type: "link-closed", peerId: BOB, reason: "left" },
    ]);
  });

  it("[LK87] not that it speaks for itself, for us, or for who is no member", () => {
    const ada = new Ada(BOB, CYD);
    for (const source of [CYD, ADA, EVE]) ada.take(1_010, CYD, "unreliable", wrapped(KIND.relayed, source, DATAGRAM));
    expect(ada.refusals()).toEqual({ "relay-no-way": 3 });
    expect(ada.mesh.pollMessage()).toBeUndefined();
  });

  it("[LK87] whatever arrives by it, nothing throws, answers stay few and no third is bothered", () => {
    const inner = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x20, 0x60), fc.uint8Array({ maxLength: 40 }))
        .map(([kind, rest]) => Uint8Array.of(kind, ...rest)),
      fc.constantFrom(hello(BOB, 77), hello(BOB, 78), encodeProbe("probe", 9), encodeGoodbye("closed"), DATAGRAM),
    );
    const arrival = fc.record({
      channel: fc.constantFrom<Channel>("unreliable", "control"),
      kind: fc.constantFrom(KIND.relay, KIND.relayed, KIND.neighbours),
      about: fc.constantFrom(ADA, BOB, CYD, EVE),
      inner,
      afterMs: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
        const ada = new Ada(BOB, CYD);
        let nowMs = 1_000;
        for (const { channel, kind, about, inner: packet, afterMs } of arrivals) {
          nowMs += afterMs;
          ada.take(nowMs, CYD, channel, kind === KIND.neighbours ? Uint8Array.of(kind, ...packet) : wrapped(kind, about, packet));
          ada.mesh.handleTimeout(nowMs);
          const sent = ada.drain();
          expect(sent.length).toBeLessThanOrEqual(10);
          expect(sent.filter(({ to }) => to === EVE)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a session's datagrams", () => {
  it("[LK89] go to the peer itself while that works, and in a wrapping to who forwards once it does not", () => {
    const ada = new Ada(BOB, CYD);
    const transmit: Transmit = { to: BOB, channel: "unreliable", bytes: new Uint8Array(SESSION_DATAGRAM_BYTES_MAX).fill(0x20) };
    const stamped = Uint8Array.of(...transmit.bytes, 0xfa, 0);
    expect(ada.mesh.route(1_000, transmit)).toEqual({ ...transmit, bytes: stamped });
    ada.mesh.handleChannelsClosed(1_010, BOB, "remote");
    ada.take(1_020, CYD, "unreliable", encodeNeighbours([{ hash: checksumText(BOB), delayMs: 5, lossRatio: 0 }]));
    ada.mesh.handleTimeout(1_120);
    expect(ada.drain().filter(({ to, bytes }) => to === CYD && bytes[0] === KIND.relay).length).toBe(2);
    ada.take(1_130, CYD, "unreliable", wrapped(KIND.relayed, BOB, encodeProbe("probe-ack", ada.instance(BOB))));
    ada.mesh.handleTimeout(1_230);
    const routed = ada.mesh.route(1_000, transmit);
    expect(routed).toEqual({ to: CYD, channel: "unreliable", bytes: wrapped(KIND.relay, BOB, stamped) });
    expect(ada.mesh.stats().find(({ peerId }) => peerId === BOB)).toMatchObject({ status: "open", path: "peer", via: CYD });
    expect(() => ada.mesh.route(1_000, { ...transmit, bytes: new Uint8Array(SESSION_DATAGRAM_BYTES_MAX + 1) })).toThrow("expected");
  });

  it("[LK89] that were forwarded come out as messages, with the name of who sent them", () => {
    const ada = new Ada(BOB, CYD);
    ada.take(1_010, CYD, "unreliable", wrapped(KIND.relayed, BOB, Uint8Array.of(...DATAGRAM, 0, 0)));
    expect(ada.mesh.pollMessage()).toEqual({ from: BOB, channel: "unreliable", bytes: DATAGRAM });
  });

  it("[LK90] two members whose ids share a hash are not told apart, and get nothing forwarded", () => {
    const seen = new Map<number, PeerId>();
    let pair: [PeerId, PeerId] | undefined;
    for (let index = 0; pair === undefined && index < 1_000_000; index++) {
      const peer = `peer-${index}` as PeerId;
      const hash = checksumText(peer);
      const twin = seen.get(hash);
      if (twin !== undefined) pair = [twin, peer];
      seen.set(hash, peer);
    }
    if (pair === undefined) throw new Error("expected: a collision of 32-bit hashes within a million");
    const ada = new Ada(BOB, ...pair);
    for (const peer of pair) ada.take(1_010, BOB, "unreliable", wrapped(KIND.relay, peer, DATAGRAM));
    expect([ada.refusals(), ada.mesh.forwardedPackets]).toEqual([{ "relay-no-way": 2 }, 0]);
  });
});
