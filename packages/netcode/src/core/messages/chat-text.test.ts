import * as fc from "fast-check";
import { expect, it } from "vitest";
import { CHAT_GRAPHEMES_MAX, CHAT_UNITS_MAX, cleanChatText } from "./chat-text.ts";

it.each([
  ["controls", "a\u0000b\u0007c\u001b[31m", "abc[31m"],
  ["marks that turn the direction", "pay \u202e100 \u2066x\u2069\u200f", "pay 100 x"],
  ["a byte order mark and zero-width spaces", "\ufeffa\u200bb\u2060", "ab"],
  ["letters that look like nothing", "\u3164\u115f", ""],
  ["joiners, tags, variation selectors and blanks of which nothing shows", "\u200d\u200c \u{e0041}\ufe0f\u2800", ""],
  ["line breaks, tabs and runs of spaces, which become one space", "one\r\n\r\ntwo\tthree\u2028 four", "one two three four"],
  ["a control between two spaces, with one of them", "one \u0000 two", "one two"],
  ["half of a surrogate pair", "a\ud83d", "a\ufffd"],
  ["spaces around", "  hi  ", "hi"],
])("[MS20] of a chat message go %s", (_what, raw, clean) => {
  expect(cleanChatText(raw)).toBe(clean);
});

it("[MS20] what people write stays: emoji of many parts, flags, right-to-left scripts, marks that join", () => {
  for (const said of ["👩‍👩‍👧‍👦 yes", "🏴󠁧󠁢󠁥󠁮󠁧󠁿!", "שלום עליכם", "مرحبا", "क्‍ष", '<b>not bold</b> & "so"']) expect(cleanChatText(said)).toBe(said);
});

it("[MS21] it is normalised: one text has one form", () => {
  expect(cleanChatText("e\u0301")).toBe("\u00e9");
  expect(cleanChatText("e\u200b\u0301")).toBe("\u00e9");
});

it("[MS22] it has at most 300 graphemes, of at most 24 units each, and no emoji is cut in two", () => {
  const family = "👩‍👩‍👧‍👦";
  expect(Array.from(new Intl.Segmenter().segment(cleanChatText("x".repeat(1_000)))).length).toBe(CHAT_GRAPHEMES_MAX);
  const cut = cleanChatText(family.repeat(200));
  expect(cut.length).toBeLessThanOrEqual(CHAT_UNITS_MAX);
  expect(cut.length % family.length).toBe(0);
  expect(cleanChatText(`a${"\u0301".repeat(500)}b`).length).toBeLessThan(30);
});

it("[MS23] cleaning what is clean changes nothing, whatever it was", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.string({ unit: "grapheme", maxLength: 400 })), (raw) => {
      const clean = cleanChatText(raw);
      expect(cleanChatText(clean)).toBe(clean);
      expect(clean.length).toBeLessThanOrEqual(CHAT_UNITS_MAX);
    }),
  );
});
