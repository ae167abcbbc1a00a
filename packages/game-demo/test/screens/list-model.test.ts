import { describe, expect, test } from "vitest";
import { arranged, filterOf, listingModel, listSentence } from "../../src/screens/list-model.ts";
import { fakeListing } from "./fake-list.ts";

describe("[SC70] a row of the list", () => {
  test.each([
    [fakeListing("BCDFG"), false, "Join Ana: 3 of 8, Waiting to start"],
    [fakeListing("BCDFG", { playing: true, relayOnly: true }), false, "Join Ana: 3 of 8, In a match, Relay only"],
    [fakeListing("BCDFG", { members: 8, password: true }), true, "Wait for a seat with Ana: 8 of 8, Password"],
    [fakeListing("BCDFG", { hostName: "\u202e  \n" }), false, "Join Somebody: 3 of 8, Waiting to start"],
  ])("%j", (listing, isFull, label) => {
    expect(listingModel(listing)).toMatchObject({ isFull, label });
  });
});

test("[SC71] rows that are shown keep their places, and new ones come last", () => {
  const listings = ["FFFFF", "BBBBB", "CCCCC", "DDDDD"].map((code) => fakeListing(code));
  expect(arranged(["DDDDD", "GGGGG", "BBBBB"], listings).map(({ code }) => code)).toEqual(["DDDDD", "BBBBB", "FFFFF", "CCCCC"]);
});

test("[SC72] a filter asks for what was pressed, and for nothing else", () => {
  expect(filterOf(new Set())).toEqual({});
  expect(filterOf(new Set(["open", "joinable"] as const))).toEqual({ open: true, joinable: true });
});

test("[SC73] the list says how many there are, or why there are none", () => {
  expect(listSentence("loading", 0, 0, false)).toBe("Looking for lobbies…");
  expect(listSentence("live", 1, 1, false)).toBe("1 lobby");
  expect(listSentence("live", 50, 120, true)).toBe("50 of 120 lobbies");
  expect(listSentence("live", 0, 0, false)).toMatch(/^Nobody has a public lobby/);
  expect(listSentence("live", 0, 0, true)).toMatch(/^No lobby fits/);
  expect(listSentence("lost", 3, 3, false)).toBe("The lobby server does not answer. Trying again…");
});
