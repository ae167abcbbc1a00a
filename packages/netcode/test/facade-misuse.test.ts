import { describe, expect, expectTypeOf, test } from "vitest";
import {
  button,
  defineGame,
  hostLobby as hostHere,
  startLocalMatch as startHere,
  type Game,
  type GameOptions,
  type LobbyOf,
  type MatchOf,
  type InputField,
  type Json,
  type RunOptions,
} from "../src/index.ts";
import { hostLobby, joinLobby, quickMatch, resumeLobby, watchLobbies } from "../src/facade/enter-lobby.ts";
import { RtcTransport } from "../src/adapters/rtc-transport.ts";
import { startLocalMatch } from "../src/facade/local-match.ts";
import { connectPeers } from "../src/facade/peer-group.ts";
import type { PeerGroupOptions } from "../src/facade/peer-group-types.ts";
import type { LocalMatchOptions } from "../src/facade/player-options.ts";
import type { LobbyOptions } from "../src/facade/lobby-types.ts";
import type { Match } from "../src/facade/match-types.ts";
import { errorOf, openRoom, options, play, startAll } from "./facade-room.ts";
import { FacadeWorld, type TestPage } from "./facade-world.ts";
import { tagGame } from "./tag-game.ts";

/** What a program without types passes. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the compiler infers what it is passed as
function untyped<Value>(value: unknown): Value {
  return value as Value;
}

type Press = { readonly press: InputField };
type Run = RunOptions<unknown, Press>;

const PLAYERS = [{ profile: { name: "Ada" } }];
const idle: Run = { input: () => untyped({ press: false }) };

interface LocalMatch {
  readonly world: FacadeWorld;
  readonly match: Match<unknown, Press>;
}

function pressGame(part: Record<string, unknown> = {}): Game<unknown, Press> {
  const game: GameOptions<unknown, Press> = {
    id: "press",
    version: 1,
    frameRateHz: 60,
    players: [1, 2],
    input: { press: button() },
    init: () => ({ frames: 0 }),
    step: (state) => void untyped<{ frames: number }>(state).frames++,
  };
  return defineGame({ ...game, ...part });
}

function local(part: Record<string, unknown>, run: Run = idle): LocalMatch {
  const world = new FacadeWorld();
  const match = startLocalMatch(world.page().environment, { game: pressGame(part), players: PLAYERS, seed: 1 });
  match.run(run);
  return { world, match };
}

async function reportedOf(part: Record<string, unknown>, run?: Run): Promise<string[]> {
  const { world, match } = local(part, run);
  await world.run(300);
  match.stop();
  return world.reported.map(String);
}

describe("what programs without types do", () => {
  test("[FA25] no options, a game that was not defined, and values of another type are told at once", async () => {
    const world = new FacadeWorld();
    const { environment } = world.page();
    const ada = options("Ada");
    const nothing = untyped<LobbyOptions<never, never>>(undefined);
    const wrong: Promise<unknown>[] = [
      hostLobby(environment, nothing),
      joinLobby(environment, "BCDFG", nothing),
      quickMatch(environment, nothing),
      resumeLobby(environment, nothing),
      watchLobbies(environment, nothing),
      joinLobby(environment, "BCDFG", { ...ada, as: untyped("watcher") }),
      ...[
        { listed: "yes" },
        { relayOnly: 1 },
        { inviteOnly: "yes" },
        { password: 5 },
        { signal: "now" },
        { log: true },
        { guests: "Bob" },
        { guests: [null] },
        { iceServers: "stun:a.example" },
        { iceServers: [null] },
        { iceServers: [{ url: "stun:a.example" }] },
        { iceServers: [{ urls: [] }] },
        { iceServers: [{ urls: ["stun:a.example", "https://a.example"] }] },
        { iceServers: [{ urls: "stun:" }] },
        { iceServers: [{ urls: "turn:a.example", username: "u" }] },
      ].map((option) => hostLobby(environment, { ...ada, ...untyped<object>(option) })),
    ];
    for (const error of await Promise.all(wrong.map(errorOf))) expect(error.code).toBe("BAD_ARGUMENT");
    expect([world.tickers.size, world.broker.sockets]).toEqual([0, []]);
    const turn = { urls: ["turn:a.example?transport=tcp", "stun:[::1]:3478"], username: "u", credential: "c" };
    await world.until(hostLobby(environment, { ...ada, iceServers: [turn, { urls: "stuns:a.example" }] }));
  });

  test("[FA25] so are those of a local match, and of `run`", () => {
    const { environment } = new FacadeWorld().page();
    const game = pressGame();
    const cycle: Record<string, unknown> = {};
    cycle["first"] = cycle["second"] = cycle;
    const wrong: unknown[] = [
      undefined,
      { players: PLAYERS },
      { game: { ...game, contentHash: undefined }, players: PLAYERS },
      { game },
      { game, players: [{ name: "Ada" }] },
      { game, players: PLAYERS, seed: Number.NaN },
      { game, players: PLAYERS, settings: cycle },
    ];
    for (const option of wrong)
      expect(() => startLocalMatch(environment, untyped<LocalMatchOptions<unknown, Press>>(option))).toThrow(
        expect.objectContaining({ code: "BAD_ARGUMENT" }),
      );
    const { match } = local({});
    for (const run of [undefined, {}, { input: 5 }, { ...idle, render: "draw" }, { ...idle, frame: {} }])
      expect(() => match.run(untyped(run))).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
    expect(() => match.on("ended", untyped(undefined))).toThrow("a listener as a function");
    match.stop();
  });

  test("[FA25] an event that there is not is told with those that there are: nobody would ever hear it", async () => {
    const { host, world } = await openRoom(1);
    const match = await world.until(host.start());
    const ignore = (): void => {};
    expect(() => match.on(untyped<"ended">("end"), ignore)).toThrow(/^Expected an event as one of .*, ended, .*, got end\.$/);
    expect(() => host.on(untyped<"change">("matchStart"), ignore)).toThrow(/^Expected an event as one of .*, match, .*, got matchStart\.$/);
    for (const on of [
      () => host.chat.on(untyped<"message">("messages"), ignore),
      () => host.messages.on(untyped<never>("toString"), ignore),
      () => match.on(untyped<"ended">("toString"), ignore),
    ])
      expect(on).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });

  test("[FA25] so are those of a lobby's commands, and nothing is sent", async () => {
    const { host } = await openRoom(0);
    const member = host.me;
    const wrong = [
      host.setReady(untyped("yes")),
      host.setLocked(untyped(1)),
      host.setListed(untyped(undefined)),
      host.setRole(untyped("referee")),
      host.kick(untyped(undefined)),
      host.ban(untyped(member)),
      host.transferHost(untyped(member)),
      host.setPassword(untyped(null)),
      host.unban(untyped(undefined)),
      host.send("all", untyped("a text")),
      host.start(untyped(null)),
    ];
    for (const error of await Promise.all(wrong.map(errorOf))) expect(error.code).toBe("BAD_ARGUMENT");
    for (const call of [() => host.chat.send(untyped(5)), () => host.mute(untyped({})), () => host.on("match", untyped(null))])
      expect(call).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
    expect(host.me.profile.name).toBe("Ada");
  });

  test("[FA103] what JSON would make something else of is refused with its path; a property that is undefined is left out", async () => {
    const { host, world } = await openRoom(0);
    const shared = { walls: [1, -0] };
    const losses: readonly (readonly [value: unknown, message: string])[] = [
      [Number.NaN, "settings is NaN"],
      [{ speed: [1, Infinity] }, "settings.speed[1] is Infinity"],
      [{ maps: new Map([[1, 2]]) }, "settings.maps is an instance of Map"],
      [{ at: new Date(0) }, "settings.at is an instance of Date"],
      [[undefined], "settings[0] is undefined"],
      [{ rule: () => 1 }, "settings.rule is function"],
      [{ big: 1n }, "settings as plain JSON data"],
    ];
    for (const [value, message] of losses) expect((await errorOf(host.setSettings(untyped<Json>(value)))).message).toContain(message);
    await world.until(host.setSettings(untyped({ first: shared, second: shared, third: undefined })));
    expect(host.state.settings).toEqual({ first: { walls: [1, 0] }, second: { walls: [1, 0] } });
  });
});

describe("callbacks", () => {
  const fail = (): void => untyped(Promise.reject(new Error("later")));

  test("[FA102] an `async` listener that fails is reported, of a lobby, a match and the game's own events", async () => {
    const room = await openRoom(1);
    room.host.on("match", fail);
    await startAll(room);
    expect(room.world.reported).toEqual([new Error("later")]);
    const { world, match } = local(
      {
        result: ({ frames }: { frames: number }) => (frames > 2 ? "over" : undefined),
        step: (state: { frames: number }, _inputs: unknown, { emit }: { emit: (name: string) => void }) => {
          if (state.frames++ === 0) emit("beep");
        },
      },
      { ...idle, on: { beep: fail } },
    );
    match.on("ended", fail);
    await world.run(100);
    expect(world.reported).toEqual([new Error("later"), new Error("later")]);
  });

  test("[FA102] an `async` callback of `run` that fails each time is reported once in a row", async () => {
    expect(await reportedOf({}, { ...idle, frame: fail })).toEqual(["Error: later"]);
  });

  test("[FA102] an `async` input presses nothing, and is told", async () => {
    expect(await reportedOf({}, { input: untyped(fail) })).toEqual(["NetcodeError: Expected what is pressed at once, and got a promise."]);
  });

  test("[FA102] a game's event may have the name of what every object has", async () => {
    const step = (_state: unknown, _inputs: unknown, { emit }: { emit: (name: string) => void }): void => {
      emit("toString");
      emit("constructor");
    };
    expect(await reportedOf({ step }, { ...idle, on: {} })).toEqual([]);
  });

  test.each(["input", "frame", "ended", "dash"] as const)("[FA104] a game may leave the lobby in `%s`", async (callback) => {
    const room = await openRoom(1, { settings: { length: 60 } });
    const [ours, theirs] = await startAll(room);
    if (ours === undefined || theirs === undefined) throw new Error("no match");
    play([theirs]);
    const left: Promise<void>[] = [];
    const input = { dx: 0, dash: true };
    const leave = (): typeof input => {
      left.push(room.host.leave());
      return input;
    };
    ours.run({
      input: () => input,
      ...(callback === "input" || callback === "frame" ? { [callback]: leave } : {}),
      on: { dash: () => callback === "dash" && leave() },
    });
    if (callback === "ended") ours.on("ended", leave);
    await room.world.until(theirs.ended);
    await room.world.until(Promise.all(left));
    expect(left.length).toBeGreaterThan(0);
    expect(room.world.reported).toEqual([]);
  });

  test("[FA104] the host may start the next match in `ended`", async () => {
    const room = await openRoom(1, { settings: { length: 30 } });
    const numbers: number[] = [];
    room.host.on("match", (match) => {
      match.on("ended", () => {
        if (numbers.push(match.matchNumber) < 3) void room.host.start();
      });
    });
    void room.host.start();
    await room.world.runUntil(() => numbers.length === 3);
    expect(numbers).toEqual([1, 2, 3]);
    expect(room.world.reported).toEqual([]);
  });
});

describe("the state", () => {
  class Ball {
    x = 0;
  }
  test.each([
    ["init", "state.balls is an instance of Map", { init: () => ({ balls: new Map() }) }],
    ["init", "state.balls[0] is an instance of Ball", { init: () => ({ balls: [new Ball()] }) }],
    ["init", "state.cells is an instance of Int32Array", { init: () => ({ cells: new Int32Array(4) }) }],
    ["init", "state.score is bigint", { init: () => ({ score: 1n }) }],
    ["init", "state.winner is undefined", { init: () => ({ winner: undefined }) }],
    ["init", "state is an instance of Promise", { init: async () => ({ frames: 0 }) }],
  ])("[FA105] what %s gives and no save brings back is told when the match starts: %s", (_part, message, part) => {
    expect(() => local(part)).toThrow(message);
  });

  test("[FA105] what the first step gives is told then, and closes the match", async () => {
    const toPromise = await reportedOf({ step: async () => {} });
    expect(toPromise).toEqual(["NetcodeError: Expected a state that can be saved from step; state is an instance of Promise."]);
    const toNumber = await reportedOf({ step: (state: { frames: number }) => state.frames++ });
    expect(toNumber).toEqual(["NetcodeError: Expected step to return a new state, or nothing, got 0."]);
  });

  test("[FA105] what a later step gives is told once, and the match goes on", async () => {
    let steps = 0;
    const late = local({
      step: (state: Record<string, unknown>) => {
        if (++steps > 80) state["winner"] = undefined;
      },
    });
    await late.world.run(6_000);
    expect([late.match.phase, steps > 256]).toEqual(["running", true]);
    expect(late.world.reported.map(String)).toEqual([
      "NetcodeError: Expected a state that can be saved from step; state.winner is undefined.",
    ]);
    late.match.stop();
  });

  test("[FA105] −0 comes back as 0, and is let pass", async () => {
    expect(await reportedOf({ init: () => ({ frames: -0 }) })).toEqual([]);
  });

  test("[FA106] what an event carries is a copy: it stays as it was, and whoever hears it can change nothing", async () => {
    const heard: { frames: number }[] = [];
    const { world, match } = local(
      {
        step: (state: { frames: number }, _inputs: unknown, { emit }: { emit: (name: string, payload: unknown) => void }) => {
          state.frames++;
          emit("beep", state);
        },
      },
      {
        ...idle,
        on: {
          beep: (payload: { frames: number }) => {
            heard.push({ ...payload });
            payload.frames = 1_000;
          },
        },
      },
    );
    await world.run(100);
    expect(heard.slice(0, 3)).toEqual([{ frames: 1 }, { frames: 2 }, { frames: 3 }]);
    expect(match.view().state).toEqual({ frames: match.view().frame });
    match.stop();
  });
});

describe("the end of a match", () => {
  interface Score {
    frames: number;
    readonly winner: number | null;
  }
  const score = { init: (): Score => ({ frames: 0, winner: null }), step: (state: Score) => void state.frames++ };

  test.each([
    ["false", ({ frames }: Score) => frames > 100 && { frames }],
    ["null", ({ winner }: Score) => winner],
    ["object", async () => undefined],
    ["number", ({ frames }: Score) => frames],
  ])("[FA109] a result of %s while the match goes on is told at once, and closes the match", async (given, result) => {
    const { world, match } = local({ ...score, result });
    await world.run(100);
    expect(world.reported.map(String)).toEqual([
      `NetcodeError: Expected result to give undefined while the match goes on, got ${given} after the first step.`,
    ]);
    expect(match.phase).toBe("closed");
  });

  test.each([false, null, 0, ""])("[FA109] a match that was played may end with %j", async (outcome) => {
    const { world, match } = local({ ...score, result: ({ frames }: Score) => (frames > 5 ? outcome : undefined) });
    expect(await world.until(match.ended)).toBe(outcome);
    expect(world.reported).toEqual([]);
  });

  test("[FA113] a result that is a function closes the match and is told, in the first frame and later", async () => {
    for (const frame of [0, 100]) {
      const { world, match } = local({ ...score, result: ({ frames }: Score) => (frames > frame ? () => frames : undefined) });
      await world.run(3_000);
      expect([match.phase, world.reported.map(String)]).toEqual([
        "closed",
        ["AssertionError: expected: result to give plain data, got a function"],
      ]);
      await expect(match.ended).rejects.toMatchObject({ code: "CLOSED", cause: world.reported[0] });
    }
  });

  test("[FA113] what a match ends with has the type of the game's `result`", () => {
    interface Outcome {
      readonly winner: string;
    }
    const game = defineGame({
      id: "typed",
      version: 1,
      frameRateHz: 60,
      players: [1, 2],
      input: { press: button() },
      init: () => ({ frames: 0 }),
      step: (state) => void state.frames++,
      result: ({ frames }): Outcome | undefined => (frames > 5 ? { winner: "Ada" } : undefined),
    });
    const match = startLocalMatch(new FacadeWorld().page().environment, { game, players: PLAYERS });
    expectTypeOf(match.ended).resolves.toEqualTypeOf<Outcome>();
    expectTypeOf<MatchOf<typeof game>["ended"]>().resolves.toEqualTypeOf<Outcome>();
    expectTypeOf<NonNullable<LobbyOf<typeof game>["match"]>["ended"]>().resolves.toEqualTypeOf<Outcome>();
    const entered = (page: TestPage) => joinLobby(page.environment, "BCDFG", { game, name: "Ada" });
    expectTypeOf(entered).returns.resolves.toEqualTypeOf<LobbyOf<typeof game>>();
    match.on("ended", ({ result }) => expectTypeOf(result).toEqualTypeOf<Outcome>());
    match.stop();
  });

  test("[FA110] `ended` names what the game's own code threw, and why the lobby was closed", async () => {
    const broken = local({
      step: () => {
        throw new Error("no such card");
      },
    });
    await broken.world.run(100);
    await expect(broken.match.ended).rejects.toMatchObject({ code: "CLOSED", cause: new Error("no such card") });
    const room = await openRoom(1);
    const [host, guest] = await startAll(room);
    await room.world.until(room.host.kick(room.lobbies[1]!.me.peerId));
    await room.world.runUntil(() => guest?.phase === "closed");
    await expect(guest?.ended).rejects.toMatchObject({ code: "CLOSED", cause: { code: "KICKED" } });
    await room.world.until(room.host.leave());
    await expect(host?.ended).rejects.toMatchObject({ code: "CLOSED", cause: undefined });
  });

  test("[FA111] of a lobby that was left no match can be watched, and no seats can be asked for by what is no list", async () => {
    const room = await openRoom(2, { capacity: 8 });
    await startAll(room);
    const [, bob] = room.lobbies;
    if (bob?.match === undefined) throw new Error("no match");
    bob.match.stop();
    const watched = bob.watch();
    for (const seats of [undefined, 1, "1"])
      expect(() => watched.takeSeats(untyped(seats))).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
    const left = bob.leave();
    expect(() => bob.watch()).toThrow(expect.objectContaining({ code: "CLOSED" }));
    await room.world.until(left);
    expect([bob.match, room.world.reported]).toEqual([undefined, []]);
  });
});

test("[FA107] without a page a local match is played, and who enters a lobby is told where to import from", async () => {
  const game = pressGame();
  const match = startHere({ game, players: PLAYERS });
  const { code, remedy } = await errorOf(hostHere({ game, name: "Ada", broker: "http://127.0.0.1:9" }));
  expect([code, remedy.includes("@rollcall/netcode/node")]).toEqual(["BAD_ARGUMENT", true]);
  expect(match.phase).toBe("running");
  match.stop();
});

test("[BY11] a transport that is none, a game that was not defined and no connection are told by name", async () => {
  const { environment } = new FacadeWorld().page();
  const transport = new RtcTransport({ peerId: "ada" });
  const wrong = [undefined, {}, { game: pressGame(), peers: ["ben"], transport: null }, { game: {}, peers: ["ben"], transport }];
  const connect = (option: unknown): Promise<unknown> => connectPeers(environment, untyped<PeerGroupOptions<unknown, Press>>(option));
  for (const error of await Promise.all(wrong.map((option) => errorOf(connect(option))))) expect(error.code).toBe("BAD_ARGUMENT");
  let disposed = 0;
  const given = { dispose: () => disposed++, localPeerId: "ada" };
  for (const option of [{ game: {} }, { game: pressGame(), signal: "now" }, { game: pressGame(), peers: "ada" }])
    expect((await errorOf(connect({ peers: ["ada", "ben"], transport: given, ...option }))).code).toBe("BAD_ARGUMENT");
  expect(disposed).toBe(3);
  const fresh = new RtcTransport({ peerId: "ada" });
  expect(() => fresh.setConnection("ben", untyped(undefined))).toThrow("an RTCPeerConnection");
  expect(() => fresh.setConnection("ben", untyped({}))).toThrow("`unreliable`, `reliable` and `control`");
});

test("[FA101] a page that enters another lobby before it leaves the first comes back to the newer one", async () => {
  const { host, pages, world } = await openRoom(0);
  const [page] = pages;
  if (page === undefined) throw new Error("no page");
  const newer = await world.until(hostLobby(page.environment, { game: tagGame, name: "Ada" }));
  await world.until(host.leave());
  const next = await page.reload();
  const back = await world.until(resumeLobby(next.environment, options("Ada")));
  expect(back?.code).toBe(newer.code);
});
