import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import { CAPABILITY } from "../ports/transport.ts";
import { DirectSide } from "./direct-side.ts";
import { Healing } from "./healing.ts";
import { LinkOutput } from "./link-output.ts";
import { encodeNegotiation, type NegotiationPacket } from "./negotiation-codec.ts";
import { RelaySide } from "./relay-side.ts";
import { RosterExchange } from "./roster-exchange.ts";

const THEIRS = 7;

function setup(): { readonly healing: Healing; readonly output: LinkOutput; readonly direct: DirectSide; readonly signals: () => number } {
  const output = new LinkOutput();
  const relays = { hasOthers: () => false, canForward: () => false, checkSoon: () => {}, send: () => {}, offers: () => [] };
  const peerId = testPeerId("peer-1");
  const options = {
    localPeerId: testPeerId("peer-0"),
    peerId,
    role: "acceptor",
    game: { id: "tag", version: 1, contentHash: "00000000" },
    capabilities: CAPABILITY.iceRestart,
    isMutual: false,
    instance: 1,
    lobby: undefined,
    random: new Random(1),
    output,
    relays,
    rosters: new RosterExchange({ lobby: undefined, trust: undefined, output }),
  } as const;
  const direct = new DirectSide(options);
  direct.carrier.state = { kind: "ready" };
  direct.carrier.lastHeardMs = 0;
  const healing = new Healing(options, direct, new RelaySide(peerId, relays));
  healing.meet(THEIRS, CAPABILITY.iceRestart);
  const signals = (): number => output.actions.splice(0).filter(({ type }) => type === "signal").length;
  return { healing, output, direct, signals };
}

const offer: NegotiationPacket = { type: "offer", instance: THEIRS, generation: sequenceOf(1), iceRestart: true, description: "theirs" };
const candidates: NegotiationPacket = { type: "candidates", instance: THEIRS, generation: sequenceOf(1), candidates: ["one"] };

describe("a peer that repeats itself", () => {
  it("[LK110] makes us say little by way of the broker, whatever it repeats, and however fast", () => {
    const { healing, output, signals } = setup();
    healing.handlePacket(0, encodeNegotiation(offer));
    healing.handleReport(0, { type: "description", generation: 1, description: "ours" });
    healing.handlePacket(0, encodeNegotiation(candidates));
    signals();
    for (let count = 0; count < 500; count++) {
      healing.handlePacket(1, encodeNegotiation(offer));
      healing.handlePacket(1, encodeNegotiation(candidates));
    }
    expect(signals()).toBe(24);
    expect(output.refusals()["negotiation-flood"]).toBe(976);
    let said = 0;
    for (let nowMs = 1; nowMs < 10_001; nowMs += 10) {
      healing.handlePacket(nowMs, encodeNegotiation(offer));
      said += signals();
    }
    expect(said).toBeGreaterThan(60);
    expect(said).toBeLessThan(70);
  });

  it("[LK110] that has no exchange with us gets its word no more often; what we repeat by ourselves leaves all the same", () => {
    const { healing, signals } = setup();
    healing.handlePacket(0, encodeNegotiation(offer));
    healing.handleReport(0, { type: "failed", generation: 1 });
    signals();
    for (let count = 0; count < 500; count++) healing.handlePacket(1, encodeNegotiation(offer));
    expect(signals()).toBe(24);
    healing.check(2_600);
    healing.handleReport(2_600, { type: "description", generation: 2, description: "ours" });
    expect(signals()).toBeGreaterThan(0);
    healing.check(3_000);
    expect(signals()).toBeGreaterThan(0);
  });
});

describe("a peer that is found while an exchange is under way", () => {
  it("[LK215] gets no other one where that began within a second, and one soon where it is older, unless it begins one itself", () => {
    for (const [foundMs, atMs] of [
      [1_700, 2_200],
      [3_000, 3_200],
    ] as const) {
      const { healing, output } = setup();
      healing.check(1_200);
      const offers = (): number =>
        output.actions.splice(0).filter((action) => action.type === "negotiate" && action.command.type === "offer").length;
      expect(offers()).toBe(1);
      healing.handleReport(1_200, { type: "description", generation: 2, description: "ours" });
      healing.handlePeerFound(foundMs);
      for (let nowMs = foundMs; nowMs < atMs; nowMs += 50) healing.check(nowMs);
      expect(offers()).toBe(0);
      healing.check(atMs);
      expect(offers()).toBe(1);
    }
  });

  it("[LK214] is answered by way of the broker until it is known to hear us", () => {
    const { healing, output, direct, signals } = setup();
    direct.carrier.hear(4_000);
    healing.handlePacket(4_010, encodeNegotiation(offer));
    healing.handleReport(4_010, { type: "description", generation: 1, description: "ours" });
    expect([signals(), output.transmits.filter(({ channel }) => channel === "control").length]).toEqual([1, 0]);
  });
});

describe("a path that ICE finds", () => {
  it("[LK212] is tried with a ping at once where the peer is silent, and with none where it is heard", () => {
    const pace = { idleMs: 50, measureMs: Infinity, isWanted: false, isDetoured: false };
    for (const state of ["connected", "rerouted"] as const) {
      const { healing, output, direct } = setup();
      direct.carrier.becomeReady(0);
      direct.carrier.lastHeardMs = 0;
      for (let nowMs = 0; nowMs <= 3_000; nowMs += 50) direct.carrier.keepAlive(nowMs, pace);
      output.transmits.length = 0;
      direct.carrier.keepAlive(3_010, pace);
      expect(output.transmits).toHaveLength(0);
      healing.handleReport(3_010, { type: "state", state });
      direct.carrier.keepAlive(3_010, pace);
      expect(output.transmits).toHaveLength(1);
      const { sequence } = direct.carrier.roundTrip.nextPing(3_015, false, false);
      direct.carrier.handlePing(3_020, { sequence, ack: sequence, received: 0, holdMs: 0, isWanted: false, isDetoured: false }, 0);
      direct.carrier.keepAlive(3_260, pace);
      healing.handleReport(3_270, { type: "state", state });
      direct.carrier.keepAlive(3_270, pace);
      expect(output.transmits).toHaveLength(2);
    }
  });
});
