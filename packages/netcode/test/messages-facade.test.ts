import { beforeAll, expect, expectTypeOf, it } from "vitest";
import { message, text } from "../src/core/base/message-type.ts";
import { f32, u8 } from "../src/core/base/schema.ts";
import { defineGame } from "../src/core/game/define-game.ts";
import type { Game } from "../src/core/game/game.ts";
import { button } from "../src/core/game/input-schema.ts";
import { hostLobby, joinLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import type { ChatMessage } from "../src/facade/content-types.ts";
import type { Lobby } from "../src/facade/lobby-types.ts";
import type { PeerId } from "../src/core/base/units.ts";
import { FacadeWorld, type TestPage } from "./facade-world.ts";

const options = {
  id: "talk",
  version: 1,
  frameRateHz: 60,
  players: [1, 4],
  input: { go: button() },
  init: () => ({ steps: 0 }),
  step: (state: { steps: number }) => void state.steps++,
} as const;
const game = defineGame({
  ...options,
  messages: {
    emote: message({ kind: u8(), note: text(20) }, { rateHz: 4, burst: 4 }),
    cursor: message({ at: f32(2) }, { delivery: "latest", rateHz: 30 }),
  },
});
type TalkLobby = typeof game extends Game<infer State, infer Schema, infer Messages> ? Lobby<State, Schema, Messages> : never;

interface Talk {
  readonly world: FacadeWorld;
  readonly pages: TestPage[];
  readonly lobbies: TalkLobby[];
}

// In virtual time a minute is over before a module is loaded.
beforeAll(() => import("../src/facade/file-exchange.ts"));

const NAMES = ["Ada", "Bob", "Cyd"];

async function openTalk(count = 3): Promise<Talk> {
  const world = new FacadeWorld();
  const pages = Array.from({ length: count }, () => world.page());
  const lobbies: TalkLobby[] = [await world.until(hostLobby(pages[0]!.environment, { game, name: "Ada" }))];
  for (const [index, page] of pages.entries()) {
    if (index > 0) lobbies.push(await world.until(joinLobby(page.environment, lobbies[0]!.code, { game, name: NAMES[index]! })));
  }
  await world.runUntil(() => lobbies.every((lobby) => lobby.peers.every((peer) => peer.status === "open")));
  return { world, pages, lobbies };
}

/** What each member hears, as `name of the sender: what`. */
function listen({ lobbies }: Talk): string[][] {
  return lobbies.map((lobby) => {
    const heard: string[] = [];
    lobby.messages.on("emote", ({ kind, note }, from) => heard.push(`${from.profile.name}: ${kind} ${note}`));
    lobby.messages.on("cursor", ({ at }, from) => heard.push(`${from.profile.name} at ${at.join(",")}`));
    lobby.chat.on("message", ({ text, from }) => heard.push(`${from.profile.name} says ${text}`));
    return heard;
  });
}

function texts(messages: readonly ChatMessage[]): string[] {
  return messages.map(({ from, text, isOwn }) => `${isOwn ? "me" : from.profile.name}: ${text}`);
}

it("[MS30] a message reaches everybody else, or those whom it is for, with its sender, in the room and during a match", async () => {
  const talk = await openTalk();
  const { world, lobbies } = talk;
  const [ada, bob, cyd] = lobbies;
  const heard = listen(talk);
  expect(ada!.messages.send("emote", { kind: 3, note: "hi" })).toBe("sent");
  expect(bob!.messages.send("cursor", { at: [1, 2] }, { to: cyd!.me.peerId })).toBe("sent");
  await world.run(100);
  expect(heard).toEqual([[], ["Ada: 3 hi"], ["Ada: 3 hi", "Bob at 1,2"]]);
  await world.until(Promise.all([ada!.start({ playerCount: 3 }), bob!.nextMatch(), cyd!.nextMatch()]));
  await world.run(500);
  expect(cyd!.messages.send("emote", { kind: 4, note: "" }, { to: [ada!.me.peerId, bob!.me.peerId] })).toBe("sent");
  await world.run(50);
  bob!.chat.send("good luck");
  await world.run(100);
  expect(heard.map((lines) => lines.slice(-2))).toEqual([
    ["Cyd: 4 ", "Bob says good luck"],
    ["Cyd: 4 ", "Bob says good luck"],
    ["Bob at 1,2", "Bob says good luck"],
  ]);
  expect(world.reported).toEqual([]);
});

it("[MS31] names and payloads are the declaration's, for the compiler too; a wrong one is a mistake of the caller", async () => {
  const { lobbies, world } = await openTalk(2);
  const [ada, bob] = lobbies;
  ada!.messages.on("emote", (payload) => expectTypeOf(payload).toEqualTypeOf<{ readonly kind: number; readonly note: string }>());
  // @ts-expect-error: not declared
  expect(() => ada!.messages.send("wave", {})).toThrow("declares");
  // @ts-expect-error: not declared
  expect(() => ada!.messages.on("wave", () => {})).toThrow("declares");
  // @ts-expect-error: a field is missing
  expect(() => ada!.messages.send("emote", { kind: 1 })).toThrow("note");
  expect(() => ada!.messages.send("emote", { kind: 1_000, note: "" })).toThrow('"kind" as a number, whole, in 0…255');
  expect(() => ada!.messages.send("emote", { kind: 1, note: "" }, { to: ada!.me.peerId })).toThrow("other members");
  await world.until(bob!.leave());
  expect(() => bob!.messages.send("emote", { kind: 1, note: "" })).toThrow("closed");
  await world.run(200);
  expect(ada!.messages.send("emote", { kind: 1, note: "" })).toBe("nobody");
});

it("[MS32] who sends more than was declared is told so, and nothing is sent", async () => {
  const talk = await openTalk(2);
  const heard = listen(talk);
  const [ada] = talk.lobbies;
  const outcomes = Array.from({ length: 6 }, (_, index) => ada!.messages.send("emote", { kind: index, note: "" }));
  expect(outcomes).toEqual(["sent", "sent", "sent", "sent", "rate-limited", "rate-limited"]);
  await talk.world.run(300);
  expect(heard[1]).toEqual(["Ada: 0 ", "Ada: 1 ", "Ada: 2 ", "Ada: 3 "]);
  expect(ada!.messages.send("emote", { kind: 9, note: "" })).toBe("sent");
});

it("[MS3] games that declare other messages do not play together", async () => {
  const other = defineGame({ ...options, messages: { emote: message({ kind: u8(2) }) } });
  const none = defineGame(options);
  expect(new Set([game, other, none].map(({ contentHash }) => contentHash)).size).toBe(3);
  expect(() => defineGame({ ...options, messages: { "no good": message({}) } })).toThrow("name of a message");
});

it("[MS24] chat is heard by all, kept for the last 100, and cleaned where it is read and where it is written", async () => {
  const talk = await openTalk(3);
  const { world, lobbies } = talk;
  const [ada, bob, cyd] = lobbies;
  expect(ada!.chat.send(" hello\u202e\n<b>all</b> ")).toBe("sent");
  expect(ada!.chat.send("\u200b\n ")).toBe("empty");
  await world.run(100);
  expect(texts(ada!.chat.messages)).toEqual(["me: hello <b>all</b>"]);
  expect([texts(bob!.chat.messages), texts(cyd!.chat.messages)]).toEqual([["Ada: hello <b>all</b>"], ["Ada: hello <b>all</b>"]]);
  for (let index = 0; index < 103; index++) {
    expect(bob!.chat.send(`line ${index}`)).toBe("sent");
    await world.run(1_000);
  }
  expect(ada!.chat.messages.length).toBe(100);
  expect([ada!.chat.messages[0]?.text, ada!.chat.messages.at(-1)?.text, ada!.chat.messages.at(-1)?.number]).toEqual([
    "line 3",
    "line 102",
    104,
  ]);
});

it("[MS25] five chat messages at once, then one a second", async () => {
  const { world, lobbies } = await openTalk(2);
  const [ada, bob] = lobbies;
  expect(Array.from({ length: 6 }, (_, index) => ada!.chat.send(`${index}`))).toEqual([
    "sent",
    "sent",
    "sent",
    "sent",
    "sent",
    "rate-limited",
  ]);
  await world.run(1_050);
  expect([ada!.chat.send("6"), ada!.chat.send("7")]).toEqual(["sent", "rate-limited"]);
  await world.run(100);
  expect(texts(bob!.chat.messages).at(-1)).toBe("Ada: 6");
});

it("[MS26] who joins later gets nothing of what was said before; who is alone talks to itself", async () => {
  const { world, lobbies } = await openTalk(1);
  const [ada] = lobbies;
  expect(ada!.chat.send("anybody?")).toBe("sent");
  const bob = await world.until(joinLobby(world.page().environment, ada!.code, { game, name: "Bob" }));
  await world.runUntil(() => bob.peers.every((peer) => peer.status === "open"));
  await world.run(200);
  expect([texts(ada!.chat.messages), bob.chat.messages]).toEqual([["me: anybody?"], []]);
});

it("[MS33] nothing that a muted member says or sends reaches us until it is not muted, also when it reloads; others hear it", async () => {
  const talk = await openTalk(3);
  const { world, lobbies, pages } = talk;
  const [ada, bob, cyd] = lobbies;
  const heard = listen(talk);
  let changes = 0;
  ada!.on("change", () => changes++);
  ada!.mute(bob!.me.peerId);
  expect([ada!.isMuted(bob!.me.peerId), ada!.isBlocked(bob!.me.peerId), changes]).toEqual([true, false, 1]);
  const speak = async (lobby: TalkLobby, kind: number): Promise<void> => {
    lobby.chat.send(`chat ${kind}`);
    lobby.messages.send("emote", { kind, note: "" });
    await world.run(1_000);
  };
  await speak(bob!, 1);
  expect(heard[0]).toEqual([]);
  expect(heard[2]).toEqual(["Bob says chat 1", "Bob: 1 "]);
  const reloaded = await pages[1]!.reload();
  const back = await world.until(resumeLobby(reloaded.environment, { game, name: "Bob" }));
  await world.runUntil(() => ada!.peers.length === 2 && ada!.peers.every((peer) => peer.status === "open"));
  expect(back!.me.peerId).not.toBe(bob!.me.peerId);
  await speak(back!, 2);
  expect([heard[0], ada!.isMuted(back!.me.peerId)]).toEqual([[], true]);
  ada!.mute(back!.me.peerId, false);
  await speak(back!, 3);
  expect(heard[0]).toEqual(["Bob says chat 3", "Bob: 3 "]);
  expect(cyd!.isMuted(back!.me.peerId)).toBe(false);
});

it("[MS34] a block outlives our own reload, takes files too, and can be undone", async () => {
  const { world, lobbies, pages } = await openTalk(2);
  const [ada, bob] = lobbies;
  const bobId: PeerId = bob!.me.peerId;
  ada!.block(bobId);
  expect([ada!.isBlocked(bobId), ada!.isMuted(bobId)]).toEqual([true, true]);
  const page = await pages[0]!.reload();
  const back = (await world.until(resumeLobby(page.environment, { game, name: "Ada" })))!;
  await world.runUntil(() => back.peers.length === 1 && back.peers.every((peer) => peer.status === "open"));
  const offers: string[] = [];
  back.on("blob", ({ name }) => offers.push(name));
  bob!.chat.send("let me in");
  const refused = await world.until(bob!.send("all", new Uint8Array(10), { name: "a" }));
  await world.runUntil(() => refused.recipients[0]?.failure === "refused");
  expect([back.isBlocked(bobId), back.chat.messages, offers]).toEqual([true, [], []]);
  back.block(bobId, false);
  bob!.chat.send("thanks");
  await world.run(100);
  expect([back.isMuted(bobId), texts(back.chat.messages)]).toEqual([false, ["Bob: thanks"]]);
});

it("[MS34] a storage that is full, forbidden or spoilt by others costs the memory of a block, and no more", async () => {
  const { world, lobbies, pages } = await openTalk(2);
  const [ada, bob] = lobbies;
  pages[0]!.shared.set("rollcall:blocked", '{"not": "a list"}');
  const page = await pages[0]!.reload();
  const back = (await world.until(resumeLobby(page.environment, { game, name: "Ada" })))!;
  expect(back.isBlocked(bob!.me.peerId)).toBe(false);
  page.shared.set = () => {
    throw new Error("full");
  };
  back.block(bob!.me.peerId);
  expect(back.isBlocked(bob!.me.peerId)).toBe(true);
  expect(ada!.code).toBe(back.code);
});

it("[MS35] a pair without a connection of its own hears each other over another member", async () => {
  const world = new FacadeWorld();
  const pages = [world.page(), world.page(), world.page()];
  pages[1]!.cannotReach.add(pages[2]!);
  pages[2]!.cannotReach.add(pages[1]!);
  const lobbies: TalkLobby[] = [await world.until(hostLobby(pages[0]!.environment, { game, name: "Ada" }))];
  for (const index of [1, 2])
    lobbies.push(await world.until(joinLobby(pages[index]!.environment, lobbies[0]!.code, { game, name: NAMES[index]! })));
  await world.runUntil(() => lobbies.every((lobby) => lobby.peers.every((peer) => peer.status === "open")));
  const heard = listen({ world, pages, lobbies });
  expect(lobbies[1]!.peers.find(({ peerId }) => peerId === lobbies[2]!.me.peerId)?.path).toBe("peer");
  lobbies[1]!.messages.send("emote", { kind: 1, note: "" });
  lobbies[1]!.messages.send("cursor", { at: [1, 2] });
  lobbies[1]!.chat.send("over Ada");
  await world.run(500);
  expect(heard[2]!.toSorted()).toEqual(["Bob at 1,2", "Bob says over Ada", "Bob: 1 "]);
});
