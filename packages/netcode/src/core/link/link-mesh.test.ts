import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import type { PeerId } from "../base/units.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { Channel } from "../ports/transport.ts";
import { encodeHello, encodeProbe, parseLinkPacket, type Hello } from "./link-codec.ts";
import { LinkMesh } from "./link-mesh.ts";

const GAME: GameIdentity = { id: "tag", version: 1, contentHash: "0badcafe" };
const ADA = "ada" as PeerId;
const BOB = "bob" as PeerId;
const CHANNELS: readonly Channel[] = ["unreliable", "reliable", "control", "bulk"];
const DATAGRAM = Uint8Array.of(0x20, 1, 2, 3);

function meshOfAda(): LinkMesh {
  return new LinkMesh({ localPeerId: ADA, game: GAME, random: new Random(1) });
}

/** Bob's hello, as Ada gets it. */
function helloOfBob(change: Partial<Hello> = {}): Uint8Array {
  return encodeHello({
    capabilities: 0,
    instance: 77,
    game: GAME,
    peerId: BOB,
    knownInstance: 0,
    expectedSequence: sequenceOf(0),
    ...change,
  });
}

/** The instance that Ada's hello names. */
function instanceOf(mesh: LinkMesh): number {
  for (let transmit = mesh.pollTransmit(); transmit !== undefined; transmit = mesh.pollTransmit()) {
    const packet = parseLinkPacket(transmit.bytes);
    if (packet.type === "hello") return packet.hello.instance;
  }
  throw new Error("expected: a hello");
}

function greeting(): LinkMesh {
  const mesh = meshOfAda();
  mesh.addPeer(0, BOB, "dialer");
  mesh.handleChannelsOpen(100, BOB);
  return mesh;
}

function open(): LinkMesh {
  const mesh = greeting();
  const instance = instanceOf(mesh);
  expect(mesh.handlePacket(150, BOB, "reliable", helloOfBob())).toBe(true);
  expect(mesh.handlePacket(150, BOB, "unreliable", encodeProbe("probe-ack", instance))).toBe(true);
  expect(mesh.pollEvent()).toEqual({ type: "link-open", peerId: BOB });
  return mesh;
}

describe("what a link takes from the wire", () => {
  it("[LK43] a session's packet is the session's once the link is open, and refused and counted before the hello", () => {
    const mesh = greeting();
    expect(mesh.handlePacket(110, BOB, "unreliable", DATAGRAM)).toBe(true);
    expect(mesh.handlePacket(110, BOB, "reliable", DATAGRAM)).toBe(true);
    expect(mesh.refusals()).toEqual({ "before-hello": 2 });
    const opened = open();
    expect(opened.handlePacket(200, BOB, "unreliable", DATAGRAM)).toBe(false);
    expect(opened.handlePacket(200, BOB, "reliable", DATAGRAM)).toBe(false);
    expect(opened.refusals()).toEqual({});
  });

  it("[BK17] a part of a file is taken on its own channel only, and an application's message on the others only", () => {
    const mesh = open();
    const channels = CHANNELS.map((channel) => {
      const [ofFile, message] = [0x11, 0x18].map((kind) => !mesh.handlePacket(200, BOB, channel, Uint8Array.of(kind, 1, 0, 0)));
      return { channel, ofFile, message };
    });
    expect(channels).toEqual([
      { channel: "unreliable", ofFile: false, message: true },
      { channel: "reliable", ofFile: false, message: true },
      { channel: "control", ofFile: false, message: false },
      { channel: "bulk", ofFile: true, message: false },
    ]);
    expect(mesh.refusals()).toEqual({ "wrong-channel": 5 });
    expect([mesh.hasDirect(BOB), mesh.hasDirect("eve" as PeerId)]).toEqual([true, false]);
    mesh.handleChannelsClosed(210, BOB, "remote");
    expect(mesh.hasDirect(BOB)).toBe(false);
  });

  it("[LK43] after the hello a session's packet proves that the other end is open, and opens this one", () => {
    const mesh = greeting();
    mesh.handlePacket(150, BOB, "reliable", helloOfBob());
    expect(mesh.status(BOB)).toBe("connecting");
    expect(mesh.handlePacket(160, BOB, "unreliable", DATAGRAM)).toBe(false);
    expect(mesh.status(BOB)).toBe("open");
  });

  it("[LK44] an unknown peer, closed channels, an unknown kind, a wrong channel and malformed bytes are refused and counted by reason", () => {
    const mesh = open();
    let nowMs = 200;
    const take = (from: PeerId, channel: Channel, ...bytes: number[]): boolean =>
      mesh.handlePacket(nowMs++, from, channel, Uint8Array.from(bytes));
    expect([
      take("eve" as PeerId, "unreliable", 0x20),
      take(BOB, "unreliable", 0x61),
      take(BOB, "reliable", 0x00),
      take(BOB, "unreliable", 0x01),
      take(BOB, "reliable", 0x05),
      take(BOB, "control", 0x20),
      take(BOB, "unreliable", 0x05, 1),
      take(BOB, "unreliable"),
    ]).toEqual(Array.from({ length: 8 }, () => true));
    expect(mesh.refusals()).toEqual({ "unknown-peer": 1, "unknown-kind": 3, "wrong-channel": 3, malformed: 1 });
    mesh.handleChannelsClosed(nowMs, BOB, "remote");
    expect(take(BOB, "unreliable", 0x20)).toBe(true);
    expect(mesh.refusals()["not-open"]).toBe(1);
  });

  it("[LK45] a hello in another peer's name is refused by name, then hung up on", () => {
    const mesh = greeting();
    instanceOf(mesh);
    mesh.pollAction();
    while (mesh.pollTransmit() !== undefined);
    mesh.handlePacket(150, BOB, "reliable", helloOfBob({ peerId: "eve" as PeerId }));
    const transmit = mesh.pollTransmit();
    expect(transmit === undefined ? undefined : parseLinkPacket(transmit.bytes)).toEqual({
      type: "refusal",
      reason: "protocol-error",
      game: GAME,
    });
    expect(mesh.pollEvent()).toEqual({ type: "link-closed", peerId: BOB, reason: "protocol-error" });
    mesh.handleTimeout(mesh.pollTimeoutMs());
    expect([mesh.pollAction(), mesh.pollTimeoutMs()]).toEqual([{ type: "hang-up", peerId: BOB }, Infinity]);
  });

  it.each([
    ["id", { ...GAME, id: "tig" }],
    ["version", { ...GAME, version: 2 }],
    ["content", { ...GAME, contentHash: "0badcaff" }],
  ])("[LK45] another %s of the game is refused with both sides told", (_what, game) => {
    const mesh = greeting();
    mesh.handlePacket(150, BOB, "reliable", helloOfBob({ game }));
    expect(mesh.pollEvent()).toEqual({ type: "link-closed", peerId: BOB, reason: "version-mismatch", remoteGame: game });
  });

  it("[LK42] another link version is a version mismatch", () => {
    const mesh = greeting();
    mesh.handlePacket(150, BOB, "reliable", Uint8Array.of(1, 9, 9));
    expect(mesh.pollEvent()).toEqual({ type: "link-closed", peerId: BOB, reason: "version-mismatch" });
  });

  it("[LK46] whatever arrives, the link neither throws nor piles up answers", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 0x20, 0x60), fc.uint8Array({ maxLength: 40 }))
        .map(([kind, rest]) => Uint8Array.of(kind, ...rest)),
      fc.constantFrom(helloOfBob(), helloOfBob({ instance: 5 }), encodeProbe("probe", 9), encodeProbe("probe-ack", 9)),
    );
    const steps = fc.array(fc.tuple(fc.constantFrom(...CHANNELS), bytes, fc.integer({ min: 0, max: 700 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (arrivals) => {
        const mesh = open();
        while (mesh.pollTransmit() !== undefined);
        let nowMs = 200;
        let transmits = 0;
        for (const [channel, packet, afterMs] of arrivals) {
          nowMs += afterMs;
          mesh.handlePacket(nowMs, BOB, channel, packet);
          mesh.handleTimeout(nowMs);
          while (mesh.pollTransmit() !== undefined) transmits++;
        }
        // At most an answer and, when its time has come, a ping, an ack, a hello and a probe for each packet.
        expect(transmits).toBeLessThanOrEqual(arrivals.length * 4);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what a caller may do", () => {
  it("[LK47] a reliable message waits for an open link", () => {
    const mesh = greeting();
    expect([mesh.sendReliable(110, BOB, DATAGRAM), mesh.sendReliable(110, "eve" as PeerId, DATAGRAM)]).toEqual([false, false]);
    const opened = open();
    expect(opened.sendReliable(200, BOB, DATAGRAM)).toBe(true);
  });

  it("[LK48] an identity that no hello can carry, ourselves as a peer and a clock that goes back are bugs", () => {
    for (const game of [
      { ...GAME, id: "" },
      { ...GAME, id: "a b" },
      { ...GAME, version: 1.5 },
      { ...GAME, contentHash: "xyz" },
    ]) {
      expect(() => new LinkMesh({ localPeerId: ADA, game, random: new Random(1) })).toThrow("expected");
    }
    const mesh = meshOfAda();
    expect(() => mesh.addPeer(0, ADA, "dialer")).toThrow("expected");
    mesh.handleTimeout(10);
    expect(() => mesh.handleTimeout(9)).toThrow("expected");
  });

  it("[LK49] a peer that is added again stays as it is while its link lives, and starts anew when it is closed or its role changed", () => {
    const mesh = open();
    while (mesh.pollAction() !== undefined);
    mesh.addPeer(200, BOB, "dialer");
    expect([mesh.pollAction(), mesh.status(BOB)]).toEqual([undefined, "open"]);
    mesh.addPeer(200, BOB, "acceptor");
    expect([mesh.pollAction(), mesh.pollAction(), mesh.status(BOB)]).toEqual([
      { type: "hang-up", peerId: BOB },
      { type: "accept", peerId: BOB },
      "connecting",
    ]);
    mesh.handleTimeout(17_000);
    mesh.handleTimeout(34_000);
    expect(mesh.status(BOB)).toBe("closed");
    mesh.addPeer(34_000, BOB, "acceptor");
    expect(mesh.status(BOB)).toBe("connecting");
  });
});
