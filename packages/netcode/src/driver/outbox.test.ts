import { describe, expect, test } from "vitest";
import type { PeerId } from "../core/base/units.ts";
import type { Channel, SendOutcome } from "../core/ports/transport.ts";
import { OUTBOX_BYTES_MAX, Outbox } from "./outbox.ts";

const ADA = "ada" as PeerId;
const BOB = "bob" as PeerId;

class Wire {
  outcome: SendOutcome = "sent";
  readonly sent: string[] = [];
  readonly outbox: Outbox = new Outbox((peer, channel, bytes) => {
    if (this.outcome === "sent") this.sent.push(`${peer} ${channel} ${bytes[0]}`);
    return this.outcome;
  });

  post(to: PeerId, channel: Channel, first: number, sizeBytes = 1): string {
    const bytes = new Uint8Array(sizeBytes);
    bytes[0] = first;
    const outcome = this.outbox.post({ to, channel, bytes });
    bytes.fill(255);
    return outcome;
  }
}

describe("Outbox", () => {
  test("[DR6] a datagram that finds a full buffer is skipped: the next one repeats what it carried", () => {
    const wire = new Wire();
    wire.outcome = "full";
    expect(wire.post(ADA, "unreliable", 1)).toBe("skipped");
    expect(wire.outbox.skippedDatagrams).toBe(1);
    wire.outcome = "sent";
    wire.outbox.retry();
    expect(wire.sent).toEqual([]);
    expect(wire.post(ADA, "unreliable", 2)).toBe("sent");
  });

  test("[DR7] what must arrive waits in order, and is a copy", () => {
    const wire = new Wire();
    wire.outcome = "full";
    expect([wire.post(ADA, "reliable", 1), wire.post(ADA, "control", 2)]).toEqual(["waiting", "waiting"]);
    wire.outcome = "sent";
    expect(wire.post(BOB, "reliable", 9)).toBe("sent");
    expect(wire.post(ADA, "reliable", 3)).toBe("waiting");
    wire.outbox.retry();
    expect(wire.sent).toEqual(["bob reliable 9", "ada reliable 1", "ada control 2", "ada reliable 3"]);
    expect(wire.post(ADA, "reliable", 4)).toBe("sent");
  });

  test("[DR8] what waits for one peer is bounded, and a peer that takes nothing is told apart", () => {
    const wire = new Wire();
    wire.outcome = "full";
    const parts = OUTBOX_BYTES_MAX / 16_384;
    for (let part = 0; part < parts; part++) expect(wire.post(ADA, "reliable", part, 16_384)).toBe("waiting");
    expect(wire.post(ADA, "reliable", 0)).toBe("overflow");
    expect(wire.post(BOB, "reliable", 0)).toBe("waiting");
    wire.outbox.forget(ADA);
    wire.outcome = "sent";
    wire.outbox.retry();
    expect(wire.sent).toEqual(["bob reliable 0"]);
  });

  test("[DR8] what waits for channels that closed is dropped", () => {
    const wire = new Wire();
    wire.outcome = "full";
    wire.post(ADA, "reliable", 1);
    wire.outcome = "closed";
    wire.outbox.retry();
    wire.outcome = "sent";
    wire.outbox.retry();
    expect(wire.sent).toEqual([]);
  });
});
