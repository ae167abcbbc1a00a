import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cleanName, cleanProfile } from "./profile.ts";

test.each([
  ["  Ada  Lovelace\n", "Ada Lovelace"],
  ["\u202eadA", "adA"],
  ["\u2066A\u2069\u200f\u061c", "A"],
  ["A\u0000\u0007\u001b[31mB", "A[31mB"],
  ["\ud800x", "x"],
  ["e\u0301", "\u00e9"],
  ["👩\u200d🚀", "👩\u200d🚀"],
  ["\u200d\u200c ", ""],
  ["\u3164\u2800", ""],
  ["Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306", "Z\u0300\u0301\u0302\u0303"],
  ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
])("[LB40] the name %j is shown as %j", (name, shown) => {
  expect(cleanName(name)).toBe(shown);
});

test("[LB41] a name with nothing to show becomes the player's number", () => {
  expect(cleanProfile({ name: " \u202e ", colour: 3, choices: 1 }, 4)).toEqual({ name: "Player 5", colour: 3, choices: 1 });
});

test("[LB42] a name that is cut after a joiner does not end in it", () => {
  expect(cleanName(`"${"\u{1f469}\u200d".repeat(40)}`)).toBe(`"${"\u{1f469}\u200d".repeat(20)}\u{1f469}`);
});

test("[LB42] whatever the name, what is shown is short, has no hidden characters, and is clean already", () => {
  const property = fc.property(fc.array(fc.integer({ min: 0, max: 0x10_ffff }), { maxLength: 32 }), (points) => {
    const name = String.fromCodePoint(...points);
    const shown = cleanName(name);
    expect(shown.length).toBeLessThanOrEqual(64);
    expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
    expect(shown).toBe(shown.trim());
    expect(cleanName(shown)).toBe(shown);
  });
  fc.assert(property, { numRuns: 500 });
});
