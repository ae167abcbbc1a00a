import { afterEach, describe, expect, inject, it } from "vitest";
import type { Match } from "../src/index.ts";
import { connectPeers, createPeerServerTransport, RtcTransport, type PeerGroup, type Transport } from "../src/transport.ts";
import { connectPair } from "./connect-pair.ts";
import { newPeerId, untilInRealTime } from "./real-time-world.ts";
import { tagGame, type TagInput, type TagState } from "./tag-game.ts";

type TagGroup = PeerGroup<TagState, TagInput>;
type TagMatch = Match<TagState, TagInput>;

const groups: { leave(): Promise<void> }[] = [];
const connections: RTCPeerConnection[] = [];

afterEach(async () => {
  await Promise.all(groups.splice(0).map((group) => group.leave()));
  for (const connection of connections.splice(0)) connection.close();
});

async function newPair(): Promise<[RTCPeerConnection, RTCPeerConnection]> {
  const pair = await connectPair();
  connections.push(...pair);
  return pair;
}

async function connectAll(transports: readonly Transport[]): Promise<TagGroup[]> {
  const peers = transports.map(({ localPeerId }) => localPeerId);
  const all = await Promise.all(transports.map((transport) => connectPeers({ game: tagGame, transport, peers })));
  groups.push(...all);
  return all;
}

const seats = [{ peer: "ada", name: "Ada" }, { peer: "ben", name: "Ben" }, { name: "Bot" }];

function startAll(all: readonly TagGroup[], settings: { length: number } | null = null): TagMatch[] {
  return all.map((group, player) => {
    const match = group.startMatch({ seed: 7, seats, settings });
    let asked = 0;
    match.run({ input: () => ({ dx: ((asked++ + 11 * player) % 30) / 15 - 1, dash: asked % 20 < 10 }) });
    return match;
  });
}

/** Frames of the last half second that all hold, which have to be the same. */
function compareHistories(matches: readonly TagMatch[]): number {
  const newest = Math.min(...matches.map((match) => match.stats().confirmedFrame));
  let compared = 0;
  for (let frame = newest - 30; frame <= newest; frame++) {
    const sums = matches.map((match) => match.checksum(frame));
    if (sums.includes(undefined)) continue;
    expect(new Set(sums).size, `frame ${frame}`).toBe(1);
    compared++;
  }
  return compared;
}

async function expectPlay(matches: readonly TagMatch[], frame: number): Promise<void> {
  await untilInRealTime(() => matches.every((match) => match.stats().confirmedFrame >= frame));
  // One may be far ahead of another for a moment, when it could not hear it.
  await untilInRealTime(() => compareHistories(matches) > 10);
  for (const match of matches) expect(match.stats().datagramsReceived).toBeGreaterThan(30);
}

async function adaAndBen(): Promise<{ transports: readonly [RtcTransport, RtcTransport]; needed: string[] }> {
  const needed: string[] = [];
  const transports = [
    new RtcTransport({ peerId: "ada", onConnectionNeeded: (peerId) => needed.push(`ada ${peerId}`) }),
    new RtcTransport({ peerId: "ben", onConnectionNeeded: (peerId) => needed.push(`ben ${peerId}`) }),
  ] as const;
  return { transports, needed };
}

describe("a match on connections that the game brought", () => {
  it("[BY1] plays with equal histories, one match after the other, with bots where no peer sits", async () => {
    const { transports } = await adaAndBen();
    const [first, second] = await newPair();
    transports[0].setConnection("ben", first);
    transports[1].setConnection("ada", second);
    const all = await connectAll(transports);
    for (let round = 1; round <= 2; round++) {
      const matches = startAll(all, { length: 150 });
      expect(matches.map(({ matchNumber, localPlayers }) => [matchNumber, localPlayers])).toEqual([
        [round, [0]],
        [round, [1]],
      ]);
      await expectPlay(matches, 100);
      const results = await Promise.all(matches.map((match) => match.ended));
      expect(results[1]).toEqual(results[0]);
    }
    expect(all.map(({ peers }) => peers.map(({ status }) => status))).toEqual([["open"], ["open"]]);
    await untilInRealTime(() => all.every(({ peers }) => peers[0]?.path === "direct"));
  });

  it("[BY2] leaves the game's own channels, handlers and connections alone, also when the group is left", async () => {
    const { transports } = await adaAndBen();
    const [first, second] = await newPair();
    const seen: string[] = [];
    // The later peer makes the match's channels, so it is the first one that could see them.
    for (const connection of [first, second]) {
      connection.ondatachannel = ({ channel }) => {
        seen.push(channel.label);
        channel.onmessage = ({ data }) => seen.push(String(data));
      };
    }
    transports[0].setConnection("ben", first);
    transports[1].setConnection("ada", second);
    const all = await connectAll(transports);
    const gone: string[] = [];
    all[0]?.on("peer-gone", (peerId, reason) => gone.push(`${peerId} ${reason}`));
    await all[1]?.leave();
    await untilInRealTime(() => gone.length > 0);
    expect(gone).toEqual(["ben left"]);
    const own = first.createDataChannel("chat");
    own.onopen = () => own.send("hello");
    await untilInRealTime(() => seen.includes("hello"));
    // "game" is the one that the connection was made with.
    expect(seen.filter((text) => text !== "game")).toEqual(["chat", "hello"]);
    expect([first.connectionState, second.connectionState]).toEqual(["connected", "connected"]);
  });

  it("[BY3] a connection that ends is asked for anew, and the match goes on over the next one", async () => {
    const { transports, needed } = await adaAndBen();
    const [first, second] = await newPair();
    transports[0].setConnection("ben", first);
    transports[1].setConnection("ada", second);
    const matches = startAll(await connectAll(transports));
    await expectPlay(matches, 60);
    const next = await newPair();
    first.close();
    second.close();
    // Of two peers the later one dials.
    await untilInRealTime(() => needed.length > 0);
    expect(needed[0]).toBe("ben ada");
    transports[0].setConnection("ben", next[0]);
    transports[1].setConnection("ada", next[1]);
    const reached = Math.max(...matches.map((match) => match.stats().confirmedFrame));
    await expectPlay(matches, reached + 60);
    expect(matches.map(({ role, phase }) => [role, phase])).toEqual([
      ["player", "running"],
      ["player", "running"],
    ]);
  });

  it("[BY4] plays on channels that were given; others than the transport needs are refused by name", async () => {
    const { transports } = await adaAndBen();
    const pair = await newPair();
    const channels = pair.map((connection) => ({
      unreliable: connection.createDataChannel("u", { negotiated: true, id: 20, ordered: false, maxRetransmits: 0 }),
      reliable: connection.createDataChannel("r", { negotiated: true, id: 21 }),
      control: connection.createDataChannel("c", { negotiated: true, id: 22 }),
    }));
    const [ours, theirs] = channels;
    if (ours === undefined || theirs === undefined) throw new Error("two ends");
    expect(() => transports[0].setConnection("ben", { ...ours, unreliable: ours.reliable })).toThrow("maxRetransmits 0");
    expect(() => transports[0].setConnection("ben", { ...ours, control: ours.unreliable })).toThrow("ordered channels");
    expect(() => transports[0].setConnection("not an id", ours)).toThrow("a peer id");
    transports[0].setConnection("ben", ours);
    transports[1].setConnection("ada", theirs);
    await expectPlay(startAll(await connectAll(transports)), 90);
  });

  it("[BY5] peers of a stock PeerServer find each other by their ids alone", async () => {
    const server = inject("peerServerUrl");
    const ids = [newPeerId(), newPeerId()];
    const all = await connectAll(await Promise.all(ids.map((peerId) => createPeerServerTransport({ peerId, server }))));
    const matches = all.map((group) => group.startMatch({ seed: 7, seats: ids.map((peer) => ({ peer, name: peer })) }));
    for (const match of matches) match.run({ input: () => ({ dx: 1, dash: false }) });
    await expectPlay(matches, 90);
  });

  it("[BY6] what can never work is refused, by name; a peer that cannot be reached or runs another game ends it", async () => {
    const group = (peers: readonly string[]): Promise<TagGroup> =>
      connectPeers({ game: tagGame, transport: new RtcTransport({ peerId: "ada" }), peers });
    for (const peers of [["ada"], ["ada", "ada"], ["ben", "cyd"], ["ada", "no id"]]) {
      await expect(group(peers)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    }
    const { transports } = await adaAndBen();
    const [first, second] = await newPair();
    transports[0].setConnection("ben", first);
    transports[1].setConnection("ada", second);
    const peers = ["ada", "ben"];
    const differing = [
      connectPeers({ game: tagGame, transport: transports[0], peers }),
      connectPeers({ game: { ...tagGame, contentHash: "00000000" }, transport: transports[1], peers }),
    ];
    for (const each of await Promise.allSettled(differing)) expect(each).toMatchObject({ reason: { code: "VERSION_MISMATCH" } });
    const aborted = new AbortController();
    const waiting = connectPeers({ game: tagGame, transport: new RtcTransport({ peerId: "ada" }), peers, signal: aborted.signal });
    aborted.abort();
    await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
    await expect(connectPeers({ game: tagGame, transport: new RtcTransport({ peerId: "ben" }), peers })).rejects.toMatchObject({
      code: "PEER_UNREACHABLE",
    });
  });

  it("[BY7] seats of strangers and numbers of seats that the game cannot play are refused", async () => {
    const { transports } = await adaAndBen();
    const [first, second] = await newPair();
    transports[0].setConnection("ben", first);
    transports[1].setConnection("ada", second);
    const [ada] = await connectAll(transports);
    const start =
      (given: { peer?: string; name: string }[]): (() => TagMatch | undefined) =>
      () =>
        ada?.startMatch({ seed: 1, seats: given });
    expect(start([{ peer: "eve", name: "Eve" }])).toThrow("eve");
    expect(start([])).toThrow("1–8");
  });
});
