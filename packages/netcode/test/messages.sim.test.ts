import { expect, it } from "vitest";
import { message } from "../src/core/base/message-type.ts";
import { u16 } from "../src/core/base/schema.ts";
import { MessageExchange } from "../src/core/messages/message-exchange.ts";
import { LINK_PROFILES } from "../src/sim/profiles.ts";
import { LinkWorld } from "./link-world.ts";

const TYPES = {
  vote: message({ value: u16() }, { rateHz: 20 }),
  cursor: message({ at: u16() }, { delivery: "latest", rateHz: 30 }),
};

it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
  "[MS9] through loss, jitter, cuts and a new connection, reliable messages come once and in order, and the latest never goes back, seed %i",
  (seed) => {
    const world = new LinkWorld({ seed, conditions: { ...LINK_PROFILES["wifi-lossy"], reorderRatio: 0.05, duplicateRatio: 0.02 } });
    const [ada, bob] = [world.join("ada"), world.join("bob")];
    const [sender, receiver] = [new MessageExchange(TYPES), new MessageExchange(TYPES)];
    const random = world.network.random("steps");
    world.link(bob, ada);
    world.run(5_000);
    const sent: number[] = [];
    const heard = { vote: [] as unknown[], cursor: [] as number[] };
    const hear = (): void => {
      for (const { bytes } of bob.messages.splice(0))
        heard.vote.push(receiver.decode(world.nowMs, ada.id, "reliable", bytes)?.payload["value"]);
      for (const bytes of bob.sessionPackets.splice(0)) {
        const received = receiver.decode(world.nowMs, ada.id, "unreliable", bytes);
        if (received !== undefined) heard.cursor.push(Number(received.payload["at"]));
      }
    };
    for (let step = 0; step < 600; step++) {
      // Dead for six seconds, which costs the connection.
      if (step === 150) world.network.cut([ada.id], [bob.id]);
      if (step === 270) world.network.restore([ada.id], [bob.id]);
      const vote = random.chance(0.3) ? sender.encode(world.nowMs, "vote", { value: step }) : undefined;
      if (vote?.ok === true && ada.sendReliable(bob, vote.bytes)) sent.push(step);
      const cursor = sender.encode(world.nowMs, "cursor", { at: step });
      if (cursor.ok) ada.sendDatagram(bob, cursor.bytes);
      world.run(50);
      hear();
    }
    world.run(20_000);
    hear();
    expect(heard.vote).toEqual(sent);
    expect(sent.length).toBeGreaterThan(100);
    expect(heard.cursor.length).toBeGreaterThan(100);
    expect(heard.cursor.every((at, index) => at > (heard.cursor[index - 1] ?? -1))).toBe(true);
    expect(world.network.figures().lostToCut).toBeGreaterThan(0);
    expect(receiver.refusals()["stale"]).toBeGreaterThan(0);
    // What came late is the only thing that was refused.
    expect(Object.keys(receiver.refusals()).filter((reason) => reason !== "stale")).toEqual([]);
  },
);
