import {
  applyLobbyChange,
  LOBBY_LIMITS,
  LOBBY_TIMES,
  parseListMessage,
  type LobbyFilter,
  type LobbyList,
  type ListMessage,
} from "@rollcall/netcode/lobby-protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeLobbyDirectory, listing } from "../test/lobby-directory-contract.ts";
import { peer, TAG, TestLobby } from "../test/lobby-fixture.ts";
import { gameKeyOf } from "./lobby-directory.ts";
import { fitsFilter, listingOf } from "./lobby-listing.ts";
import { ListViews, type ListWatcher } from "./list-views.ts";
import { ListingBoard } from "./listing-board.ts";
import { MemoryLobbyDirectory } from "./memory-lobby-directory.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describeLobbyDirectory("MemoryLobbyDirectory", () =>
  Promise.resolve({ directory: new MemoryLobbyDirectory(), close: () => Promise.resolve() }),
);

test("[LS11] a lobby is listed while its host wants it, it is not locked and somebody is there", () => {
  const room = new TestLobby();
  expect(listingOf(room.record)).toBeUndefined();
  expect(room.command("ada", { type: "set-listed", listed: true })).toBe("ok");
  room.join("bob");
  expect(room.command("bob", { type: "set-listed", listed: false })).toBe("NOT_HOST");
  expect(listingOf(room.record)).toEqual(listing("KXRTM", { hostName: "ada", members: 2 }));
  room.command("ada", { type: "set-locked", locked: true });
  expect(listingOf(room.record)).toBeUndefined();
  room.command("ada", { type: "set-locked", locked: false });
  room.command("ada", { type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 });
  room.command("ada", { type: "transfer-host", peerId: peer("bob") });
  expect(listingOf(room.record)).toMatchObject({ hostName: "bob", playing: true });
  for (const name of ["ada", "bob"]) room.disconnect(name);
  expect(listingOf(room.record)).toBeUndefined();
  room.resume("bob");
  room.command("bob", { type: "set-listed", listed: false });
  expect(listingOf(room.record)).toBeUndefined();
});

test("[LS11] a lobby where everybody watches is listed, and read by who asks for the list", () => {
  const room = new TestLobby({ audience: 1 });
  room.command("ada", { type: "set-listed", listed: true });
  room.command("ada", { type: "set-role", role: "spectator" });
  const seen = listingOf(room.record);
  expect(seen).toMatchObject({ hostName: "ada", members: 0 });
  expect(parseListMessage(JSON.stringify({ reply: 1, ok: true, result: { lobbies: [seen], total: 1 } })).ok).toBe(true);
});

test("[LS12] metadata of up to 512 bytes are shown, larger ones are not", () => {
  const room = new TestLobby();
  room.command("ada", { type: "set-listed", listed: true });
  for (const [units, shown] of [
    [LOBBY_LIMITS.listedMetadataBytes - 2, true],
    [LOBBY_LIMITS.listedMetadataBytes - 1, false],
  ] as const) {
    const metadata = "x".repeat(units);
    room.command("ada", { type: "set-metadata", metadata });
    expect(listingOf(room.record)?.metadata).toBe(shown ? metadata : null);
  }
});

test("[LS13] a filter asks for a free seat, for no match, for no password, and for fields of the metadata", () => {
  const forest = listing("BBBBB", { metadata: { map: "forest", rounds: 3, ranked: true, region: null } });
  const fits = (filter: LobbyFilter, more = {}): boolean => fitsFilter({ ...forest, ...more }, filter);
  expect(fits({})).toBe(true);
  expect(fits({ joinable: true }, { members: 3 })).toBe(true);
  expect(fits({ joinable: true }, { members: 4 })).toBe(false);
  expect(fits({ joinable: false }, { members: 4 })).toBe(true);
  expect(fits({ idle: true }, { playing: true })).toBe(false);
  expect(fits({ idle: false }, { playing: true })).toBe(true);
  expect(fits({ open: true }, { password: true })).toBe(false);
  expect(fits({ open: true })).toBe(true);
  expect(fits({ open: false }, { password: true })).toBe(true);
  expect(fits({ metadata: { map: "forest", rounds: 3, ranked: true, region: null } })).toBe(true);
  for (const metadata of [{ map: "ice" }, { rounds: "3" }, { absent: null }, { toString: null }]) expect(fits({ metadata })).toBe(false);
  for (const metadata of [null, "forest", ["forest"]]) expect(fits({ metadata: { 0: "forest" } }, { metadata })).toBe(false);
});

interface Heard {
  readonly watcher: ListWatcher;
  readonly lists: LobbyList[];
  readonly updates: Extract<ListMessage, { list: unknown }>["list"][];
}

function listener(): Heard {
  const updates: Heard["updates"] = [];
  const watcher = {
    sendText: (text: string) => {
      const message = JSON.parse(text) as ListMessage;
      if ("list" in message) updates.push(message.list);
    },
  };
  return { watcher, lists: [], updates };
}

function views(): {
  directory: MemoryLobbyDirectory;
  views: ListViews;
  put: (code: string, more?: object) => void;
  drop: (code: string) => void;
} {
  const directory = new MemoryLobbyDirectory();
  const game = gameKeyOf(TAG);
  const age = { openedAtMs: 0, revision: 1 };
  const set = (code: string, more: object | undefined): void => {
    const shown = listing(code, more);
    void directory.set({ game, code: shown.code, age, listing: more === undefined ? undefined : shown });
  };
  return {
    directory,
    views: new ListViews(directory, (error) => {
      throw error;
    }),
    put: (code, more = {}) => set(code, more),
    drop: (code) => set(code, undefined),
  };
}

const LETTERS = "BCDFGHJKMNPQRSTVWXYZ";
const codeAt = (index: number): string => `BBB${LETTERS[Math.floor(index / 20)] ?? "B"}${LETTERS[index % 20] ?? "B"}`;

test("[LS14] a list has 50 lobbies, those that can be joined first, without a match first, the fullest first; the total says how many there are", async () => {
  const { views: lists, put } = views();
  for (let index = 0; index < 60; index++) put(codeAt(index));
  put("ZZZZZ", { members: 3 });
  put("YYYYY", { members: 3, playing: true });
  put("XXXXX", { members: 4 });
  const ada = listener();
  await lists.watch(ada.watcher, { game: TAG, filter: {} }, (list) => ada.lists.push(list));
  const [list] = ada.lists;
  expect(list?.total).toBe(63);
  expect(list?.lobbies).toHaveLength(50);
  expect(list?.lobbies.slice(0, 3).map(({ code }) => code)).toEqual(["ZZZZZ", codeAt(0), codeAt(1)]);
  await lists.watch(ada.watcher, { game: TAG, filter: { metadata: { absent: 1 } } }, (other) => ada.lists.push(other));
  expect(ada.lists[1]).toEqual({ lobbies: [], total: 0 });
  await lists.watch(ada.watcher, { game: { ...TAG, version: 2 }, filter: {} }, (other) => ada.lists.push(other));
  expect(ada.lists[2]).toEqual({ lobbies: [], total: 0 });
  lists.close();
});

test("[LS15] who has a list hears what changed in it, at most once a second and of 16 lobbies at a time, and nothing when nothing did", async () => {
  const { views: lists, put, drop } = views();
  const [ada, bob] = [listener(), listener()];
  put("BBBBB");
  for (const heard of [ada, bob])
    await lists.watch(heard.watcher, { game: TAG, filter: { joinable: true } }, (list) => heard.lists.push(list));
  put("CCCCC");
  put("BBBBB", { members: 2 });
  put("CCCCC", { members: 3 });
  await vi.advanceTimersByTimeAsync(LOBBY_TIMES.listUpdateMs - 1);
  expect(ada.updates).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(ada.updates).toEqual([{ put: [listing("CCCCC", { members: 3 }), listing("BBBBB", { members: 2 })], gone: [], total: 2 }]);
  expect(bob.updates).toEqual(ada.updates);
  // Full by now, and another that is gone.
  put("CCCCC", { members: 4 });
  drop("BBBBB");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ada.updates[1]).toMatchObject({ put: [], total: 0 });
  expect(ada.updates[1]?.gone.toSorted()).toEqual(["BBBBB", "CCCCC"]);
  put("CCCCC", { members: 4 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ada.updates).toHaveLength(2);
  for (let index = 0; index < 40; index++) put(codeAt(index));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(ada.updates.slice(2).map((update) => update.put.length)).toEqual([16, 16, 8]);
  lists.forget(ada.watcher);
  drop(codeAt(0));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ada.updates.length, bob.updates.length]).toEqual([5, 6]);
  lists.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("[LS15] what a watcher builds from the updates is what the directory has", async () => {
  const { directory, views: lists, put, drop } = views();
  const ada = listener();
  await lists.watch(ada.watcher, { game: TAG, filter: {} }, (list) => ada.lists.push(list));
  const held = new Map<string, unknown>();
  let read = 0;
  for (let step = 0; step < 300; step++) {
    const code = codeAt(Math.imul(step, 7) % 43);
    if (step % 3 === 0) drop(code);
    else put(code, { members: 1 + (step % 4) });
    if (step % 10 === 0) await vi.advanceTimersByTimeAsync(700);
  }
  await vi.advanceTimersByTimeAsync(10_000);
  for (; read < ada.updates.length; read++) {
    const update = ada.updates[read];
    for (const code of update?.gone ?? []) held.delete(code);
    for (const lobby of update?.put ?? []) held.set(lobby.code, lobby);
  }
  const listings = await directory.list(gameKeyOf(TAG));
  expect(listings.length).toBeGreaterThan(5);
  expect(held.size).toBe(Math.min(50, listings.length));
  for (const lobby of listings) expect(held.get(lobby.code)).toEqual(lobby);
  lists.close();
});

test("[LS16] a list that cannot be read is refused, one that fails later is read again", async () => {
  const { directory, put } = views();
  let down = true;
  const failures: unknown[] = [];
  const flaky = {
    set: directory.set.bind(directory),
    watch: directory.watch.bind(directory),
    list: (game: string) => (down ? Promise.reject(new Error("down")) : directory.list(game)),
  };
  const lists = new ListViews(flaky, (error) => failures.push(error));
  const ada = listener();
  const watch = (): Promise<void> => lists.watch(ada.watcher, { game: TAG, filter: {} }, (list) => ada.lists.push(list));
  await expect(watch()).rejects.toThrow("down");
  down = false;
  await watch();
  down = true;
  put("BBBBB");
  await vi.advanceTimersByTimeAsync(2_000);
  expect([failures.length, ada.updates.length]).toEqual([2, 0]);
  down = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ada.updates).toHaveLength(1);
  lists.close();
});

test("[LS16] the list is told of a lobby when something changes that it shows, again after a failure, and of its end", async () => {
  const entries: unknown[] = [];
  let down = false;
  const failures: unknown[] = [];
  const memory = new MemoryLobbyDirectory();
  const board = new ListingBoard(
    {
      list: memory.list.bind(memory),
      watch: memory.watch.bind(memory),
      set: (entry) => {
        entries.push(entry.listing?.members);
        return down ? Promise.reject(new Error("down")) : memory.set(entry);
      },
    },
    (error) => failures.push(error),
  );
  const room = new TestLobby();
  const write = async (act: () => unknown): Promise<void> => {
    act();
    board.handleWritten(room.record);
    await vi.advanceTimersByTimeAsync(0);
  };
  await write(() => undefined);
  await write(() => room.command("ada", { type: "set-listed", listed: true }));
  await write(() => room.command("ada", { type: "set-ready", ready: true }));
  await write(() => room.join("bob"));
  down = true;
  await write(() => room.join("cyd"));
  down = false;
  await write(() => room.command("ada", { type: "set-ready", ready: false }));
  expect([entries, failures.length]).toEqual([[1, 2, 3, 3], 1]);
  await write(() => ["ada", "bob", "cyd"].map((name) => room.command(name, { type: "leave" })));
  expect(entries.at(-1)).toBeUndefined();
  expect(await memory.list(gameKeyOf(TAG))).toEqual([]);
});

test("[LS11] members hear that their lobby is listed", () => {
  const room = new TestLobby();
  const before = room.record.lobby;
  room.command("ada", { type: "set-listed", listed: true });
  const [{ event, change } = { event: 0, change: { type: "locked-changed" as const, locked: false } }] = room.changes.slice(-1);
  expect(applyLobbyChange(before, event, change)?.door).toEqual({ listed: true, password: false, audience: 0, reserved: 0 });
});
