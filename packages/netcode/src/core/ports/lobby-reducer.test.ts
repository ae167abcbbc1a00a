import { expect, test } from "vitest";
import { peerIdOf } from "../../../test/any-lobby-message.ts";
import {
  applyLobbyChange,
  parseBrokerMessage,
  type BrokerMessage,
  type LobbyChange,
  type LobbyState,
  type MatchAgreement,
  type Member,
} from "./lobby-protocol.ts";

function lobbyState(): LobbyState {
  const parsed = parseBrokerMessage(
    JSON.stringify({
      reply: 1,
      ok: true,
      result: {
        lobby: {
          code: "KXRTM",
          game: { id: "tag", version: 1, contentHash: "00000000" },
          capacity: 2,
          locked: false,
          door: { listed: false, password: false, audience: 0, reserved: 0 },
          relayOnly: false,
          hostId: "a",
          hostEpoch: 1,
          settings: null,
          metadata: null,
          members: [member("a", 0, 1)],
          matchCount: 0,
          idle: false,
          event: 4,
        },
        peerId: "a",
        resumeSecret: "s",
        signalingToken: "t",
        iceServers: [],
      },
    }),
  );
  if (!parsed.ok || !("reply" in parsed.value) || !parsed.value.ok || parsed.value.result === null || !("lobby" in parsed.value.result))
    throw new Error("not a lobby");
  return parsed.value.result.lobby;
}

function member(peerId: string, seat: number, order: number): Member {
  return { peerId: peerIdOf(peerId), seat, order, profile: { name: peerId, colour: 0, choices: null }, ready: true, connected: true };
}

test("[LP11] members stay in seat order, and a change is taken only as the next in number", () => {
  const state = lobbyState();
  const two = applyLobbyChange(state, 5, { type: "member-joined", member: member("b", 1, 2) });
  const gone = two && applyLobbyChange(two, 6, { type: "member-left", peerId: peerIdOf("a"), reason: "left" });
  const back = gone && applyLobbyChange(gone, 7, { type: "member-joined", member: member("c", 0, 3) });
  expect(back?.members.map((item) => item.peerId)).toEqual(["c", "b"]);
  expect(back?.event).toBe(7);
  expect(applyLobbyChange(state, 4, { type: "locked-changed", locked: true })).toBeUndefined();
  expect(applyLobbyChange(state, 6, { type: "locked-changed", locked: true })).toBeUndefined();
});

test("[LP12] a change that names what is not there, or is there already, does not fit", () => {
  const state = lobbyState();
  const stranger = peerIdOf("stranger");
  const misfits: readonly LobbyChange[] = [
    { type: "member-joined", member: member("a", 1, 2) },
    { type: "member-joined", member: member("b", 0, 2) },
    { type: "member-left", peerId: stranger, reason: "left" },
    { type: "member-disconnected", peerId: stranger },
    { type: "member-returned", peerId: stranger, member: member("b", 0, 2) },
    { type: "member-returned", peerId: peerIdOf("a"), member: member("b", 1, 2) },
    { type: "member-changed", peerId: stranger, profile: member("a", 0, 1).profile, ready: false },
    { type: "host-changed", hostId: stranger, hostEpoch: 2 },
    { type: "host-changed", hostId: peerIdOf("a"), hostEpoch: 1 },
    { type: "match-ended", matchNumber: 1 },
  ];
  expect(misfits.filter((change) => applyLobbyChange(state, 5, change) !== undefined)).toEqual([]);
});

test("[LP13] a host that returns as a new peer stays host, in a new host epoch", () => {
  const after = applyLobbyChange(lobbyState(), 5, { type: "member-returned", peerId: peerIdOf("a"), member: member("b", 0, 2) });
  expect(after).toMatchObject({ hostId: "b", hostEpoch: 2, members: [{ peerId: "b" }] });
});

test("[LP14] a match starts and ends by its number, and clears everybody's ready", () => {
  const match: MatchAgreement = { matchNumber: 1, seed: 1, seats: [], settings: null, hostId: peerIdOf("a"), countdownMs: 0 };
  const state = lobbyState();
  const started = applyLobbyChange(state, 5, { type: "match-started", match });
  expect(started).toMatchObject({ match, matchCount: 1, members: [{ ready: false }] });
  expect(started && applyLobbyChange(started, 6, { type: "match-started", match: { ...match, matchNumber: 2 } })).toBeUndefined();
  expect(started && applyLobbyChange(started, 6, { type: "match-ended", matchNumber: 2 })).toBeUndefined();
  const ended = started && applyLobbyChange(started, 6, { type: "match-ended", matchNumber: 1 });
  expect(ended?.match).toBeUndefined();
  expect(ended?.matchCount).toBe(1);
  const message: BrokerMessage = { event: 1, change: { type: "match-ended", matchNumber: 1 } };
  expect(parseBrokerMessage(JSON.stringify(message)).ok).toBe(true);
});
