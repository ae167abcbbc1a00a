/**
 * What every transport promises, as one suite: docs/spec/link.md, rules TR. An implementation brings a world in which it can be tried.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PeerId } from "../src/core/base/units.ts";
import {
  CHANNEL_BYTES_MAX,
  type Channel,
  type ChannelsClosedReason,
  type Transport,
  type TransportHandler,
} from "../src/core/ports/transport.ts";

/** One network with its time. */
export interface TransportWorld {
  /** A transport for a new peer. Ids are the world's. */
  join(): Promise<Transport>;
  /** Lets time pass until `condition` holds; fails when it does not in reasonable time. `condition` can only change by an event. */
  until(condition: () => boolean): Promise<void>;
  /** Peer connections that are not closed; where there is nothing to count, 0. */
  connectionCount(): number;
  /** After every transport was disposed. */
  dispose(): Promise<void>;
}

type Entry =
  | { readonly type: "open"; readonly peer: PeerId }
  | { readonly type: "closed"; readonly peer: PeerId; readonly reason: ChannelsClosedReason }
  | { readonly type: "packet"; readonly peer: PeerId; readonly channel: Channel; readonly bytes: Uint8Array };

/** A transport whose events are kept, and which fails a test when one comes from inside a call. */
class Probe implements TransportHandler {
  readonly transport: Transport;
  readonly id: PeerId;
  readonly entries: Entry[] = [];
  onPacket: ((peer: PeerId) => void) | undefined;
  #calls = 0;

  constructor(transport: Transport) {
    this.transport = transport;
    this.id = transport.localPeerId;
    transport.setHandler(this);
  }

  call<Result>(action: (transport: Transport) => Result): Result {
    this.#calls++;
    try {
      return action(this.transport);
    } finally {
      this.#calls--;
    }
  }

  handleChannelsOpen(peer: PeerId): void {
    this.#record({ type: "open", peer });
  }

  handleChannelsClosed(peer: PeerId, reason: ChannelsClosedReason): void {
    this.#record({ type: "closed", peer, reason });
  }

  handlePacket(peer: PeerId, channel: Channel, bytes: Uint8Array): void {
    this.#record({ type: "packet", peer, channel, bytes: bytes.slice() });
    this.onPacket?.(peer);
  }

  opens(peer: Probe): number {
    return this.entries.filter((entry) => entry.type === "open" && entry.peer === peer.id).length;
  }

  closes(peer: Probe): ChannelsClosedReason[] {
    return this.entries.flatMap((entry) => (entry.type === "closed" && entry.peer === peer.id ? [entry.reason] : []));
  }

  packets(peer: Probe, channel: Channel): Uint8Array[] {
    return this.entries.flatMap((entry) =>
      entry.type === "packet" && entry.peer === peer.id && entry.channel === channel ? [entry.bytes] : [],
    );
  }

  #record(entry: Entry): void {
    this.entries.push(entry);
    if (this.#calls > 0) throw new Error(`expected: no event from inside a call, got ${entry.type}`);
  }
}

/** `length` bytes that differ from those of another `start`. */
function pattern(length: number, start: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index * 7 + (index >> 8)) & 0xff);
}

function numbered(index: number): Uint8Array {
  return Uint8Array.of(index & 0xff, index >> 8);
}

function numberOf(bytes: Uint8Array): number {
  return (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
}

/** Runs the suite. `createWorld` is called once per test. */
export function describeTransport(name: string, createWorld: () => Promise<TransportWorld>): void {
  describe(`${name} keeps the transport contract`, () => {
    let world: TransportWorld;
    let probes: Probe[] = [];

    const join = async (): Promise<Probe> => {
      const probe = new Probe(await world.join());
      probes.push(probe);
      return probe;
    };
    const link = async (dialer: Probe, acceptor: Probe): Promise<void> => {
      const opens = [dialer.opens(acceptor), acceptor.opens(dialer)];
      acceptor.call((transport) => transport.accept(dialer.id));
      dialer.call((transport) => transport.dial(acceptor.id));
      await world.until(() => dialer.opens(acceptor) > (opens[0] ?? 0) && acceptor.opens(dialer) > (opens[1] ?? 0));
    };
    const pair = async (): Promise<[Probe, Probe]> => {
      const ada = await join();
      const bob = await join();
      await link(ada, bob);
      return [ada, bob];
    };

    /** `bulk` may open after the others. The packets that prove it are forgotten. */
    const bulkOpens = async (ada: Probe, bob: Probe): Promise<void> => {
      for (const [from, to] of [
        [ada, bob],
        [bob, ada],
      ] as const) {
        let isSent = false;
        await world.until(() => {
          isSent ||= from.transport.send(to.id, "bulk", Uint8Array.of(0)) === "sent";
          return isSent && to.packets(from, "bulk").length > 0;
        });
        to.entries.length = 0;
      }
    };

    beforeEach(async () => {
      world = await createWorld();
      probes = [];
    });

    afterEach(async () => {
      for (const probe of probes) probe.transport.dispose();
      await world.until(() => world.connectionCount() === 0);
      await world.dispose();
    });

    it("[TR1] a dial opens all channels at both ends, once", async () => {
      const [ada, bob] = await pair();
      for (const channel of ["unreliable", "reliable", "control"] as const) {
        expect(ada.call((transport) => transport.send(bob.id, channel, pattern(3, 1)))).toBe("sent");
        await world.until(() => bob.packets(ada, channel).length > 0);
        expect(bob.call((transport) => transport.send(ada.id, channel, pattern(3, 2)))).toBe("sent");
        await world.until(() => ada.packets(bob, channel).length > 0);
      }
      expect([ada.opens(bob), bob.opens(ada)]).toEqual([1, 1]);
      expect([ada.closes(bob), bob.closes(ada)]).toEqual([[], []]);
      await bulkOpens(ada, bob);
    });

    it("[ID55] both ends of an open connection know each other by the same certificates, and have none to show before", async () => {
      const [ada, bob] = [await join(), await join()];
      expect(ada.transport.fingerprints?.(bob.id)).toBeUndefined();
      bob.call((transport) => transport.accept(ada.id));
      ada.call((transport) => transport.dial(bob.id));
      await world.until(() => ada.opens(bob) === 1 && bob.opens(ada) === 1);
      const [atAda, atBob] = [ada.transport.fingerprints?.(bob.id), bob.transport.fingerprints?.(ada.id)];
      expect([atAda?.local.length, atAda?.remote.length]).toEqual([32, 32]);
      expect([atBob?.remote, atBob?.local]).toEqual([atAda?.local, atAda?.remote]);
      expect(atAda?.local).not.toEqual(atAda?.remote);
    });

    it("[TR2] bytes of every size up to the channel's limit arrive exactly, also from a part of a buffer that is then used again", async () => {
      const [ada, bob] = await pair();
      await bulkOpens(ada, bob);
      for (const channel of ["unreliable", "reliable", "control", "bulk"] as const) {
        const most = CHANNEL_BYTES_MAX[channel];
        for (const length of [1, 2, 255, 256, 1_100, most - 1, most].filter((size) => size <= most)) {
          const expected = pattern(length, length);
          const buffer = new Uint8Array(length + 20).fill(0xee);
          buffer.set(expected, 10);
          const count = bob.packets(ada, channel).length;
          expect(ada.call((transport) => transport.send(bob.id, channel, buffer.subarray(10, 10 + length)))).toBe("sent");
          buffer.fill(0xdd);
          await world.until(() => bob.packets(ada, channel).length > count);
          expect(bob.packets(ada, channel)[count]).toEqual(expected);
        }
      }
    });

    it("[TR3] reliable, control and bulk keep their order and lose nothing", async () => {
      const [ada, bob] = await pair();
      await bulkOpens(ada, bob);
      const count = 300;
      for (let index = 0; index < count; index++) {
        expect(ada.transport.send(bob.id, "reliable", numbered(index))).toBe("sent");
        expect(ada.transport.send(bob.id, "control", numbered(index))).toBe("sent");
        expect(ada.transport.send(bob.id, "bulk", numbered(index))).toBe("sent");
      }
      const channels = ["reliable", "control", "bulk"] as const;
      await world.until(() => channels.every((channel) => bob.packets(ada, channel).length >= count));
      const all = Array.from({ length: count }, (_, index) => index);
      for (const channel of channels) expect(bob.packets(ada, channel).map(numberOf)).toEqual(all);
    });

    it("[TR4] a datagram arrives whole and at most once", async () => {
      const [ada, bob] = await pair();
      for (let index = 0; index < 30; index++) {
        ada.transport.send(bob.id, "unreliable", numbered(index));
        // A full buffer turns datagrams away: an answered reliable message lets it drain.
        ada.transport.send(bob.id, "reliable", numbered(index));
        await world.until(() => bob.packets(ada, "reliable").length > index);
      }
      const numbers = bob.packets(ada, "unreliable").map(numberOf);
      expect(numbers.length).toBeGreaterThan(0);
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(numbers.every((number) => number < 30)).toBe(true);
    });

    it("[TR5] before the channels are open nothing can be sent", async () => {
      const ada = await join();
      const bob = await join();
      bob.call((transport) => transport.accept(ada.id));
      const trySend = (): readonly unknown[] => [
        ada.call((transport) => transport.send(bob.id, "reliable", pattern(4, 0))),
        ada.transport.bufferedBytes(bob.id, "reliable"),
        ada.transport.path(bob.id),
      ];
      expect(trySend()).toEqual(["closed", 0, undefined]);
      ada.call((transport) => transport.dial(bob.id));
      expect(trySend()).toEqual(["closed", 0, undefined]);
      await world.until(() => ada.opens(bob) === 1 && bob.opens(ada) === 1);
      expect(bob.packets(ada, "reliable")).toEqual([]);
    });

    it("[TR6] a message above the limit of its channel is the caller's bug", async () => {
      const [ada, bob] = await pair();
      for (const channel of ["unreliable", "reliable", "control", "bulk"] as const) {
        expect(() => ada.transport.send(bob.id, channel, new Uint8Array(CHANNEL_BYTES_MAX[channel] + 1))).toThrow("expected");
      }
    });

    it("[TR7] a hang-up is silent here and noticed there", async () => {
      const [ada, bob] = await pair();
      ada.call((transport) => transport.hangUp(bob.id));
      expect(ada.call((transport) => transport.send(bob.id, "reliable", pattern(4, 0)))).toBe("closed");
      await world.until(() => bob.closes(ada).length > 0);
      expect(bob.closes(ada)).toEqual(["remote"]);
      expect(bob.call((transport) => transport.send(ada.id, "reliable", pattern(4, 0)))).toBe("closed");
      expect(ada.closes(bob)).toEqual([]);
    });

    it("[TR8] a second dial replaces the first: both ends open again, and nothing of the old connection arrives later", async () => {
      const [ada, bob] = await pair();
      await link(ada, bob);
      expect(bob.closes(ada).length).toBe(1);
      expect(ada.closes(bob)).toEqual([]);
      bob.transport.send(ada.id, "reliable", pattern(5, 9));
      await world.until(() => ada.packets(bob, "reliable").length > 0);
      expect(ada.packets(bob, "reliable")).toEqual([pattern(5, 9)]);
      expect([ada.opens(bob), bob.opens(ada)]).toEqual([2, 2]);
    });

    it("[TR9] a peer that was not accepted gets no connection; once accepted, it does", async () => {
      const stranger = await join();
      const bob = await join();
      const carol = await join();
      stranger.call((transport) => transport.dial(bob.id));
      // Carol's attempt goes the same way, later: when it is through, the stranger's has been judged.
      await link(carol, bob);
      expect([stranger.opens(bob), bob.opens(stranger)]).toEqual([0, 0]);
      await link(stranger, bob);
      expect([stranger.opens(bob), bob.opens(stranger)]).toEqual([1, 1]);
    });

    it("[TR10] a peer that was hung up on must be accepted anew", async () => {
      const [ada, bob] = await pair();
      const carol = await join();
      bob.call((transport) => transport.hangUp(ada.id));
      await world.until(() => ada.closes(bob).length > 0);
      ada.call((transport) => transport.dial(bob.id));
      await link(carol, bob);
      expect(bob.opens(ada)).toBe(1);
      await link(ada, bob);
      expect(bob.opens(ada)).toBe(2);
    });

    it("[TR11] dispose frees everything, twice is once, and everything after it is refused quietly", async () => {
      const [ada, bob] = await pair();
      const before = ada.entries.length;
      ada.call((transport) => transport.dispose());
      ada.call((transport) => transport.dispose());
      ada.call((transport) => {
        transport.dial(bob.id);
        transport.accept(bob.id);
        transport.hangUp(bob.id);
      });
      expect(ada.call((transport) => transport.send(bob.id, "unreliable", pattern(4, 0)))).toBe("closed");
      expect(ada.transport.bufferedBytes(bob.id, "reliable")).toBe(0);
      await world.until(() => bob.closes(ada).length > 0);
      expect(bob.closes(ada)).toEqual(["remote"]);
      expect(ada.entries.length).toBe(before);
    });

    it("[TR12] a disposal in the middle of an attempt frees it too", async () => {
      const ada = await join();
      const bob = await join();
      bob.call((transport) => transport.accept(ada.id));
      ada.call((transport) => transport.dial(bob.id));
      ada.call((transport) => transport.dispose());
      bob.call((transport) => transport.dispose());
      await world.until(() => world.connectionCount() === 0);
      expect([...ada.entries, ...bob.entries]).toEqual([]);
    });

    it("[TR13] three peers hear exactly what was sent to them", async () => {
      const probes = [await join(), await join(), await join()] as const;
      const [ada, bob, carol] = probes;
      await link(ada, bob);
      await link(bob, carol);
      await link(carol, ada);
      const mark = (from: Probe, to: Probe): Uint8Array => Uint8Array.of(probes.indexOf(from), probes.indexOf(to));
      for (const from of probes) for (const to of probes) if (from !== to) from.transport.send(to.id, "reliable", mark(from, to));
      await world.until(() => probes.every((to) => probes.every((from) => from === to || to.packets(from, "reliable").length === 1)));
      const heard = probes.flatMap((to) => probes.map((from) => to.packets(from, "reliable")));
      expect(heard).toEqual(probes.flatMap((to) => probes.map((from) => (from === to ? [] : [mark(from, to)]))));
    });

    it("[TR14] a handler may hang up and dispose", async () => {
      const [ada, bob] = await pair();
      const carol = await join();
      await link(carol, bob);
      bob.onPacket = (peer) => (peer === ada.id ? bob.transport.hangUp(peer) : bob.transport.dispose());
      ada.transport.send(bob.id, "reliable", pattern(2, 0));
      ada.transport.send(bob.id, "reliable", pattern(2, 1));
      await world.until(() => ada.closes(bob).length > 0);
      expect(bob.packets(ada, "reliable")).toEqual([pattern(2, 0)]);
      carol.transport.send(bob.id, "reliable", pattern(2, 2));
      await world.until(() => carol.closes(bob).length > 0);
      expect(bob.packets(carol, "reliable")).toEqual([pattern(2, 2)]);
    });

    it("[TR15] an open connection has a path, and what was sent leaves", async () => {
      const [ada, bob] = await pair();
      for (let index = 0; index < 20; index++) ada.transport.send(bob.id, "reliable", pattern(CHANNEL_BYTES_MAX.reliable, index));
      await world.until(() => bob.packets(ada, "reliable").length === 20);
      bob.transport.send(ada.id, "reliable", pattern(1, 0));
      await world.until(() => ada.packets(bob, "reliable").length === 1 && ada.transport.bufferedBytes(bob.id, "reliable") === 0);
      await world.until(() => ada.transport.path(bob.id) !== undefined && bob.transport.path(ada.id) !== undefined);
      expect([ada.transport.path(bob.id), bob.transport.path(ada.id)]).toEqual(["direct", "direct"]);
    });

    it("[TR16] nobody answers at an id that nobody has", async () => {
      const ada = await join();
      const bob = await join();
      ada.call((transport) => transport.dial("nobody-is-here" as PeerId));
      await link(ada, bob);
      expect(ada.entries.filter((entry) => entry.type === "open")).toEqual([{ type: "open", peer: bob.id }]);
    });
  });
}
