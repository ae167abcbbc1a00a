import { expect, test } from "vitest";
import { button, defineGame, message, u8, type Game, type MessageTypes, type RunOptions } from "../src/index.ts";
import { hostLobby, joinLobby, quickMatch, resumeLobby, watchLobbies } from "../src/facade/enter-lobby.ts";
import { LOBBY_EVENTS, MATCH_EVENTS } from "../src/facade/event-names.ts";
import type { BanOptions, ReserveOptions } from "../src/facade/host-options.ts";
import type { HostOptions, JoinOptions, LobbyEvents, LobbyOptions, ResumeOptions, StartOptions } from "../src/facade/lobby-types.ts";
import { startLocalMatch } from "../src/facade/local-match.ts";
import type { MatchEvents } from "../src/facade/match-types.ts";
import { connectPeers } from "../src/facade/peer-group.ts";
import type { PeerGroupOptions } from "../src/facade/peer-group-types.ts";
import { signalingOfPeerServer } from "../src/facade/peer-server-signaling.ts";
import type { LocalMatchOptions } from "../src/facade/player-options.ts";
import type { LobbyListOptions, QuickMatchOptions } from "../src/facade/public-lobby-types.ts";
import { errorOf, openRoom, options } from "./facade-room.ts";
import { tagGame, type TagInput, type TagState } from "./tag-game.ts";

type Entering = HostOptions<TagState, TagInput> &
  JoinOptions<TagState, TagInput> &
  ResumeOptions<TagState, TagInput> &
  QuickMatchOptions<TagState, TagInput> &
  LobbyListOptions;
const PRESS = { press: button() };
type Press = typeof PRESS;

/** What a program without types passes. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the compiler infers what it is passed as
function untyped<Value>(value: unknown): Value {
  return value as Value;
}

/** Every one that the types know: the compiler asks for what is missing here. */
const ENTERING: { readonly [Name in keyof Required<Entering>]: Entering[Name] } = {
  game: tagGame,
  name: "Ada",
  colour: 1,
  choices: null,
  guests: [],
  broker: "https://play.test",
  iceServers: [],
  transferLimits: {},
  signal: new AbortController().signal,
  log: () => {},
  takeOver: false,
  as: "queue",
  password: "",
  capacity: 4,
  settings: null,
  metadata: null,
  relayOnly: false,
  listed: false,
  audience: 8,
  inviteOnly: false,
  wanted: {},
  filter: {},
};
const GAME: Required<Game<{ frames: number }, Press, MessageTypes>> = {
  ...defineGame({
    id: "press",
    version: 1,
    frameRateHz: 60,
    players: [1, 2],
    input: PRESS,
    init: () => ({ frames: 0 }),
    step: (state) => void state.frames++,
  }),
  bot: () => ({ press: false }),
  result: () => undefined,
  messages: { hi: message({ kind: u8() }) },
  content: "",
};
const nothing = (): void => {};
const RUN: Required<RunOptions<{ frames: number }, Press>> = {
  input: () => ({ press: false }),
  render: nothing,
  frame: nothing,
  on: {},
  confirmed: {},
  cancelled: {},
  beforeRollback: nothing,
  afterRollback: nothing,
  runAheadFrames: 0,
};
const LOCAL: Required<LocalMatchOptions<{ frames: number }, Press>> = {
  game: GAME,
  players: [{ profile: { name: "Ada", colour: 0, choices: null }, bot: false }],
  seed: 1,
  settings: null,
};
const START: Required<StartOptions> = { playerCount: 3, botProfiles: [{ name: "Robo" }], countdownMs: 1 };
const RESERVE: Required<ReserveOptions> = { seats: 1, forMs: 1_000 };
const BAN: Required<BanOptions> = { banMs: 1_000 };

test("[FA115] each option of the types is one, and all who enter a lobby may be given the same", async () => {
  const room = await openRoom(1);
  const { world, host } = room;
  const entering: object = ENTERING;
  const enter = entering as LobbyOptions<TagState, TagInput>;
  const lobby = await world.until(hostLobby(world.page().environment, enter));
  await world.until(joinLobby(world.page().environment, lobby.code, enter));
  await world.until(quickMatch(world.page().environment, enter));
  expect(await world.until(resumeLobby(world.page().environment, enter))).toBeUndefined();
  // The broker double has no list: it was asked, at least.
  expect((await world.until(errorOf(watchLobbies(world.page().environment, enter)))).code).toBe("NOT_MEMBER");
  await world.until(host.start(START));
  await world.until(host.reserve(RESERVE));
  await world.until(host.setProfile(host.me.profile));
  await world.until(host.ban(room.lobbies[1]!.me.peerId, BAN));
  const match = startLocalMatch(world.page().environment, LOCAL);
  match.run(RUN);
  match.stop();
  expect(defineGame(GAME).contentHash).toBe(defineGame(defineGame(GAME)).contentHash);
});

test("[FA115] an option that there is not is told with those that there are, and one that is undefined is left out", async () => {
  const { world, host } = await openRoom(0);
  const { environment } = world.page();
  const slip: object = { countDownMs: 3 };
  const withSlip = { ...options("Ada"), ...slip };
  const peers = { game: tagGame, peers: ["a", "b"], transport: { dispose: nothing }, ...slip };
  const wrong: readonly Promise<unknown>[] = [
    hostLobby(environment, withSlip),
    joinLobby(environment, "BCDFG", withSlip),
    quickMatch(environment, withSlip),
    watchLobbies(environment, withSlip),
    resumeLobby(environment, withSlip),
    hostLobby(environment, { ...options("Ada"), guests: [{ name: "Bob", ...slip }] }),
    host.start(slip),
    host.start({ botProfiles: [{ name: "Robo", ...slip }] }),
    host.reserve(slip),
    host.ban(host.me.peerId, slip),
    host.setProfile(slip),
    connectPeers(environment, peers as object as PeerGroupOptions<TagState, TagInput>),
  ];
  for (const error of await Promise.all(wrong.map(errorOf)))
    expect([error.code, error.message]).toEqual([
      "BAD_ARGUMENT",
      expect.stringMatching(/^Expected an option as one of .*, got countDownMs\.$/),
    ]);
  const match = startLocalMatch(environment, LOCAL);
  for (const call of [
    () => match.run({ ...RUN, ...slip }),
    () => startLocalMatch(environment, { ...LOCAL, ...slip }),
    () => startLocalMatch(environment, { ...LOCAL, players: [{ profile: { name: "Ada" }, ...slip }] }),
    () => startLocalMatch(environment, { ...LOCAL, players: [{ profile: { name: "Ada", ...slip } }] }),
    () => signalingOfPeerServer({ peerId: "ada", server: "https://peer.test", ...slip }),
  ])
    expect(call).toThrow("countDownMs");
  match.stop();
  expect(() => defineGame({ ...GAME, ...slip })).toThrow(/^expected: an option as one of id version frameRateHz .*, got countDownMs$/);
  const left = { ...options("Ada"), countDownMs: undefined };
  expect((await world.until(hostLobby(environment, left))).me.profile.name).toBe("Ada");
  const unsaid: object = { countDownMs: undefined };
  expect(defineGame({ ...GAME, ...unsaid }).id).toBe("press");
});

test("[FA25] lists that are none are told, of invites, bots and guests", async () => {
  const { host, world } = await openRoom(0);
  const wrong: readonly Promise<unknown>[] = [
    host.unreserve(untyped("x")),
    host.unreserve([untyped(5)]),
    host.start({ botProfiles: untyped("x") }),
    host.start({ botProfiles: untyped({}) }),
    host.reserve(untyped(3)),
    host.ban(host.me.peerId, untyped(3)),
    host.setProfile({ guests: untyped("Bob") }),
  ];
  for (const error of await Promise.all(wrong.map(errorOf))) expect(error.code).toBe("BAD_ARGUMENT");
  await world.until(host.unreserve());
  expect(host.me.profile.name).toBe("Ada");
});

test("[FA25] the events that can be heard are those of the types", () => {
  const lobby: Record<keyof LobbyEvents<unknown, Press>, true> = {
    blob: true,
    "broker-back": true,
    "broker-lost": true,
    change: true,
    closed: true,
    "host-changed": true,
    "idle-warning": true,
    match: true,
    "member-disconnected": true,
    "member-gone": true,
    "member-joined": true,
    "member-left": true,
    "member-returned": true,
    "peer-unreachable": true,
    "role-changed": true,
  };
  const match: Record<keyof MatchEvents, true> = {
    "conflicting-input": true,
    "desync-evidence": true,
    "desync-persists": true,
    desync: true,
    dropped: true,
    ended: true,
    game: true,
    paused: true,
    recovered: true,
    repaired: true,
    resumed: true,
    role: true,
    "seat-to-bot": true,
    "seat-to-player": true,
    suspect: true,
    synchronized: true,
    "waiting-for-quorum": true,
  };
  expect(LOBBY_EVENTS.split(" ")).toEqual(Object.keys(lobby));
  expect(MATCH_EVENTS.split(" ")).toEqual(Object.keys(match));
});
