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
  // What nobody sees makes another name of one that looks the same.
  ["A\u200dd\u200ca\u200b\u2060", "Ada"],
  ["A\ufe0fd\u{e0100}a\u034f\u180b", "Ada"],
  ["\ufe0f", ""],
  ["\u180b\u180b", ""],
  ["\u{e0100}\u{e0101}", ""],
  ["\u034f \u17b4\u2065\u{e0fff}", ""],
  ["\u200d\u200c\u200d\ufe0f", ""],
  ["e\u200d\u0301", "\u00e9"],
  ["\u0627\u0301\u0301\u0301\u0301\u0654\u200c\u0627", "\u0627\u0301\u0301\u0301\u0301\u0627"],
  // What is written with them: emoji, Persian, Hindi, Bengali, Sinhala, a Japanese name.
  ["\u{1f469}\u{1f3fd}\u200d\u{1f680}", "\u{1f469}\u{1f3fd}\u200d\u{1f680}"],
  ["\u{1f3f3}\ufe0f\u200d\u{1f308}", "\u{1f3f3}\ufe0f\u200d\u{1f308}"],
  ["\u{1f469}\u200d\u2764\ufe0f\u200d\u{1f468}", "\u{1f469}\u200d\u2764\ufe0f\u200d\u{1f468}"],
  ["1\ufe0f\u20e3", "1\ufe0f\u20e3"],
  ["می\u200cخواهم", "می\u200cخواهم"],
  ["می\u200c\u200c\u200dخواهم", "می\u200cخواهم"],
  ["क्\u200dष", "क्\u200dष"],
  ["র\u200d্য", "র\u200d্য"],
  ["ශ්\u200dරී", "ශ්\u200dරී"],
  ["葛\u{e0100}城", "葛\u{e0100}城"],
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

test("[LB42] so is what is made of joiners, selectors, marks and letters of many scripts, of which something is seen wherever anything is left", () => {
  const parts = Array.from(
    "Ae1#कष্রශා葛ᠠ❤👩🏽🚀 \u0301\u0308\u064b\u094d\u20e3\u200b\u200c\u200d\u034f\u180b\ufe00\ufe0e\ufe0f\u{e0100}\u{e0067}\u3164\u202e",
  );
  const property = fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 80 }), (name) => {
    const shown = cleanName(name.join(""));
    expect(cleanName(shown)).toBe(shown);
    expect(shown).toMatch(/^$|[^\p{Default_Ignorable_Code_Point}\s]/u);
  });
  fc.assert(property, { numRuns: 1_000 });
});
