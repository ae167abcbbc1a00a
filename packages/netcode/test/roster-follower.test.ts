import { expect, test } from "vitest";
import type { PeerId } from "../src/core/base/units.ts";
import type { LobbyState, Member } from "../src/core/ports/lobby-protocol.ts";
import type { Roster } from "../src/core/ports/roster.ts";
import type { LobbyConnection } from "../src/facade/lobby-connection.ts";
import type { PeerLinks } from "../src/facade/peer-links.ts";
import { RosterFollower } from "../src/facade/roster-follower.ts";

const [ADA, BOB, CYD] = ["ada", "bob", "cyd"].map((name) => name as PeerId) as [PeerId, PeerId, PeerId];

function member(peerId: PeerId, order: number): Member {
  return { peerId, order, seat: order - 1, profile: { name: peerId, colour: 0, choices: null }, ready: false, connected: true };
}

test("[TK62] who left by a roster is told to have left, once; who is a member of it again is not", () => {
  // Of the lobby nothing but its members and its last event is asked for.
  const lobby = { event: 7, members: [ADA, BOB, CYD].map((peerId, index) => member(peerId, index + 1)) } as unknown as LobbyState;
  const told: unknown[] = [];
  const links = { removePeer: () => undefined, addPeer: () => undefined, stats: () => [] } as unknown as PeerLinks;
  const connection = { lobby } as unknown as LobbyConnection;
  const follower = new RosterFollower({ connection, links, localPeerId: ADA, handleEvent: (event) => told.push(event) });
  const roster: Roster = {
    code: "KXRTM",
    life: "a".repeat(16),
    number: 9,
    issuedS: 0,
    expiresS: 1,
    isCertain: true,
    keys: [],
    left: [BOB, CYD].map((peerId) => ({ peerId, reason: "left" as const })),
    members: [ADA, CYD].map((peerId, index) => ({ peerId, order: index + 1 })),
  };
  follower.handleRoster(roster);
  follower.handleRoster({ ...roster, number: 10 });
  expect(told).toMatchObject([{ type: "change", change: { type: "member-left", peerId: BOB } }]);
  expect(follower.view(lobby).members.map(({ peerId }) => peerId)).toEqual([ADA, CYD]);
});
