import { beforeAll, expect, it } from "vitest";
import type { IncomingTransfer, SentTransfer } from "../src/facade/content-types.ts";
import { hostLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import { errorOf, expectEqualChecksums, join, openRoom, options, play, startAll, type Room } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";
import { digestOf, fileOf } from "./bulk-world.ts";

// In virtual time a minute is over before a module is loaded.
beforeAll(() => import("../src/facade/file-exchange.ts"));

const FILE = fileOf(60_000, 1);

/** What each guest was offered; `answer` is called with it. */
function listen(room: Room, answer: (incoming: IncomingTransfer) => void): IncomingTransfer[][] {
  return room.lobbies.map((lobby) => {
    const offers: IncomingTransfer[] = [];
    lobby.on("blob", (incoming) => {
      offers.push(incoming);
      answer(incoming);
    });
    return offers;
  });
}

function states({ recipients }: SentTransfer): string[] {
  return recipients.map(({ state, failure }) => failure ?? state);
}

it("[BK30] a file reaches the member it is for, with what was said about it, and nobody else", async () => {
  const room = await openRoom(2);
  const { world, host, lobbies } = room;
  const [, bob] = lobbies;
  const received: Promise<Uint8Array>[] = [];
  const offers = listen(room, (incoming) => received.push(incoming.accept()));
  const blob = new File([new Uint8Array(FILE)], "arena.map", { type: "application/x-map" });
  const transfer = await world.until(host.send(bob!.me.peerId, blob, { metadata: { kind: "map" } }));
  let progress = 0;
  transfer.on("progress", () => {
    expect(transfer.progress).toBeGreaterThanOrEqual(progress);
    progress = transfer.progress;
  });
  await world.until(transfer.done);
  expect([progress, states(transfer)]).toEqual([1, ["done"]]);
  expect(offers.map(({ length }) => length)).toEqual([0, 1, 0]);
  const { from, name, type, metadata, sizeBytes, receivedBytes, state } = offers[1]![0]!;
  expect({ from, name, type, metadata, sizeBytes, receivedBytes, state }).toEqual({
    from: host.me.peerId,
    name: "arena.map",
    type: "application/x-map",
    metadata: { kind: "map" },
    sizeBytes: FILE.length,
    receivedBytes: FILE.length,
    state: "done",
  });
  expect(digestOf(await received[0])).toEqual(digestOf(FILE));
});

it("[BK31] a file for all is offered to everybody else, and each answers for itself", async () => {
  const room = await openRoom(2, { transferLimits: { sizeBytes: 1_000 } });
  const { world, lobbies, host } = room;
  const [, bob, cyd] = lobbies;
  const got: Uint8Array[] = [];
  bob!.on("blob", (incoming) => void incoming.accept().then((file) => got.push(file)));
  cyd!.on("blob", (incoming) => incoming.refuse());
  const transfer = await world.until(host.send("all", FILE));
  const error = await errorOf(world.until(transfer.done));
  expect([error.code, error.message, states(transfer)]).toEqual(["TRANSFER_FAILED", "The file was not wanted.", ["done", "refused"]]);
  expect(got.map(digestOf)).toEqual([digestOf(FILE)]);
  // The host takes 1,000 bytes at most.
  host.on("blob", (incoming) => void incoming.accept());
  const tooLarge = await world.until(bob!.send(host.me.peerId, FILE));
  expect((await errorOf(world.until(tooLarge.done))).message).toBe("The file is larger than the other end takes.");
  expect(states(tooLarge)).toEqual(["too-large"]);
});

it("[BK32] where nobody listens files are refused; an offer that nobody answers is, after two minutes", async () => {
  const room = await openRoom(2);
  const { world, lobbies, host } = room;
  const [, bob, cyd] = lobbies;
  bob!.on("blob", () => {});
  const transfer = await world.until(host.send("all", FILE));
  await world.runUntil(() => states(transfer)[1] === "refused");
  expect(states(transfer)).toEqual(["offered", "refused"]);
  expect(cyd!.peers.length).toBe(2);
  await world.run(115_000);
  expect(states(transfer)[0]).toBe("offered");
  await world.run(6_000);
  expect(states(transfer)).toEqual(["refused", "refused"]);
});

it("[BK33] who cancels, leaves or reloads ends the transfer at the other end too", async () => {
  const room = await openRoom(2);
  const { world, lobbies, host, pages } = room;
  const [, bob, cyd] = lobbies;
  const failures: string[] = [];
  const offers = listen(room, (incoming) => void incoming.accept().catch(() => failures.push(String(incoming.failure))));
  const large = fileOf(3_000_000, 2);
  const cancelled = await world.until(host.send([bob!.me.peerId], large));
  await world.runUntil(() => (offers[1]![0]?.receivedBytes ?? 0) > 50_000);
  cancelled.cancel();
  expect((await errorOf(world.until(cancelled.done))).code).toBe("TRANSFER_FAILED");
  await world.run(100);
  const toBob = await world.until(host.send(bob!.me.peerId, large));
  const toCyd = await world.until(host.send(cyd!.me.peerId, large));
  await world.runUntil(() => (offers[1]![1]?.receivedBytes ?? 0) > 20_000 && (offers[2]![0]?.receivedBytes ?? 0) > 20_000);
  const reloaded = await pages[1]!.reload();
  void cyd!.leave();
  await world.run(500);
  // The seat of who reloads is kept, and the file with it until the page is back under another id.
  expect(states(toBob)).toEqual(["waiting"]);
  await world.until(resumeLobby(reloaded.environment, options("Bob")));
  await world.run(100);
  expect([states(cancelled), states(toBob), states(toCyd)]).toEqual([["cancelled"], ["gone"], ["gone"]]);
  expect(failures).toEqual(["cancelled", "gone"]);
});

it("[BK34] a pair without a connection of its own waits, and is told so", async () => {
  const world = new FacadeWorld();
  const page = world.page();
  const host = await world.until(hostLobby(page.environment, options("Ada")));
  const room: Room = { world, pages: [page], lobbies: [host], host };
  const [second, third] = [world.page(), world.page()];
  second.cannotReach.add(third);
  third.cannotReach.add(second);
  const pages = [second, third];
  world.page = () => pages.shift()!;
  await join(room);
  await join(room);
  await world.runUntil(() => room.lobbies.every((lobby) => lobby.peers.every(({ status }) => status === "open")));
  const [, bob, cyd] = room.lobbies;
  expect(bob!.peers.find(({ peerId }) => peerId === cyd!.me.peerId)?.path).toBe("peer");
  const received: Promise<Uint8Array>[] = [];
  cyd!.on("blob", (incoming) => received.push(incoming.accept()));
  const transfer = await world.until(bob!.send(cyd!.me.peerId, FILE));
  await world.run(5_000);
  expect([states(transfer), received.length]).toEqual([["waiting"], 0]);
  second.cannotReach.clear();
  third.cannotReach.clear();
  await world.until(transfer.done);
  expect(digestOf(await received[0])).toEqual(digestOf(FILE));
});

it("[BK35] a file goes while a match runs, and the match does not notice", async () => {
  const room = await openRoom(1);
  const matches = await startAll(room);
  const told: string[] = [];
  for (const match of matches) match.on("suspect", () => told.push("suspect"));
  play(matches);
  const received: Promise<Uint8Array>[] = [];
  listen(room, (incoming) => received.push(incoming.accept()));
  const transfer = await room.world.until(room.host.send("all", fileOf(1_000_000, 3)));
  await room.world.until(transfer.done);
  await room.world.runUntil(() => matches.every((match) => match.view().frame >= 300));
  expect(digestOf(await received[0])).toEqual(digestOf(fileOf(1_000_000, 3)));
  expectEqualChecksums(matches);
  expect([told, room.world.reported]).toEqual([[], []]);
});

it("[BK36] what can never be sent is the caller's mistake", async () => {
  const room = await openRoom(1);
  const { host, world } = room;
  const stranger = host.me.peerId;
  expect((await errorOf(host.send(stranger, FILE))).code).toBe("BAD_ARGUMENT");
  expect((await errorOf(world.until(host.send("all", FILE, { name: "n".repeat(2_000) })))).code).toBe("BAD_ARGUMENT");
  const sent = await world.until(host.send([], FILE));
  await world.until(sent.done);
  await world.until(host.leave());
  expect((await errorOf(host.send("all", FILE))).code).toBe("CLOSED");
});
