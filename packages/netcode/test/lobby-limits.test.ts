import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePeerId, type LobbyCode, type PeerId } from "../src/core/base/units.ts";
import {
  jsonBytes,
  LOBBY_CODE_LENGTH_MAX,
  LOBBY_LIMITS,
  LOBBY_TIMES,
  normalizeLobbyCode,
  parseBrokerMessage,
  type Admission,
  type Json,
  type LobbyState,
  type MatchSeat,
  type Member,
  type PlayerProfile,
  type Profile,
} from "../src/core/ports/lobby-protocol.ts";

/** JSON of exactly so many bytes. */
const filled = (bytes: number): Json => "x".repeat(bytes - 2);

function peerIdOf(index: number): PeerId {
  const peerId = parsePeerId(index.toString(16).padStart(32, "0"));
  if (peerId === undefined) throw new Error("not a peer id");
  return peerId;
}

function longestCode(): LobbyCode {
  const code = normalizeLobbyCode("K".repeat(LOBBY_CODE_LENGTH_MAX));
  if (code === undefined) throw new Error("not a code");
  return code;
}

test("[LS6] the admission to the largest lobby fits into a frame", () => {
  // Three bytes a unit is what text costs at most; quotes and backslashes, which are written as two, have one.
  const player: PlayerProfile = { name: "世".repeat(LOBBY_LIMITS.nameUnits), colour: 63, choices: filled(LOBBY_LIMITS.choicesBytes) };
  const profile: Profile = { ...player, guests: Array.from({ length: LOBBY_LIMITS.guests }, () => player) };
  const most = Number.MAX_SAFE_INTEGER;
  // `Required`: whatever a lobby may have later is here too, or this does not compile.
  const members: Required<Member>[] = Array.from({ length: LOBBY_LIMITS.members }, (_, seat) => {
    const waits = { role: "queued" as const, queueNumber: most - seat };
    return { peerId: peerIdOf(seat), seat, order: most - seat, profile, ready: false, connected: false, ...waits };
  });
  const settings = filled(LOBBY_LIMITS.settingsBytes);
  const seats: MatchSeat[] = members.slice(0, 8).map(({ peerId }) => ({ kind: "person", peerId, profile: player }));
  const iceServer = { urls: Array.from({ length: LOBBY_LIMITS.iceUrls }, () => "x".repeat(250)), username: "u", credential: "p" };
  const lobby: Required<LobbyState> = {
    code: longestCode(),
    game: { id: "x".repeat(LOBBY_LIMITS.gameIdUnits), version: 1, contentHash: "01234567" },
    capacity: LOBBY_LIMITS.members,
    locked: false,
    door: { listed: true, password: true, audience: 64, reserved: 64 },
    relayOnly: false,
    hostId: peerIdOf(0),
    hostEpoch: most,
    settings,
    metadata: filled(LOBBY_LIMITS.metadataBytes),
    members,
    match: { matchNumber: most, seed: 0xffff_ffff, seats, settings, hostId: peerIdOf(0), countdownMs: LOBBY_LIMITS.countdownMs },
    matchCount: most,
    idle: false,
    event: most,
  };
  const result: Required<Admission> = {
    lobby,
    peerId: peerIdOf(0),
    resumeSecret: "x".repeat(LOBBY_LIMITS.secretUnits),
    signalingToken: "x".repeat(LOBBY_LIMITS.secretUnits),
    iceServers: Array.from({ length: LOBBY_LIMITS.iceServers }, () => iceServer),
    iceLifeMs: most,
    relaysFrames: false,
    authority: {
      life: "x".repeat(16),
      clockS: 0xffff_ffff,
      keys: Array.from({ length: LOBBY_LIMITS.rosterKeys }, () => ({ kid: "x".repeat(8), key: "A".repeat(43) })),
    },
  };
  const text = JSON.stringify({ reply: most, ok: true, result });
  expect(jsonBytes({ ...profile, guests: [] })).toBeGreaterThan(LOBBY_LIMITS.choicesBytes);
  expect(new TextEncoder().encode(text).length).toBeGreaterThan(340_000);
  expect(parseBrokerMessage(text)).toEqual({ ok: true, value: { reply: most, ok: true, result } });
});

test("[LS7] the guide has every limit and every time of the protocol", () => {
  const guide = readFileSync(new URL("../../../docs/guides/lobbies.md", import.meta.url), "utf8");
  const told = [...guide.matchAll(/^\| `(\w+)` +\| ([\d,]+) +\|/gm)].map(
    ([, name = "", value = ""]) => [name, Number(value.replaceAll(",", ""))] as const,
  );
  expect(Object.fromEntries(told)).toEqual({ ...LOBBY_LIMITS, ...LOBBY_TIMES });
});
