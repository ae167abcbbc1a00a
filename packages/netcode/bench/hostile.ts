import { ByteReader, ByteWriter } from "../src/core/base/bytes.ts";
import { Random } from "../src/core/base/random.ts";
import { RollbackSession } from "../src/core/rollback/rollback-session.ts";
import { InputHeader, readInputHeader, writeInputHeader } from "../src/core/wire/input-datagram.ts";
import * as ROLLBACK_KIND from "../src/core/wire/rollback-kind.ts";
import { IdleSimulation } from "../test/fixed-mesh.ts";
import { testPeerId } from "../test/test-match.ts";
import type { BenchRow } from "./rollback.ts";

const PEERS = 4;
const HOSTILE = 3;
const WARM_UP_FRAMES = 1200;
const FRAMES = 600;
/** Packets a frame of the hostile peer: 60,000 a second, ten times what its link could carry. */
const FLOOD = 1000;
const EPOCH = 1;

type MakePacket = (datagram: Uint8Array, random: Random) => Uint8Array;

/** What the hostile peer sends a thousand times a frame, made from its newest honest datagram. */
const FLOODS: Readonly<Record<string, MakePacket>> = {
  "its newest inputs again": (datagram) => datagram,
  "absurd frames": (datagram, random) => withHeader(datagram, (header) => (header.newestFrame = random.integer(0x1_0000))),
  "forged acks": (datagram, random) => withHeader(datagram, (header) => (header.ackDistance = random.integer(200) - 100)),
  noise: (_datagram, random) =>
    startOf(
      ROLLBACK_KIND.input,
      Uint8Array.from({ length: 60 }, () => random.integer(256)),
    ),
  "drop votes": (_datagram, random) =>
    startOf(
      ROLLBACK_KIND.dropVote,
      Uint8Array.from({ length: 200 }, () => random.integer(8)),
    ),
  "checksum logs": () => startOf(ROLLBACK_KIND.checksumLog, new Uint8Array(2 + 40 * 9)),
  "state requests": () => startOf(ROLLBACK_KIND.stateRequest, Uint8Array.of(15)),
};

/** What floods of a hostile member cost the others, beside a match of four. */
export function benchHostile(): BenchRow[] {
  const quietMs = frameMs(undefined);
  const rows = Object.entries(FLOODS).map(([name, make]): BenchRow => {
    const costMs = Math.max(0, frameMs(make) - quietMs);
    return { name: `4 players, one of whom floods 1,000 packets a frame, ${name}: cost per frame of another`, value: costMs, unit: "ms" };
  });
  return [{ name: "4 players: time per frame of one", value: quietMs * 1000, unit: "µs" }, ...rows];
}

/** Median time that peer 0 spends on one frame: its own, its packets, and the flood. */
function frameMs(make: MakePacket | undefined): number {
  const ids = Array.from({ length: PEERS }, (_, index) => testPeerId(`peer-${index}`));
  const players = ids.map((peerId) => ({ peerId }));
  const [hostId, hostileId] = [ids[0], ids[HOSTILE]];
  if (hostId === undefined || hostileId === undefined) return 0;
  const sessions = ids.map(
    (localPeerId) => new RollbackSession(0, { localPeerId, hostId, players, matchEpoch: EPOCH, simulation: new IdleSimulation(PEERS) }),
  );
  const random = new Random(1, "flood");
  let parcels: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }[] = [];
  let datagram: Uint8Array | undefined;
  const timesMs: number[] = [];
  for (let frame = 0; frame < WARM_UP_FRAMES + FRAMES; frame++) {
    const nowMs = (frame * 1000) / 60;
    const arriving = parcels;
    parcels = [];
    // A hostile member that crowds out its own inputs is dropped in the end, and goes on all the same.
    datagram = arriving.find(({ from, to }) => from === HOSTILE && to === 0)?.bytes ?? datagram;
    const newest = datagram;
    const flood = make === undefined || newest === undefined ? [] : Array.from({ length: FLOOD }, () => make(newest, random));
    for (const [index, session] of sessions.entries()) {
      const startedMs = performance.now();
      if (index === 0) for (const bytes of flood) session.handlePacket(nowMs, hostileId, bytes);
      for (const { from, to, bytes } of arriving) if (to === index) session.handlePacket(nowMs, ids[from] ?? hostId, bytes);
      session.advanceFrame(nowMs, Uint8Array.of((frame + index * 5) >> 4), Number.POSITIVE_INFINITY);
      for (let transmit = session.pollTransmit(); transmit !== undefined; transmit = session.pollTransmit()) {
        parcels.push({ from: index, to: ids.indexOf(transmit.to), bytes: transmit.bytes.slice() });
      }
      while (session.pollEvent() !== undefined);
      if (index === 0 && frame >= WARM_UP_FRAMES) timesMs.push(performance.now() - startedMs);
    }
  }
  if ((sessions[0]?.stats().frame ?? 0) < WARM_UP_FRAMES) throw new Error("the match stopped");
  return timesMs.toSorted((left, right) => left - right)[FRAMES >> 1] ?? 0;
}

function startOf(kind: number, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + rest.length);
  bytes.set([kind, EPOCH]);
  bytes.set(rest, 2);
  return bytes;
}

function withHeader(datagram: Uint8Array, change: (header: InputHeader) => void): Uint8Array {
  const [reader, header, writer] = [new ByteReader(datagram), new InputHeader(), new ByteWriter(new Uint8Array(2048))];
  reader.skip(1);
  header.matchEpoch = reader.u8();
  if (!readInputHeader(reader, header)) return datagram;
  change(header);
  writeInputHeader(writer, header);
  writer.bytes(datagram, reader.offset);
  return writer.written().slice();
}
