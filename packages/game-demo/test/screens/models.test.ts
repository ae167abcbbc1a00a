import type { LobbyPeer, PeerId } from "@rollcall/netcode";
import { describe, expect, test } from "vitest";
import { connectionModel } from "../../src/screens/connection-model.ts";
import { standings, winnerOf, type MatchSeatModel } from "../../src/screens/match-model.ts";
import { botProfiles, guestsWithSeat, yieldedLooks } from "../../src/screens/room-model.ts";
import { fakeMember, openPeer } from "./fake-lobby.ts";

function peer(part: Partial<LobbyPeer>): LobbyPeer {
  return { ...openPeer("peer-1", 20), ...part };
}

describe("[SC16] a connection in words and bars", () => {
  test.each([
    [peer({ rttMs: 60 }), true, "direct, 60 ms", 4],
    [peer({ rttMs: 61 }), true, "direct, 61 ms", 3],
    [peer({ rttMs: 121 }), true, "direct, 121 ms", 2],
    [peer({ rttMs: 900 }), true, "direct, 900 ms", 1],
    [peer({ rttMs: 60, lossRatio: 0.2 }), true, "direct, 60 ms", 3],
    [peer({ rttMs: 0.2 }), true, "direct, 1 ms", 4],
    [peer({ rttMs: 0 }), true, "direct", 1],
    [peer({ path: "turn", rttMs: 0 }), true, "relayed (TURN)", 1],
    [peer({ path: "peer" }), false, "through a player, 20 ms", 4],
    [peer({ path: "broker" }), true, "through the server, 20 ms", 4],
    [peer({ status: "suspect" }), true, "reconnecting…", 1],
    [peer({ status: "closed" }), true, "no connection", 0],
    [peer({ status: "closed" }), false, "away, seat kept", 0],
    [peer({ path: "connecting" }), true, "connecting…", 0],
    [undefined, true, "connecting…", 0],
    [undefined, false, "away, seat kept", 0],
  ])("%j, connected %j: %s", (link, connected, text, bars) => {
    expect(connectionModel(link, connected)).toEqual({ text, bars });
  });
});

describe("[SC21] colours", () => {
  test("the later comer yields, the earlier one stays", () => {
    const members = [fakeMember("a", 0, "Ada", 3), fakeMember("b", 1, "Bo", 3), fakeMember("c", 2, "Cy", 0)];
    const [ada, bo] = members;
    expect(ada && yieldedLooks(ada, members)).toBeUndefined();
    expect(bo && yieldedLooks(bo, members)).toEqual({ colour: 1, guests: [] });
  });

  test("so does who comes after somebody's second player, and the second player of a later comer", () => {
    const withGuest = (member: ReturnType<typeof fakeMember>, colour: number): typeof member => {
      const guests = [{ name: "Two", colour, choices: null }];
      return { ...member, profile: { ...member.profile, guests } };
    };
    const members = [
      withGuest(fakeMember("a", 0, "Ada", 0), 1),
      fakeMember("b", 1, "Bo", 1),
      withGuest(fakeMember("c", 2, "Cy", 2), 0),
    ] as const;
    const [ada, bo, cy] = members;
    expect(yieldedLooks(ada, members)).toBeUndefined();
    expect(yieldedLooks(bo, members)).toEqual({ colour: 3, guests: [] });
    expect(yieldedLooks(cy, members)).toEqual({ colour: 2, guests: [{ name: "Two", colour: 3, choices: null }] });
  });

  test("with every colour taken nobody moves", () => {
    const members = Array.from({ length: 9 }, (_, index) => fakeMember(`p${index}`, index, "P", index % 8));
    const last = members[8];
    expect(last && yieldedLooks(last, members)).toBeUndefined();
  });

  test("bots take colours that no player has", () => {
    const bots = botProfiles([0, 2, 7], 5);
    expect(bots.map((bot) => bot.colour)).toEqual([1, 3, 4, 5, 6]);
    expect(new Set(bots.map((bot) => bot.name)).size).toBe(5);
  });
});

test("[SC36] guests get what seats the players leave, in their order", () => {
  const guest = { name: "Two", colour: 0, choices: null };
  const player = (index: number, guests: number): ReturnType<typeof fakeMember> => {
    const member = fakeMember(`p${index}`, index, "P", index);
    return { ...member, profile: { ...member.profile, guests: Array.from({ length: guests }, () => guest) } };
  };
  const seated = (...guests: number[]): number[] => [...guestsWithSeat(guests.map((count, index) => player(index, count))).values()];
  expect(seated(0, 1)).toEqual([0, 1]);
  expect(seated(1, 3, 2, 1)).toEqual([1, 3, 0, 0]);
  expect(seated(1, 1, 1, 1, 1)).toEqual([1, 1, 1, 0, 0]);
  expect(seated(1, 0, 0, 0, 0, 0, 0, 0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

describe("[SC30] standings", () => {
  const seats = ["Ada", "Bo", "Cy"].map((name, index): MatchSeatModel => ({
    name,
    colour: index,
    isLocal: index === 0,
    isBot: false,
    peerId: `p${index}` as PeerId,
  }));

  test("the winner is first, whatever the figures say; equals share a place", () => {
    const result = { winner: 2, wins: [1, 1, 1], points: [4, 4, 4], knockouts: [1, 1, 1] };
    const lines = standings(seats, result).map((line) => [line.place, line.seat.name]);
    expect(lines).toEqual([
      [1, "Cy"],
      [2, "Ada"],
      [2, "Bo"],
    ]);
    expect(winnerOf(seats, result)?.name).toBe("Cy");
  });

  test.each([[null], [undefined], ["x"], [{}], [{ winner: 9, wins: "many" }]])("nonsense counts as nothing: %j", (result) => {
    expect(winnerOf(seats, result)).toBeUndefined();
    expect(standings(seats, result).map((line) => line.wins)).toEqual([0, 0, 0]);
  });
});
