import { encodeBrokerFrame, parseBrokerFrame, type Admission, type BrokerFrame, type PeerId } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, LobbyClient } from "./lobby-client.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({
    host: "127.0.0.1",
    relayFrames: true,
    limits: { pairFramesPerSecond: 20, memberFrameBytesPerSecond: 40_000, opensPerMinute: 1_000 },
  });
});

afterAll(() => broker.close());

interface Seated {
  readonly client: LobbyClient;
  readonly seat: Admission;
}

async function openRoom(guests = 1): Promise<[Seated, Seated, ...Seated[]]> {
  const host = await LobbyClient.open(broker.port);
  const all: Seated[] = [{ client: host, seat: await host.create() }];
  for (let index = 0; index < guests; index++) {
    const client = await LobbyClient.open(broker.port);
    all.push({ client, seat: admission(await client.join(all[0]?.seat.lobby.code ?? "")) });
  }
  const [first, second, ...rest] = all;
  if (first === undefined || second === undefined) throw new Error("nobody");
  return [first, second, ...rest];
}

function frame(peerId: PeerId, packet: Uint8Array, channel: BrokerFrame["channel"] = "unreliable"): Uint8Array {
  const bytes = encodeBrokerFrame({ channel, peerId, packet });
  if (bytes === undefined) throw new Error("no frame");
  return bytes;
}

async function refusals(): Promise<Record<string, number>> {
  const health = (await (await fetch(`http://127.0.0.1:${broker.port}/healthz`)).json()) as { refusals: Record<string, number> };
  return health.refusals;
}

test("[BR120] a frame goes to the member that it names, in the name of who sent it, and to nobody else", async () => {
  const [ada, bob, cyd] = await openRoom(2);
  const [zoe] = await openRoom();
  expect([ada, bob].map(({ seat }) => seat.relaysFrames)).toEqual([true, true]);
  const packet = new Uint8Array(16_384).fill(7);
  ada.client.socket.send(frame(bob.seat.peerId, packet, "reliable"));
  ada.client.socket.send(frame(bob.seat.peerId, Uint8Array.of(1, 2)));
  // Into another lobby, to itself, and to nobody.
  for (const peerId of [zoe.seat.peerId, ada.seat.peerId, "0".repeat(32) as PeerId])
    ada.client.socket.send(frame(peerId, Uint8Array.of(1)));
  await ada.client.settled();
  for (const { client } of [bob, cyd ?? bob, zoe, ada]) await client.settled();
  expect(bob.client.frames.map((bytes) => parseBrokerFrame(new Uint8Array(bytes)))).toEqual([
    { channel: "reliable", peerId: ada.seat.peerId, packet },
    { channel: "unreliable", peerId: ada.seat.peerId, packet: Uint8Array.of(1, 2) },
  ]);
  for (const other of [cyd, zoe, ada]) expect(other?.client.frames).toEqual([]);
  expect((await refusals())["frame:no-member"]).toBe(3);
});

test("[BR121] what is above the rate of a pair, or of a member, is dropped and counted; other members are not touched", async () => {
  const [ada, bob, cyd] = await openRoom(2);
  if (cyd === undefined) throw new Error("no third");
  const before = (await refusals())["frame:too-much"] ?? 0;
  for (let index = 0; index < 100; index++) ada.client.socket.send(frame(bob.seat.peerId, Uint8Array.of(index)));
  await ada.client.settled();
  await bob.client.settled();
  expect(bob.client.frames.length).toBeGreaterThanOrEqual(40);
  expect(bob.client.frames.length).toBeLessThan(60);
  // Another pair of the same member has a rate of its own, up to the member's bytes.
  for (let index = 0; index < 10; index++) ada.client.socket.send(frame(cyd.seat.peerId, new Uint8Array(16_000), "reliable"));
  cyd.client.socket.send(frame(ada.seat.peerId, Uint8Array.of(9)));
  for (const { client } of [ada, cyd, ada]) await client.settled();
  expect(cyd.client.frames.length).toBeGreaterThanOrEqual(4);
  expect(cyd.client.frames.length).toBeLessThan(7);
  expect(ada.client.frames).toHaveLength(1);
  expect((await refusals())["frame:too-much"]).toBe(before + 110 - bob.client.frames.length - cyd.client.frames.length);
});

test("[BR122] frames for a reader that is behind are dropped, and it stays", async () => {
  const fast = await createBroker({
    host: "127.0.0.1",
    relayFrames: true,
    limits: { pairFramesPerSecond: 10_000, memberFrameBytesPerSecond: 100_000_000 },
  });
  const ada = await LobbyClient.open(fast.port);
  const { lobby } = await ada.create();
  const bob = await LobbyClient.open(fast.port);
  const { peerId } = admission(await bob.join(lobby.code));
  bob.socket.pause();
  // More than what the system keeps for a socket.
  const sent = 1_000;
  for (let index = 0; index < sent; index++) ada.socket.send(frame(peerId, new Uint8Array(16_384), "reliable"));
  await ada.settled();
  const health = (await (await fetch(`http://127.0.0.1:${fast.port}/healthz`)).json()) as { refusals: Record<string, number> };
  expect(health.refusals["frame:behind"]).toBeGreaterThan(100);
  bob.socket.resume();
  await bob.settled();
  expect(bob.frames).toHaveLength(sent - (health.refusals["frame:behind"] ?? 0));
  expect((await bob.ask({ type: "set-ready", ready: true })).ok).toBe(true);
  await fast.close();
});

test("[BR123] what is no frame counts as a refused message, a flood ends its socket, and where frames are not carried any binary frame does", async () => {
  const [ada, bob] = await openRoom();
  for (let index = 0; index < 3; index++) ada.client.socket.send(new Uint8Array(5).fill(index));
  expect(await ada.client.goodbye()).toBe("BAD_REQUEST");
  const bytes = frame("f".repeat(32) as PeerId, Uint8Array.of(1));
  for (let index = 0; index < 12_000; index++) bob.client.socket.send(bytes);
  expect(await bob.client.goodbye()).toBe("RATE_LIMITED");
  // Before it is in a lobby a socket may send frames, to no effect: its page may be on the way back.
  const early = await LobbyClient.open(broker.port);
  early.socket.send(bytes);
  expect((await early.create()).relaysFrames).toBe(true);

  const plain = await createBroker({ host: "127.0.0.1" });
  const zoe = await LobbyClient.open(plain.port);
  expect((await zoe.create()).relaysFrames).toBeUndefined();
  zoe.socket.send(bytes);
  expect(await zoe.goodbye()).toBe("BAD_REQUEST");
  await plain.close();
});
