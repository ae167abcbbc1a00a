import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../src/core/base/random.ts";
import { encodeAbout, encodeEnd, encodeOffer, encodePiece } from "../src/core/bulk/bulk-codec.ts";
import { BLOCK_BYTES, PIECE_BYTES } from "../src/core/bulk/bulk-limits.ts";
import { ADA, BOB, BulkWorld, digestOf, fileOf, percentile } from "./bulk-world.ts";

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const ABOUT = encodeAbout({ name: "", type: "", metadata: null })!;
/** A home uplink with a deep queue in front of it. */
const SLOW = { rateBytesPerSecond: 300_000, queueBytes: 65_536, delayMs: 1 };

/** A piece of zeros, wherever. */
function pieceOf(transfer: number, offset: number, sizeBytes: number): Uint8Array {
  return encodePiece(transfer, offset, 0, new Uint8Array(offset + sizeBytes), sizeBytes);
}

describe("files arrive", () => {
  it.each([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 300_000])(
    "[BK1] a file of %i bytes arrives exactly",
    (size) => {
      const world = new BulkWorld({ seed: size + 1, conditions: { delayMs: 10, jitterMs: 2 } });
      const file = fileOf(size, size);
      world.ada.send(file);
      expect(world.runUntil(() => world.ada.ends("out").length > 0)).toBe(true);
      expect(world.bob.files.map(digestOf)).toEqual([digestOf(file)]);
      expect([world.ada.ends("out"), world.bob.ends("in")]).toEqual([["complete"], ["complete"]]);
    },
  );

  it.each(SEEDS)("[BK1] files arrive exactly both ways at once under loss, jitter and reordering, seed %i", (seed) => {
    const conditions = { delayMs: 30, jitterMs: 8, lossRatio: 0.05, reorderRatio: 0.02, rateBytesPerSecond: 500_000 };
    const world = new BulkWorld({ seed, conditions, datagramBytes: 100, lateMs: 5 });
    const [there, back] = [fileOf(80_000, seed), fileOf(40_000, seed + 1)];
    world.ada.send(there);
    world.bob.send(back);
    expect(world.runUntil(() => world.ada.ends("out").length + world.bob.ends("out").length === 2)).toBe(true);
    expect(world.bob.files.map(digestOf)).toEqual([digestOf(there)]);
    expect(world.ada.files.map(digestOf)).toEqual([digestOf(back)]);
    expect(world.network.figures().lostAtRandom).toBeGreaterThan(0);
    expect([world.ada, world.bob].map(({ exchange }) => exchange.refusals())).toEqual([{}, {}]);
  });

  it("[BK2] nothing of a file travels before the receiver accepts it", () => {
    const world = new BulkWorld({ seed: 1, conditions: { delayMs: 10 } });
    world.bob.answer = "wait";
    const transfer = world.ada.send(fileOf(50_000, 1));
    world.run(2_000);
    // The offer alone.
    expect(world.bob.bulkMessages).toBe(1);
    world.bob.exchange.accept(ADA, transfer);
    expect(world.runUntil(() => world.bob.files.length === 1)).toBe(true);
  });

  it("[BK2] a refusal is told to the sender", () => {
    const world = new BulkWorld({ seed: 1, conditions: { delayMs: 10 } });
    world.bob.answer = "refuse";
    world.ada.send(fileOf(50_000, 1));
    expect(world.runUntil(() => world.ada.ends("out").length > 0)).toBe(true);
    expect([world.ada.ends("out"), world.bob.ends("in"), world.bob.bulkMessages]).toEqual([["refused"], ["refused"], 1]);
  });

  it("[BK3] a small file does not wait for a large one", () => {
    const world = new BulkWorld({ seed: 1, conditions: SLOW });
    const large = world.ada.send(fileOf(1_000_000, 1));
    world.run(2_000);
    const small = world.ada.send(fileOf(20_000, 2));
    expect(world.runUntil(() => world.ada.ends("out").length > 0, 1_000)).toBe(true);
    expect(world.bob.files.map(digestOf)).toEqual([digestOf(fileOf(20_000, 2))]);
    expect(large).not.toBe(small);
    expect(world.runUntil(() => world.bob.files.length === 2)).toBe(true);
  });
});

describe("pace", () => {
  it.each(SEEDS)(
    "[BK4] at 300 kB/s a game's datagrams wait at most 20 ms in 99 of 100, and files get 60 %% of the link, seed %i",
    (seed) => {
      const size = 2_000_000;
      const world = new BulkWorld({ seed, conditions: SLOW, datagramBytes: 100, lateMs: seed % 3 });
      world.ada.send(fileOf(size, 1));
      expect(world.runUntil(() => world.bob.files.length > 0)).toBe(true);
      const { datagramMs } = world.bob;
      // Otherwise nothing was in the way.
      expect(Math.max(...datagramMs)).toBeGreaterThan(8);
      expect(percentile(datagramMs, 0.99)).toBeLessThanOrEqual(20);
      expect(size / (world.nowMs / 1_000) / SLOW.rateBytesPerSecond).toBeGreaterThan(0.6);
      expect(world.network.figures().lostToQueue).toBe(0);
    },
  );

  it.each(SEEDS)("[BK5] the pace follows a link that becomes three times slower and fast again, seed %i", (seed) => {
    const world = new BulkWorld({ seed, conditions: { ...SLOW, delayMs: 15, jitterMs: 1 }, datagramBytes: 100, lateMs: 3 });
    world.ada.send(fileOf(9_000_000, 1));
    world.run(8_000);
    const rateThen = (): number => world.ada.exchange.rate(BOB);
    expect(rateThen()).toBeGreaterThan(180_000);
    world.network.changePair(ADA, BOB, { rateBytesPerSecond: 100_000 });
    world.run(2_000);
    world.bob.datagramMs.length = 0;
    world.run(6_000);
    expect(rateThen()).toBeLessThan(125_000);
    expect(percentile(world.bob.datagramMs, 0.5)).toBeLessThan(15 + 20);
    world.network.changePair(ADA, BOB, { rateBytesPerSecond: 300_000 });
    world.run(5_000);
    expect(rateThen()).toBeGreaterThan(180_000);
  });

  it("[BK6] on a fast link files are fast: more than 1.5 MB a second within 4 s", () => {
    const world = new BulkWorld({ seed: 1, conditions: { delayMs: 1 }, datagramBytes: 100, lateMs: 2 });
    world.ada.send(fileOf(12_000_000, 1));
    world.run(4_000);
    expect(world.ada.exchange.rate(BOB)).toBeGreaterThan(1_500_000);
    expect(percentile(world.bob.datagramMs, 0.99)).toBeLessThan(10);
  });

  it.each(SEEDS)("[BK6] pages that are busy with drawing for up to 40 ms at a time do not pass for a queue, seed %i", (seed) => {
    const world = new BulkWorld({ seed, conditions: { delayMs: 1 }, datagramBytes: 100, busyMs: 40 });
    world.ada.send(fileOf(2_000_000, 1));
    expect(world.runUntil(() => world.bob.files.length > 0, 20_000)).toBe(true);
    expect(percentile(world.bob.datagramMs, 0.9)).toBeGreaterThan(20);
  });

  it("[BK6] jitter alone does not slow files down to a crawl", () => {
    const world = new BulkWorld({ seed: 1, conditions: { ...SLOW, delayMs: 60, jitterMs: 5 }, lateMs: 8 });
    world.ada.send(fileOf(2_000_000, 1));
    expect(world.runUntil(() => world.bob.files.length > 0, 20_000)).toBe(true);
  });
});

describe("connections come and go", () => {
  it.each(SEEDS)("[BK7] on a new connection a file goes on where it was, and arrives exactly, seed %i", (seed) => {
    const world = new BulkWorld({ seed, conditions: { ...SLOW, delayMs: 10, lossRatio: 0.01 } });
    const random = new Random(seed, "cuts");
    const [there, back] = [fileOf(400_000, seed), fileOf(200_000, seed + 1)];
    world.ada.send(there);
    world.bob.send(back);
    let pieces = 0;
    for (let cut = 0; cut < 6; cut++) {
      world.run(100 + random.integer(800));
      world.disconnect();
      world.run(random.integer(1_500));
      world.connect();
      pieces = world.bob.bulkMessages;
    }
    expect(world.runUntil(() => world.bob.files.length === 1 && world.ada.files.length === 1)).toBe(true);
    expect([world.bob.files[0], world.ada.files[0]].map(digestOf)).toEqual([there, back].map(digestOf));
    expect(pieces).toBeGreaterThan(20);
    // Each byte is received once: what a cut lost had not been received.
    const progress = world.bob.events.flatMap((event) => (event.type === "progress" && event.direction === "in" ? [event.bytes] : []));
    expect(progress.every((bytes, index) => bytes > (progress[index - 1] ?? 0))).toBe(true);
  });

  it("[BK7] a file that was complete when its connection broke is not sent twice", () => {
    const world = new BulkWorld({ seed: 3, conditions: { delayMs: 50 } });
    world.ada.send(fileOf(5_000, 1));
    expect(world.runUntil(() => world.bob.files.length === 1)).toBe(true);
    expect(world.ada.ends("out")).toEqual([]);
    world.connect();
    expect(world.runUntil(() => world.ada.ends("out").length > 0)).toBe(true);
    expect([world.ada.ends("out"), world.bob.files.length, world.bob.ends("in").length]).toEqual([["complete"], 1, 1]);
  });

  it("[BK8] a path that is dead for six seconds costs the file nothing but time", () => {
    const world = new BulkWorld({ seed: 4, conditions: { ...SLOW, delayMs: 10 }, datagramBytes: 100 });
    const file = fileOf(600_000, 1);
    world.ada.send(file);
    world.run(1_500);
    world.network.cut([ADA], [BOB]);
    world.run(6_000);
    world.network.restore([ADA], [BOB]);
    expect(world.runUntil(() => world.bob.files.length === 1)).toBe(true);
    expect(world.bob.files.map(digestOf)).toEqual([digestOf(file)]);
    expect(world.network.figures().lostToCut).toBeGreaterThan(0);
  });

  it("[BK9] either end can cancel in the middle, and the other one hears of it", () => {
    for (const side of ["sender", "receiver"] as const) {
      const world = new BulkWorld({ seed: 5, conditions: { ...SLOW, delayMs: 10 } });
      const transfer = world.ada.send(fileOf(900_000, 1));
      world.run(1_500);
      if (side === "sender") world.ada.exchange.stop(BOB, "out", transfer);
      else world.bob.exchange.stop(ADA, "in", transfer);
      world.run(1_000);
      expect([world.ada.ends("out"), world.bob.ends("in"), world.bob.files]).toEqual([["cancelled"], ["cancelled"], []]);
      expect([world.bob.exchange.reservedBytes, world.ada.exchange.isBusy]).toEqual([0, false]);
      // The next file is none the worse.
      world.ada.send(fileOf(3_000, 2));
      expect(world.runUntil(() => world.bob.files.length === 1)).toBe(true);
    }
  });

  it("[BK9] who cancels while there is no connection is heard on the next one", () => {
    for (const side of ["sender", "receiver"] as const) {
      const world = new BulkWorld({ seed: 6, conditions: { ...SLOW, delayMs: 10 } });
      const transfer = world.ada.send(fileOf(900_000, 1));
      world.run(1_500);
      world.disconnect();
      if (side === "sender") world.ada.exchange.stop(BOB, "out", transfer);
      else world.bob.exchange.stop(ADA, "in", transfer);
      world.connect();
      world.run(1_000);
      expect([world.ada.ends("out"), world.bob.ends("in"), world.bob.exchange.reservedBytes]).toEqual([["cancelled"], ["cancelled"], 0]);
      expect(world.bob.events.filter(({ type }) => type === "offer").length).toBe(1);
    }
  });

  it("[BK10] the transfers of a peer that is gone end as gone, and hold nothing", () => {
    const world = new BulkWorld({ seed: 7, conditions: { ...SLOW, delayMs: 10 } });
    world.ada.send(fileOf(900_000, 1));
    world.bob.send(fileOf(900_000, 2));
    world.run(1_500);
    world.ada.exchange.removePeer(BOB);
    world.bob.exchange.removePeer(ADA);
    world.run(100);
    for (const peer of [world.ada, world.bob]) {
      expect([peer.ends("out"), peer.ends("in"), peer.exchange.reservedBytes]).toEqual([["gone"], ["gone"], 0]);
    }
  });
});

describe("what a receiver takes", () => {
  it.each(["sizeBytes", "peerBytes", "totalBytes", "atOnce"])("[BK11] a limit that is no number lets nothing pass: %s", (name) => {
    const world = new BulkWorld({ seed: 8, limits: { [name]: Number.NaN } });
    world.ada.send(fileOf(1, 1));
    world.run(500);
    expect(world.ada.ends("out")).toEqual([name === "sizeBytes" ? "too-large" : "too-many"]);
    expect(world.bob.events).toEqual([]);
  });

  it("[BK11] a file above the limit, more at once, or more in all is refused before the application hears of it", () => {
    const limits = { sizeBytes: 50_000, peerBytes: 120_000, totalBytes: 130_000, atOnce: 3 };
    const world = new BulkWorld({ seed: 8, limits });
    world.bob.answer = "wait";
    world.ada.send(fileOf(50_001, 1));
    for (const size of [50_000, 50_000, 20_001, 20_000, 1]) world.ada.send(fileOf(size, size));
    world.run(500);
    expect(world.ada.ends("out")).toEqual(["too-large", "too-many", "too-many"]);
    const offered = world.bob.events.flatMap((event) => (event.type === "offer" ? [event.sizeBytes] : []));
    expect([offered, world.bob.exchange.reservedBytes]).toEqual([[50_000, 50_000, 20_000], 120_000]);
  });

  it("[BK12] a file that is not what was announced is corrupt at both ends, and nobody gets it", () => {
    const world = new BulkWorld({ seed: 9 });
    const about = ABOUT;
    world.ada.exchange.send(BOB, { bytes: fileOf(100_000, 1), checksum: 7, about });
    expect(world.runUntil(() => world.ada.ends("out").length > 0)).toBe(true);
    expect([world.ada.ends("out"), world.bob.ends("in"), world.bob.files]).toEqual([["corrupt"], ["corrupt"], []]);
  });

  it("[BK13] memory grows with what came, not with what was announced", () => {
    const world = new BulkWorld({ seed: 10 });
    const before = process.memoryUsage().arrayBuffers;
    const send = (message: Uint8Array): void => void world.ada.end!.send("bulk", message);
    // Four times 8 MiB announced, a piece of each sent.
    for (let transfer = 0; transfer < 4; transfer++) send(encodeOffer(transfer, 8_388_608, 1, ABOUT));
    world.run(200);
    for (let transfer = 0; transfer < 4; transfer++) send(pieceOf(transfer, 0, PIECE_BYTES));
    world.run(200);
    expect(world.bob.exchange.reservedBytes).toBe(4 * 8_388_608);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    // More than announced, or elsewhere: over.
    send(pieceOf(0, 5_000, 10));
    send(encodeOffer(9, 10, 1, ABOUT));
    world.run(200);
    expect(world.bob.ends("in")).toEqual(["corrupt"]);
    expect(world.bob.exchange.refusals()["bad-offset"]).toBe(1);
  });

  it("[BK13] a peer that offers without end is answered, and asked about a few times only", () => {
    const world = new BulkWorld({ seed: 11 });
    world.bob.answer = "refuse";
    for (let round = 0; round < 100; round++) {
      for (let transfer = 0; transfer < 20; transfer++)
        world.ada.end!.send("bulk", encodeOffer((round * 20 + transfer) & 0xffff, 10, round, ABOUT));
      world.run(10);
    }
    world.run(500);
    const offers = world.bob.events.filter(({ type }) => type === "offer").length;
    expect(offers).toBeGreaterThan(10);
    expect(offers).toBeLessThan(25);
  });

  it("[BK14] a receiver that says it has a file that it was not sent is not believed", () => {
    const world = new BulkWorld({ seed: 12, conditions: SLOW });
    const transfer = world.ada.send(fileOf(900_000, 1));
    world.run(1_000);
    world.bob.end!.send("bulk", encodeEnd(transfer, "receiver", "complete"));
    world.run(200);
    expect(world.ada.ends("out")).toEqual(["corrupt"]);
    expect(world.ada.exchange.refusals()["bad-state"]).toBe(1);
  });

  it("[BK15] whatever a peer sends, nothing throws, and files of honest peers go on", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const hostile = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      // Likely kinds, with small numbers: they hit transfers that exist.
      fc
        .tuple(fc.integer({ min: 0x11, max: 0x15 }), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 14 }))
        .map(([kind, rest]) => Uint8Array.of(kind, ...rest)),
      fc.tuple(fc.integer({ min: 0, max: 3 }), byte).map(([transfer, size]) => encodeOffer(transfer, size, 0, ABOUT)),
      fc.tuple(fc.integer({ min: 0, max: 3 }), byte).map(([transfer, size]) => pieceOf(transfer, 0, size + 1)),
    );
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 60 }), fc.integer(), (messages, seed) => {
        const world = new BulkWorld({ seed, limits: { sizeBytes: 1_000, peerBytes: 2_000 } });
        const { exchange } = world.bob;
        world.bob.send(fileOf(300, 1));
        for (const message of messages) {
          exchange.handlePacket(world.nowMs, ADA, message);
          world.run(1);
        }
        world.run(100);
        expect(exchange.reservedBytes).toBeLessThanOrEqual(2_000);
        // From another peer, whose own numbers and connection are not touched by any of it.
        const eve = "eve" as typeof ADA;
        exchange.setConnection(world.nowMs, eve, 1);
        exchange.handlePacket(world.nowMs, eve, encodeOffer(1, 0, 0, ABOUT));
        expect(exchange.pollTransmit(world.nowMs, eve, 0)).toBeUndefined();
        exchange.accept(eve, 1);
        expect(exchange.pollTransmit(world.nowMs, eve, 0)?.[0]).toBe(0x12);
        expect(exchange.pollTransmit(world.nowMs, eve, 0)).toEqual(encodeEnd(1, "receiver", "complete"));
      }),
      { numRuns: 300 },
    );
  });

  it("[BK16] a channel that takes nothing is asked again, and a closed one waits for the next connection", () => {
    const world = new BulkWorld({ seed: 13, conditions: SLOW });
    const end = world.ada.end;
    world.ada.end = undefined;
    const file = fileOf(200_000, 1);
    world.ada.send(file);
    world.run(100);
    world.ada.end = end;
    world.run(1_000);
    const received = world.bob.bulkMessages;
    expect(received).toBeGreaterThan(10);
    // Closed under way.
    world.ada.end = undefined;
    world.run(1_000);
    world.ada.end = end;
    world.run(1_000);
    expect(world.bob.files).toEqual([]);
    world.connect();
    expect(world.runUntil(() => world.bob.files.length === 1)).toBe(true);
    expect(world.bob.files.map(digestOf)).toEqual([digestOf(file)]);
  });
});
