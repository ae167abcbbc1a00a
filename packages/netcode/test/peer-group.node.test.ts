import { afterAll, expect, it } from "vitest";
import type { GroupMatchOptions } from "../src/facade/peer-group-types.ts";
import { connectPeers, createPeerServerTransport } from "../src/node.ts";
import { startPeerServer } from "./peer-server.ts";
import { untilInRealTime } from "./real-time-world.ts";
import { tagGame } from "./tag-game.ts";

const server = await startPeerServer({ path: "/deep/down", key: "tag" });

afterAll(() => server.close());

it("[BY8] Node peers of a PeerServer with a path and a key of its own play with equal histories; another key connects nobody", async () => {
  const peers = ["ada", "ben", "cyd"];
  const join = async (peerId: string) => {
    const transport = await createPeerServerTransport({ peerId, server: server.url, key: "tag" });
    return connectPeers({ game: tagGame, transport, peers });
  };
  const groups = await Promise.all(peers.map(join));
  const seats = peers.map((peer) => ({ peer, name: peer }));
  const wrong: readonly unknown[] = [undefined, { seed: 3 }, { seed: Number.NaN, seats }, { seed: 3, seats: [null, null] }];
  for (const options of wrong)
    expect(() => groups[0]?.startMatch(options as GroupMatchOptions)).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  const matches = groups.map((group) => group.startMatch({ seed: 3, seats, settings: { length: 120 } }));
  for (const match of matches) match.run({ input: (player) => ({ dx: player - 1, dash: false }) });
  await untilInRealTime(() => matches.every((match) => match.stats().confirmedFrame >= 100));
  for (let frame = 80; frame <= 100; frame++) expect(new Set(matches.map((match) => match.checksum(frame))).size).toBe(1);
  expect(await Promise.all(matches.map((match) => match.ended))).toEqual([{ winner: 2 }, { winner: 2 }, { winner: 2 }]);
  await Promise.all(groups.map((group) => group.leave()));

  const strangers = await Promise.all(
    ["eve", "fay"].map((peerId) => createPeerServerTransport({ peerId, server: server.url, key: "wrong" })),
  );
  const waiting = strangers.map((transport) => connectPeers({ game: tagGame, transport, peers: ["eve", "fay"] }));
  for (const each of await Promise.allSettled(waiting))
    expect(each).toMatchObject({ reason: { code: "PEER_UNREACHABLE", failure: { reason: expect.any(String) } } });
});
