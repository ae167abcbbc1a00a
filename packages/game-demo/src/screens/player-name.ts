import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";

/** Most graphemes of a name: what fits a seat card and a name tag in the arena at 360 px. */
export const NAME_GRAPHEMES_MAX = 16;

/** Control characters and the invisible marks that turn text around (Unicode TR9) or hide letters. */
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const FIRST = ["Bouncy", "Brave", "Cosmic", "Dizzy", "Fuzzy", "Jolly", "Lucky", "Mellow", "Nimble", "Plucky", "Snappy", "Zippy"];
const SECOND = ["Badger", "Comet", "Ferret", "Gecko", "Kiwi", "Lemur", "Noodle", "Otter", "Panda", "Pickle", "Puffin", "Yak"];

/** Trims, drops what cannot be seen, and cuts after 16 graphemes. May be empty. Safe on names of others. */
export function cleanName(text: string): string {
  const visible = text.normalize("NFC").replace(INVISIBLE, " ").replace(/\s+/g, " ").trim();
  let name = "";
  let graphemeCount = 0;
  for (const grapheme of graphemesOf(visible)) {
    graphemeCount += 1;
    // One grapheme may be dozens of units (stacked marks): the protocol counts units.
    if (graphemeCount > NAME_GRAPHEMES_MAX || name.length + grapheme.length > LOBBY_LIMITS.nameUnits) break;
    name += grapheme;
  }
  return name.trim();
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
