import { describe, expect, it } from "vitest";
import { Random } from "../base/random.ts";
import { sequenceOf } from "../base/sequence.ts";
import type { NegotiationCommand } from "../ports/negotiation.ts";
import { Negotiation, type NegotiationPacketBody } from "./negotiation.ts";

/** One end, with the signaling state of a browser's peer connection. */
class End {
  readonly packets: NegotiationPacketBody[] = [];
  readonly commands: NegotiationCommand[] = [];
  readonly refusals: string[] = [];
  cannots = 0;
  state: "stable" | "have-local-offer" = "stable";
  local = "";
  remote = "";
  readonly candidates: string[] = [];
  readonly negotiation: Negotiation;
  #made = 0;
  readonly #name: string;

  constructor(name: string, isEven: boolean) {
    this.#name = name;
    this.negotiation = new Negotiation(isEven, {
      send: (packet) => this.packets.push(packet),
      command: (command) => this.commands.push(command),
      handleCannot: () => this.cannots++,
      refuse: (reason) => this.refusals.push(reason),
    });
  }

  /** Carries out what was asked for; throws where a browser would. */
  run(nowMs: number): void {
    for (const command of this.commands.splice(0)) {
      const { generation } = command;
      if (command.type === "add-candidates") {
        this.candidates.push(...command.candidates);
        continue;
      }
      if (command.type === "accept-answer") {
        if (this.state !== "have-local-offer") throw new Error("InvalidStateError");
        this.state = "stable";
        this.remote = command.description;
        continue;
      }
      this.local = `${this.#name} ${++this.#made}`;
      this.state = command.type === "offer" ? "have-local-offer" : "stable";
      if (command.type === "accept-offer") this.remote = command.description;
      this.candidates.length = 0;
      this.negotiation.handleReport(nowMs, { type: "description", generation, description: this.local });
      this.negotiation.handleReport(nowMs, { type: "candidate", generation, candidate: `of ${this.local}` });
    }
  }
}

function pair(): { odd: End; even: End } {
  return { odd: new End("odd", false), even: new End("even", true) };
}

/** Both are stable, and each has the description and the address that the other has of itself. */
function isAgreed({ odd, even }: { odd: End; even: End }): boolean {
  return (
    odd.state === "stable" &&
    even.state === "stable" &&
    odd.local === even.remote &&
    even.local === odd.remote &&
    odd.candidates.includes(`of ${even.local}`) &&
    even.candidates.includes(`of ${odd.local}`)
  );
}

const OFFER: NegotiationPacketBody = {
  type: "offer",
  generation: sequenceOf(2),

  iceRestart: true,
  description: "theirs",
};

describe("an exchange of descriptions", () => {
  it("[LK96] is repeated each 400 ms for 5 s, then each 2 s", () => {
    const { odd } = pair();
    odd.negotiation.offer(0, true);
    odd.run(0);
    const times: number[] = [];
    for (let nowMs = 0; nowMs < 20_000; nowMs += 50) {
      const { length } = odd.packets;
      odd.negotiation.handleTimeout(nowMs);
      if (odd.packets.length > length) times.push(nowMs);
    }
    const pauses = times.slice(1).map((timeMs, index) => timeMs - (times[index] ?? 0));
    expect([...new Set(pauses)]).toEqual([400, 2_000]);
    expect(times.filter((timeMs) => timeMs <= 5_000)).toHaveLength(12);
  });

  it("[LK95] ends with both ends agreed, whatever is lost, doubled or overtaken, and whoever begins", () => {
    let glares = 0;
    for (let seed = 0; seed < 2_000; seed++) {
      const random = new Random(seed);
      const ends = pair();
      const { odd, even } = ends;
      const wire: { readonly atMs: number; readonly to: End; readonly packet: NegotiationPacketBody }[] = [];
      for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
        const isLossy = nowMs < 20_000;
        for (const end of [odd, even]) {
          if (isLossy && random.chance(0.01)) end.negotiation.offer(nowMs, random.chance(0.5));
          if (random.chance(0.7)) end.run(nowMs);
          end.negotiation.handleTimeout(nowMs);
          for (const packet of end.packets.splice(0)) {
            const copies = isLossy && random.chance(0.3) ? 0 : random.chance(0.3) ? 2 : 1;
            for (let copy = 0; copy < copies; copy++)
              wire.push({ atMs: nowMs + random.integer(400), to: end === odd ? even : odd, packet });
          }
        }
        if (odd.state === "have-local-offer" && even.state === "have-local-offer") glares++;
        for (const message of wire.filter(({ atMs }) => atMs <= nowMs)) {
          wire.splice(wire.indexOf(message), 1);
          message.to.negotiation.handlePacket(nowMs, message.packet);
        }
      }
      expect(isAgreed(ends) || odd.local + even.local === "", `seed ${seed}`).toBe(true);
      expect([odd.negotiation.timeoutMs, even.negotiation.timeoutMs], `seed ${seed}`).toEqual([Infinity, Infinity]);
    }
    expect(glares).toBeGreaterThan(2_000);
  });

  it("[LK95] an offer that yielded and was about something else comes again", () => {
    const { odd, even } = pair();
    odd.negotiation.offer(0, false);
    even.negotiation.offer(0, true);
    const step = (nowMs: number): void => {
      for (const [from, to] of [
        [odd, even],
        [even, odd],
      ] as const) {
        from.run(nowMs);
        for (const packet of from.packets.splice(0)) to.negotiation.handlePacket(nowMs, packet);
      }
    };
    for (let nowMs = 0; nowMs < 1_000; nowMs += 10) step(nowMs);
    expect(isAgreed({ odd, even })).toBe(true);
    // The odd end's first was rolled back; its second was the answer, and its third what it had wanted.
    expect([odd.local, even.local]).toEqual(["odd 3", "even 2"]);
  });

  it("[LK96] what is acked is not sent again, and what is not is sent every 400 ms", () => {
    const { odd, even } = pair();
    odd.negotiation.offer(0, true);
    odd.run(0);
    odd.packets.length = 0;
    for (let nowMs = 0; nowMs <= 4_000; nowMs += 50) odd.negotiation.handleTimeout(nowMs);
    expect(odd.packets.filter(({ type }) => type === "offer").length).toBe(10);
    for (const packet of odd.packets.splice(0)) even.negotiation.handlePacket(4_000, packet);
    even.run(4_000);
    for (const packet of even.packets.splice(0)) odd.negotiation.handlePacket(4_000, packet);
    for (const packet of odd.packets.splice(0)) even.negotiation.handlePacket(4_000, packet);
    for (const packet of even.packets.splice(0)) odd.negotiation.handlePacket(4_000, packet);
    for (const { negotiation } of [odd, even]) negotiation.handleTimeout(60_000);
    expect([odd.packets.length, even.packets.filter(({ type }) => type !== "ack").length]).toEqual([0, 0]);
  });

  it("[LK105] no more than eight offers are taken at once, and an older one never", () => {
    const { even } = pair();
    for (let index = 1; index <= 1_000; index++) {
      even.negotiation.handlePacket(0, { ...OFFER, generation: sequenceOf(2 * index + 1) });
    }
    expect(even.commands.length).toBe(8);
    expect(even.refusals.length).toBe(992);
    even.negotiation.handlePacket(1_000, { ...OFFER, generation: sequenceOf(3) });
    expect([even.commands.length, even.refusals.length]).toEqual([8, 992]);
    even.negotiation.handlePacket(1_000, { ...OFFER, generation: sequenceOf(3_001) });
    expect(even.commands.length).toBe(9);
  });

  it("[LK105] answers, candidates and acks of no exchange of ours do nothing", () => {
    const { odd } = pair();
    odd.negotiation.offer(0, true);
    odd.run(0);
    odd.packets.length = 0;
    for (const generation of [0, 2, 3, 0xffff].map(sequenceOf)) {
      odd.negotiation.handlePacket(10, { type: "answer", generation, description: "x" });
      odd.negotiation.handlePacket(10, { type: "candidates", generation, candidates: ["x"] });
      odd.negotiation.handlePacket(10, { type: "ack", generation, of: "cannot", count: 0 });
    }
    expect([odd.packets, odd.commands, odd.cannots]).toEqual([[], [], 0]);
    odd.negotiation.handlePacket(10, { type: "ack", generation: sequenceOf(1), of: "cannot", count: 0 });
    expect(odd.cannots).toBe(1);
  });

  it("[LK100] an offer that cannot be taken is answered with a word, as often as it comes", () => {
    const { even } = pair();
    even.negotiation.handlePacket(0, { ...OFFER, generation: sequenceOf(1) });
    even.negotiation.handleReport(1, { type: "failed", generation: 1 });
    even.negotiation.handlePacket(400, { ...OFFER, generation: sequenceOf(1) });
    expect(even.packets).toEqual([
      { type: "ack", generation: 1, of: "cannot", count: 0 },
      { type: "ack", generation: 1, of: "cannot", count: 0 },
    ]);
  });
});

it("[LK184] ends agree again after somebody on the way made up a generation, however far ahead", () => {
  for (const invented of [1_001, 1_025, 20_001, 32_767]) {
    const ends = pair();
    ends.even.negotiation.handlePacket(0, { ...OFFER, generation: sequenceOf(invented) });
    ends.even.run(0);
    ends.even.packets.length = 0;
    for (let round = 1; round <= 4; round++) {
      const nowMs = round * 10_000;
      const [first, second] = round % 2 === 1 ? [ends.even, ends.odd] : [ends.odd, ends.even];
      first.negotiation.offer(nowMs, true);
      for (let step = 0; step < 6; step++) {
        for (const [from, to] of [
          [first, second],
          [second, first],
        ] as const) {
          from.run(nowMs);
          for (const packet of from.packets.splice(0)) to.negotiation.handlePacket(nowMs, packet);
          to.run(nowMs);
        }
      }
    }
    expect(isAgreed(ends), `${invented}`).toBe(true);
  }
});
