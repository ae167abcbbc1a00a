import { describe, expect, it } from "vitest";
import { testPeerId } from "../../../test/test-match.ts";
import { SessionRoster } from "./session-roster.ts";

const [ada, bob, cyd] = [testPeerId("ada"), testPeerId("bob"), testPeerId("cyd")];

describe("the roster", () => {
  it("[RB18] ranks the lobby host first, then by lowest player index", () => {
    const players = [{ peerId: bob }, { peerId: undefined }, { peerId: cyd }, { peerId: bob }, { peerId: ada }];
    const roster = new SessionRoster({ localPeerId: cyd, hostId: ada, players });
    expect([0, 1, 2, 3].map((slot) => roster.holder(slot))).toEqual([ada, bob, cyd, undefined]);
    expect(roster.playersOf).toEqual([[4], [0, 3], [2], [1]]);
    expect([roster.localMember, roster.localPlayers]).toEqual([2, [2]]);
    expect(roster.memberOf(testPeerId("eve"))).toBe(-1);
  });

  it("[RB18] goes by player index alone when the host has no seat", () => {
    const roster = new SessionRoster({ localPeerId: bob, hostId: ada, players: [{ peerId: cyd }, { peerId: bob }] });
    expect([0, 1].map((slot) => roster.holder(slot))).toEqual([cyd, bob]);
  });

  it("[RB24] may be all bots, but not other peers without ourselves", () => {
    expect(new SessionRoster({ localPeerId: ada, hostId: ada, players: [{ peerId: undefined }] }).localMember).toBe(-1);
    expect(() => new SessionRoster({ localPeerId: ada, hostId: ada, players: [{ peerId: bob }] })).toThrow("own peer among its players");
    expect(() => new SessionRoster({ localPeerId: ada, hostId: ada, players: [] })).toThrow("1 to 8 players");
  });
});
