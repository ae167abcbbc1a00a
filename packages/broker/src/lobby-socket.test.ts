import { LOBBY_PROTOCOL_VERSION } from "@rollcall/netcode/lobby-protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listing } from "../test/lobby-directory-contract.ts";
import { TestLobby } from "../test/lobby-fixture.ts";
import { PageKey } from "../test/page-key.ts";
import { AddressLimits } from "./address-limits.ts";
import { Counters } from "./counters.ts";
import type { GuardedSocket } from "./guarded-socket.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { ListViews } from "./list-views.ts";
import { gameKeyOf, type LobbyDirectory } from "./lobby-directory.ts";
import type { LobbyRefusal } from "./lobby-draft.ts";
import type { LobbyService } from "./lobby-service.ts";
import { LobbySocket, type LobbySocketOptions } from "./lobby-socket.ts";
import type { Visitor } from "./lobby-visitor.ts";
import { MemoryLobbyDirectory } from "./memory-lobby-directory.ts";
import { QuickMatch } from "./quick-match.ts";
import { StoreUnavailable } from "./shared-state.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const GAME = { id: "tag", version: 1, contentHash: "0123abcd" };

/** A join, as it comes. */
function joinText(request: number): string {
  const command = { type: "join", protocol: LOBBY_PROTOCOL_VERSION, key: new PageKey().key, code: "KXRTM", game: GAME };
  return JSON.stringify({ request, command: { ...command, profile: { name: "Eve", colour: 0, choices: null } } });
}

/** A socket before this service, which is asked for joins alone, unless `more` has another one. */
function openSocket(
  join: (visitor: Visitor) => Promise<void>,
  { send, ...more }: { readonly send: (text: string) => void } & Partial<LobbySocketOptions>,
): LobbySocket {
  const service = { join } as unknown as LobbyService;
  const directory = new MemoryLobbyDirectory();
  return new LobbySocket({ send, isOpen: true } as unknown as GuardedSocket, {
    service,
    quickMatch: new QuickMatch({ directory, service, lobbyOfKey: () => undefined }),
    listViews: new ListViews(directory, () => undefined),
    addresses: new AddressLimits(BROKER_LIMITS),
    limits: BROKER_LIMITS,
    counters: new Counters(),
    requests: new Counters(),
    uniformErrors: false,
    frames: undefined,
    nowMs: () => Date.now(),
    address: "192.0.2.1",
    handleFailure: () => undefined,
    ...more,
  });
}

/** What is answered to a join that takes `tookMs` to be refused, and after how many ms. */
async function answerTo(refusal: LobbyRefusal, tookMs: number, uniformErrors: boolean): Promise<readonly [number, string]> {
  const answers: (readonly [number, string])[] = [];
  const askedMs = Date.now();
  const socket = openSocket(
    async ({ handleOutcome }) => {
      await new Promise((resolve) => setTimeout(resolve, tookMs));
      handleOutcome({ ok: false, refusal });
    },
    { send: (text) => answers.push([Date.now() - askedMs, text]), uniformErrors },
  );
  const handled = socket.handleText(joinText(1));
  await vi.advanceTimersByTimeAsync(1_000);
  await handled;
  expect(answers).toHaveLength(1);
  return answers[0] ?? [0, ""];
}

test("[AB18] a code that is wrong and one that lets nobody in are answered with the same bytes at the same time, however long they were looked up", async () => {
  const wrong = await answerTo({ code: "LOBBY_NOT_FOUND" }, 0, true);
  expect(wrong[0]).toBe(25);
  const game = { id: "tag", version: 2, contentHash: "0123abcd" };
  for (const tookMs of [1, 3, 12, 24]) {
    for (const refusal of [
      { code: "LOBBY_NOT_FOUND" },
      { code: "LOBBY_FULL" },
      { code: "LOBBY_LOCKED" },
      { code: "PASSWORD_REQUIRED" },
      { code: "WRONG_PASSWORD" },
      { code: "VERSION_MISMATCH", expected: game },
    ] as const) {
      expect(await answerTo(refusal, tookMs, true)).toEqual(wrong);
    }
  }
  // Slower than that, it still tells no more than in which step.
  expect((await answerTo({ code: "LOBBY_NOT_FOUND" }, 26, true))[0]).toBe(50);
  expect((await answerTo({ code: "LOBBY_FULL" }, 49, true))[0]).toBe(50);
  expect(await answerTo({ code: "LOBBY_FULL" }, 3, false)).not.toEqual(wrong);
});

test("[CL94] joins that the store did not answer, or too late, are no wrong codes, and are answered once", async () => {
  const answers: string[] = [];
  let isAway = true;
  const socket = openSocket(
    async ({ handleOutcome, isWaiting = () => true }) => {
      if (isAway) throw new StoreUnavailable("away");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(isWaiting()).toBe(false);
      handleOutcome({ ok: false, refusal: { code: "LOBBY_NOT_FOUND" } });
    },
    { send: (text) => answers.push(text), answerMsMax: 950 },
  );
  for (let request = 1; request <= 4 * BROKER_LIMITS.wrongCodesPerMinute; request++) {
    isAway = request % 2 === 0;
    const handled = socket.handleText(joinText(request));
    await vi.advanceTimersByTimeAsync(1_100);
    await handled;
  }
  expect(answers.map((text) => /"code":"(\w+)"/.exec(text)?.[1])).toEqual(Array(4 * BROKER_LIMITS.wrongCodesPerMinute).fill("RETRY"));
});

/** A resume, as it comes. */
function resumeText(request: number): string {
  const command = {
    type: "resume",
    protocol: LOBBY_PROTOCOL_VERSION,
    code: "KXRTM",
    secret: "of-nobody-in-here-0123456789",
    freshPage: false,
    lastEvent: 0,
  };
  return JSON.stringify({ request, command });
}

test("[AB115] an address enters and comes back as often in a minute as it may open sockets, whatever comes of it; guesses that nobody hears take nothing of it", async () => {
  const answers: string[] = [];
  let asked = 0;
  const refuse = async ({ handleOutcome }: Visitor): Promise<void> => {
    asked++;
    handleOutcome({ ok: false, refusal: { code: "LOBBY_FULL" } });
  };
  const addresses = new AddressLimits({ ...BROKER_LIMITS, wrongCodesPerMinute: 100 });
  const service = { join: refuse, resume: refuse } as unknown as LobbyService;
  const open = (address: string): LobbySocket =>
    openSocket(refuse, { send: (text) => answers.push(text), addresses, service, address, nowMs: () => 0 });
  const say = async (socket: LobbySocket, text: string): Promise<string> => {
    const handled = socket.handleText(text);
    await vi.advanceTimersByTimeAsync(25);
    await handled;
    return answers.at(-1) ?? "";
  };
  const sockets = [open("192.0.2.1"), open("192.0.2.1")];
  for (let request = 1; request <= BROKER_LIMITS.opensPerMinute / 2; request++) {
    expect(await say(sockets[0]!, joinText(request))).toContain("LOBBY_FULL");
    expect(await say(sockets[1]!, resumeText(request))).toContain("LOBBY_FULL");
  }
  for (const text of [joinText(100), resumeText(100)]) {
    expect(await say(sockets[0]!, text)).toMatch(/"code":"RATE_LIMITED".*"retryAfterMs":1000\}/);
  }
  expect(asked).toBe(BROKER_LIMITS.opensPerMinute);
  expect(await say(open("192.0.2.2"), joinText(1))).toContain("LOBBY_FULL");
  // Of wrong codes it has as many as before.
  for (let guess = 0; guess < 100; guess++) expect(addresses.take(0, "192.0.2.1", "wrongCodes")).toBe(true);
  // Above its guesses, it is not one more.
  const guesser = open("192.0.2.3");
  for (let guess = 0; guess < 100; guess++) addresses.take(0, "192.0.2.3", "wrongCodes");
  for (let request = 1; request <= 100; request++) expect(await say(guesser, joinText(request))).toContain("RATE_LIMITED");
  expect(await say(guesser, resumeText(101))).toContain("RATE_LIMITED");
  expect(asked).toBe(BROKER_LIMITS.opensPerMinute + 2);
});

test("[AB115] [CL94] what the store did not answer, or too late, takes nothing of it", async () => {
  const answers: string[] = [];
  let isAway = true;
  const socket = openSocket(
    async ({ handleOutcome }) => {
      if (isAway) throw new StoreUnavailable("away");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      handleOutcome({ ok: false, refusal: { code: "LOBBY_FULL" } });
    },
    { send: (text) => answers.push(text), answerMsMax: 950, nowMs: () => 0 },
  );
  for (let request = 1; request <= 3 * BROKER_LIMITS.opensPerMinute; request++) {
    isAway = request % 2 === 0;
    const handled = socket.handleText(joinText(request));
    await vi.advanceTimersByTimeAsync(1_100);
    await handled;
  }
  expect(answers.filter((text) => !text.includes("RETRY"))).toEqual([]);
});

test("[CL94] a challenge and a list that come too late are not told any more: whoever asked was told to come again", async () => {
  const answers: string[] = [];
  const late = async <Value>(value: Value): Promise<Value> => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return value;
  };
  const service = { passwords: { challenge: () => late({ salt: "", nonce: "" }) } } as unknown as LobbyService;
  const directory = { set: () => Promise.resolve(), list: () => late([]), watch: () => () => undefined };
  const listViews = new ListViews(directory, () => undefined);
  const socket = openSocket(() => Promise.resolve(), { send: (text) => answers.push(text), service, listViews, answerMsMax: 950 });
  for (const [index, asked] of [
    { type: "challenge", code: "KXRTM", key: new PageKey().key },
    { type: "list", game: GAME, filter: {} },
  ].entries()) {
    const handled = socket.handleText(JSON.stringify({ request: index + 1, command: { ...asked, protocol: LOBBY_PROTOCOL_VERSION } }));
    await vi.advanceTimersByTimeAsync(1_100);
    await handled;
  }
  expect(answers.map((text) => /"code":"(\w+)"/.exec(text)?.[1])).toEqual(["RETRY", "RETRY"]);
});

test("[LS15] who enters a lobby, or hangs up, hears no more of the list, and nobody watches it for them", async () => {
  const memory = new MemoryLobbyDirectory();
  let watching = 0;
  const directory: LobbyDirectory = {
    set: (entry) => memory.set(entry),
    list: (game) => memory.list(game),
    watch: (game, handleChange) => {
      watching++;
      const stop = memory.watch(game, handleChange);
      return () => {
        watching--;
        stop();
      };
    },
  };
  const listViews = new ListViews(directory, () => undefined);
  const shown = listing("BBBBB");
  const change = async (members: number): Promise<void> => {
    const age = { openedAtMs: 0, revision: members };
    await directory.set({ game: gameKeyOf(GAME), code: shown.code, age, listing: { ...shown, members } });
    await vi.advanceTimersByTimeAsync(2_000);
  };
  const enter = async ({ handleOutcome }: Visitor): Promise<void> => {
    const { lobby } = new TestLobby().record;
    const membership = { code: lobby.code, peerId: lobby.hostId, connection: 1 };
    const admission = { lobby, peerId: lobby.hostId, resumeSecret: "secret", signalingToken: "token", iceServers: [] };
    handleOutcome({ ok: true, membership, admission, missed: [] });
  };
  const service = { join: enter, disconnected: () => undefined } as unknown as LobbyService;
  for (const leave of [(socket: LobbySocket) => socket.handleText(joinText(2)), (socket: LobbySocket) => socket.handleClosed()]) {
    const updates: string[] = [];
    const socket = openSocket(enter, { send: (text) => void (text.startsWith('{"list"') && updates.push(text)), listViews, service });
    const asked = { type: "list", protocol: LOBBY_PROTOCOL_VERSION, game: GAME, filter: {} };
    await socket.handleText(JSON.stringify({ request: 1, command: asked }));
    await change(1);
    await change(2);
    expect([updates.length > 0, watching]).toEqual([true, 1]);
    updates.length = 0;
    await leave(socket);
    await change(3);
    expect([updates, watching]).toEqual([[], 0]);
  }
});
