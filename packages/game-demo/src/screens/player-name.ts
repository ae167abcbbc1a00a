import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";

/** Most graphemes of a name: what fits a seat card and a name tag in the arena at 360 px. */
export const NAME_GRAPHEMES_MAX = 16;

/**
 * What is not drawn: controls, private use, lone surrogates, and every format character, among them the marks that turn text around (Unicode TR9). Kept are the joiners, which Persian and
 * emoji need. The lobby server drops the same: whoever types a name sees what others will.
 */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Co}]|(?![\u200c\u200d])\p{Cf}/gu;
/** White space of any kind, and letters that are drawn as nothing (Hangul fillers, the empty Braille cell). */
const BLANK = /[\s\u115f\u1160\u2800\u3164\uffa0]+/gu;
/** Marks piled on one letter, beyond what any writing needs: they would climb over the line above. */
const PILE = /(\p{M}{4})\p{M}+/gu;
/** A joiner at an end joins nothing. */
const EDGES = /^[\u200c\u200d\s]+|[\u200c\u200d\s]+$/gu;

const FIRST = ["Bouncy", "Brave", "Cosmic", "Dizzy", "Fuzzy", "Jolly", "Lucky", "Mellow", "Nimble", "Plucky", "Snappy", "Zippy"];
const SECOND = ["Badger", "Comet", "Ferret", "Gecko", "Kiwi", "Lemur", "Noodle", "Otter", "Panda", "Pickle", "Puffin", "Yak"];

/** Trims, drops what cannot be seen, and cuts after 16 graphemes. May be empty. Safe on names of others. */
export function cleanName(text: string): string {
  const visible = text.replace(BLANK, " ").replace(HIDDEN, "").normalize("NFC").replace(PILE, "$1").replace(BLANK, " ").replace(EDGES, "");
  let name = "";
  let graphemeCount = 0;
  for (const grapheme of graphemesOf(visible)) {
    graphemeCount += 1;
    // One grapheme may be dozens of units (stacked marks): the protocol counts units.
    if (graphemeCount > NAME_GRAPHEMES_MAX || name.length + grapheme.length > LOBBY_LIMITS.nameUnits) break;
    name += grapheme;
  }
  return name.replace(EDGES, "");
}

/** A friendly name for somebody who gave none. `pick` returns a whole number in 0 … `limit` − 1. */
export function friendlyName(pick: (limit: number) => number): string {
  return `${FIRST[pick(FIRST.length)] ?? "Snappy"} ${SECOND[pick(SECOND.length)] ?? "Otter"}`;
}

function graphemesOf(text: string): Iterable<string> {
  // Firefox before 125 has no segmenter: code points are near enough there.
  if (typeof Intl.Segmenter !== "function") return text;
  return Array.from(new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text), (part) => part.segment);
}
