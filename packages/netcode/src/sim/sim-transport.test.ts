import { describe, expect, it } from "vitest";
import { assert } from "../core/base/assert.ts";
import { parsePeerId, type PeerId } from "../core/base/units.ts";
import { SimNetwork } from "./sim-network.ts";
import type { LinkConditions } from "./sim-link.ts";
import { SIGNALING_DEFAULTS, SimSignaling, type SignalingConditions } from "./sim-signaling.ts";
import { SimTransport } from "./sim-transport.ts";

const ADA = peerId("ada");
const BOB = peerId("bob");

function peerId(text: string): PeerId {
  const parsed = parsePeerId(text);
  assert(parsed !== undefined, "a peer id");
  return parsed;
}

function world(options: { conditions?: Partial<LinkConditions>; signaling?: Partial<SignalingConditions>; seed?: number } = {}) {
  const network = new SimNetwork({ seed: options.seed ?? 1, conditions: { delayMs: 20, ...options.conditions } });
  const signaling = new SimSignaling(network.scheduler, network.random("signaling"), { ...SIGNALING_DEFAULTS, ...options.signaling });
  const join = (id: PeerId) => {
    const transport = new SimTransport(network, signaling, id);
    const log: string[] = [];
    transport.setHandler({
      handleChannelsOpen: (peer) => log.push(`open ${peer}`),
      handleChannelsClosed: (peer, reason) => log.push(`closed ${peer} ${reason}`),
      handlePacket: (peer, channel, bytes) => log.push(`${channel} ${peer} ${bytes.join(",")}`),
    });
    return { transport, log };
  };
  return {
    network,
    signaling,
    run: (ms: number) => network.scheduler.runUntil(network.scheduler.nowMs + ms),
    ada: join(ADA),
    bob: join(BOB),
    join,
  };
}

describe("SimTransport", () => {
  it("[SI10] a dial that is accepted opens both ends, at different times, and bytes go both ways", () => {
    const { ada, bob, run, network } = world();
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    expect(ada.transport.path(BOB)).toBeUndefined();
    while (ada.log.length === 0 && bob.log.length === 0) network.scheduler.runNext();
    expect(ada.log.length + bob.log.length).toBe(1);
    run(1_000);
    expect(ada.log).toEqual(["open bob"]);
    expect(ada.transport.path(BOB)).toBe("direct");
    expect(ada.transport.send(BOB, "unreliable", Uint8Array.of(1))).toBe("sent");
    expect(bob.transport.send(ADA, "reliable", Uint8Array.of(2))).toBe("sent");
    expect(bob.transport.send(ADA, "control", Uint8Array.of(3))).toBe("sent");
    run(1_000);
    expect(bob.log).toEqual(["open ada", "unreliable ada 1"]);
    expect(ada.log.slice(1).sort()).toEqual(["control bob 3", "reliable bob 2"]);
  });

  it("[SI10] what is sent before the other end is open is lost on unreliable and kept on reliable", () => {
    const logs = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { ada, bob, run, network } = world({ seed });
      bob.transport.accept(ADA);
      ada.transport.dial(BOB);
      while (bob.log.length === 0) network.scheduler.runNext();
      bob.transport.send(ADA, "unreliable", Uint8Array.of(1));
      bob.transport.send(ADA, "reliable", Uint8Array.of(2));
      run(1_000);
      logs.add(ada.log.toSorted().join("; "));
    }
    expect([...logs].toSorted()).toEqual(["open bob; reliable bob 2", "open bob; reliable bob 2; unreliable bob 1"]);
  });

  it("[SI11] an attempt that is not accepted has no outcome, one at nobody is unreachable", () => {
    const { ada, bob, run } = world();
    ada.transport.dial(BOB);
    ada.transport.dial(peerId("nobody"));
    run(60_000);
    expect(ada.log).toEqual(["closed nobody unreachable"]);
    expect(bob.log).toEqual([]);
    expect(ada.transport.send(BOB, "reliable", Uint8Array.of(1))).toBe("closed");
  });

  it("[SI11] lost signaling leaves no trace, and a later dial succeeds", () => {
    const { ada, bob, run, signaling } = world({ signaling: { lossRatio: 1 } });
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    run(20_000);
    expect(ada.log).toEqual([]);
    signaling.conditions = { ...SIGNALING_DEFAULTS, duplicateRatio: 1, jitterMs: 500 };
    ada.transport.dial(BOB);
    run(20_000);
    expect(ada.log).toEqual(["open bob"]);
    expect(bob.log).toEqual(["open ada"]);
  });

  it("[SI11] a handshake that does not get through is unreachable at both ends", () => {
    const { ada, bob, run, network } = world();
    bob.transport.accept(ADA);
    network.cut([ADA], [BOB]);
    ada.transport.dial(BOB);
    run(30_000);
    expect(ada.log).toEqual(["closed bob unreachable"]);
    expect(bob.log).toEqual(["closed ada unreachable"]);
  });

  it("[SI10] hanging up closes the other end once, and says nothing here", () => {
    const { ada, bob, run } = world();
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    run(1_000);
    ada.transport.send(BOB, "reliable", Uint8Array.of(1));
    ada.transport.hangUp(BOB);
    ada.transport.hangUp(BOB);
    expect(ada.transport.send(BOB, "reliable", Uint8Array.of(2))).toBe("closed");
    run(1_000);
    expect(ada.log).toEqual(["open bob"]);
    expect(bob.log.filter((line) => line.startsWith("closed"))).toEqual(["closed ada remote"]);
    expect(bob.transport.bufferedBytes(ADA, "reliable")).toBe(0);
  });

  it("[SI12] a killed peer is silent: no close event, whatever is sent", () => {
    const { ada, bob, run } = world();
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    run(1_000);
    bob.transport.kill();
    ada.transport.send(BOB, "reliable", Uint8Array.of(1));
    run(60_000);
    expect(ada.log).toEqual(["open bob"]);
    expect(bob.log).toEqual(["open ada"]);
    expect(bob.transport.send(ADA, "reliable", Uint8Array.of(1))).toBe("closed");
  });

  it("[SI10] a newer attempt replaces open channels", () => {
    const { ada, bob, run } = world();
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    run(1_000);
    ada.transport.dial(BOB);
    run(1_000);
    expect(ada.log).toEqual(["open bob", "open bob"]);
    expect(bob.log[0]).toBe("open ada");
    expect(bob.log[1]).toMatch(/^closed ada (replaced|remote)$/);
    expect(bob.log[2]).toBe("open ada");
    expect(bob.log.length).toBe(3);
  });

  it("[SI10] after dispose everything is refused quietly", () => {
    const { ada, bob, run } = world();
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    run(1_000);
    ada.transport.dispose();
    ada.transport.dispose();
    ada.transport.dial(BOB);
    ada.transport.accept(BOB);
    bob.transport.dial(ADA);
    run(1_000);
    expect(ada.log).toEqual(["open bob"]);
    expect(bob.log).toEqual(["open ada", "closed ada unreachable"]);
  });

  it("[SI10] a message above its channel's limit is the caller's bug", () => {
    const { ada } = world();
    expect(() => ada.transport.send(BOB, "unreliable", new Uint8Array(1_151))).toThrow("at most 1150 bytes");
    expect(() => ada.transport.send(BOB, "reliable", new Uint8Array(16_385))).toThrow("at most 16384 bytes");
  });
});

describe("a simulated path that dies", () => {
  /** Two that are connected, with the descriptions that they make given to the other one at once, as far as `mayPass`. */
  function connected(): ReturnType<typeof world> {
    const made = world();
    const { ada, bob, run } = made;
    bob.transport.accept(ADA);
    ada.transport.dial(BOB);
    run(2_000);
    for (const [near, far, peer] of [
      [ada, bob, BOB],
      [bob, ada, ADA],
    ] as const) {
      const other = peer === BOB ? ADA : BOB;
      near.transport.setHandler({
        handleChannelsOpen: () => near.log.push(`open ${peer}`),
        handleChannelsClosed: (_peer, reason) => near.log.push(`closed ${peer} ${reason}`),
        handlePacket: (_peer, channel, bytes) => near.log.push(`${channel} ${peer} ${bytes.join(",")}`),
        handleNegotiation: (_peer, report) => {
          const { generation = 0 } = report.type === "state" ? {} : report;
          if (report.type === "description") {
            const type = near === ada ? "accept-offer" : "accept-answer";
            far.transport.negotiate(other, { type, generation, description: report.description });
          }
          if (report.type === "candidate")
            far.transport.negotiate(other, { type: "add-candidates", generation, candidates: [report.candidate] });
          if (report.type === "failed") near.log.push("failed");
        },
      });
      near.log.length = 0;
    }
    return made;
  }

  it("[SI46] lives again after a restart, with all that its channels held, in order", () => {
    const { network, ada, bob, run } = connected();
    network.changeAddress(BOB);
    for (let index = 0; index < 5; index++) ada.transport.send(BOB, "reliable", Uint8Array.of(index));
    run(10_000);
    expect([bob.log, ada.transport.connectionTo(BOB)?.isPathAlive]).toEqual([[], false]);
    ada.transport.negotiate(BOB, { type: "offer", generation: 1, iceRestart: true });
    run(4_000);
    expect(ada.transport.connectionTo(BOB)?.isPathAlive).toBe(true);
    expect(bob.log).toEqual([0, 1, 2, 3, 4].map((index) => `reliable ada ${index}`));
    expect(ada.log).toEqual([]);
  });

  it("[SI46] is not brought back by a restart that was made before the address changed, nor by one of another connection", () => {
    const { network, ada, bob, run } = connected();
    ada.transport.negotiate(BOB, { type: "offer", generation: 1, iceRestart: true });
    run(2_000);
    network.changeAddress(ADA);
    network.changeAddress(BOB);
    run(5_000);
    expect(ada.transport.connectionTo(BOB)?.isPathAlive).toBe(false);
    bob.transport.negotiate(ADA, { type: "accept-offer", generation: 3, description: "sim another 1" });
    bob.transport.negotiate(ADA, { type: "accept-answer", generation: 5, description: "nonsense" });
    run(1_000);
    expect(bob.log).toEqual(["failed", "failed"]);
  });

  it("[SI46] stays dead where it was broken for good, and in a transport that restarts nothing", () => {
    const { ada, run } = connected();
    ada.transport.connectionTo(BOB)?.break(true);
    ada.transport.negotiate(BOB, { type: "offer", generation: 1, iceRestart: true });
    run(5_000);
    expect(ada.transport.connectionTo(BOB)?.isPathAlive).toBe(false);
    const { network, signaling } = world();
    const fixed = new SimTransport(network, signaling, peerId("fixed"), 0);
    fixed.negotiate(ADA, { type: "offer", generation: 1, iceRestart: true });
    expect(fixed.capabilities).toBe(0);
  });
});
