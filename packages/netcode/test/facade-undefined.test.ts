import { expect, test } from "vitest";
import { defineGame, message, u8 } from "../src/index.ts";
import { hostLobby, joinLobby, resumeLobby } from "../src/facade/enter-lobby.ts";
import { startLocalMatch } from "../src/facade/local-match.ts";
import { openRoom, options } from "./facade-room.ts";
import { tagGame } from "./tag-game.ts";

/** Compiled with `exactOptionalPropertyTypes`, by which strangers' programs may be compiled, too. */
test("[FA116] what may be left out may be undefined, and means the same", async () => {
  const { world, host, lobbies } = await openRoom(1);
  const unsaid = { colour: undefined, choices: undefined, guests: undefined, broker: undefined, iceServers: undefined, signal: undefined };
  const more = { ...options("Zed"), ...unsaid, log: undefined, transferLimits: undefined, password: undefined };
  const room = { capacity: undefined, settings: undefined, metadata: undefined, relayOnly: undefined, listed: undefined };
  const lobby = await world.until(hostLobby(world.page().environment, { ...more, ...room, audience: undefined, inviteOnly: undefined }));
  expect(lobby.me.profile).toEqual({ name: "Zed", colour: 0, choices: null });
  expect([lobby.state.capacity, lobby.state.settings, lobby.state.door.audience]).toEqual([tagGame.players[1], null, 8]);
  const joined = await world.until(joinLobby(world.page().environment, lobby.code, { ...more, as: undefined }));
  expect(joined.me.role).toBeUndefined();
  expect(await world.until(resumeLobby(world.page().environment, { ...more, takeOver: undefined }))).toBeUndefined();
  await world.until(host.reserve({ seats: undefined, forMs: undefined }));
  expect(host.state.door.reserved).toBe(1);
  await world.until(host.ban(lobbies[1]!.me.peerId, { banMs: undefined }));
  const match = await world.until(host.start({ playerCount: undefined, botProfiles: undefined, countdownMs: undefined }));
  const input = () => ({ dx: 0, dash: false });
  match.run({ input, render: undefined, frame: undefined, on: undefined, confirmed: undefined, runAheadFrames: undefined });
  const players = [{ profile: { name: "Ada", colour: undefined }, bot: undefined }];
  const local = startLocalMatch(world.page().environment, { game: tagGame, players, seed: undefined, settings: undefined });
  expect(local.seats).toMatchObject([{ kind: "person", profile: { name: "Ada", colour: 0 } }]);
  local.stop();
  const { id, version, frameRateHz, players: count, input: schema, init, step } = tagGame;
  const part = { bot: undefined, result: undefined, state: undefined, messages: undefined, content: undefined };
  const plain = { id, version, frameRateHz, players: count, input: schema, init, step };
  expect(defineGame({ ...plain, ...part }).contentHash).toBe(defineGame(plain).contentHash);
  expect(message({ kind: u8() }, { delivery: undefined, rateHz: undefined, burst: undefined })).toEqual(message({ kind: u8() }));
});
