import { LOBBY_LIMITS, shownName } from "@rollcall/netcode/lobby-protocol";

/** Most graphemes of a name: what fits a seat card and a name tag in the arena at 360 px. */
export const NAME_GRAPHEMES_MAX = 16;

const SECOND_MARK = " 2";

const FIRST = ["Bouncy", "Brave", "Cosmic", "Dizzy", "Fuzzy", "Jolly", "Lucky", "Mellow", "Nimble", "Plucky", "Snappy", "Zippy"];
const SECOND = ["Badger", "Comet", "Ferret", "Gecko", "Kiwi", "Lemur", "Noodle", "Otter", "Panda", "Pickle", "Puffin", "Yak"];

/** Trims, drops what cannot be seen, and cuts after 16 graphemes. May be empty. Safe on names of others. */
export function cleanName(text: string): string {
  return shownName(text, (shown) => cutName(shown, 0));
}

/** The name of who plays beside `name` on its device, until it has one of its own. */
export function secondName(name: string): string {
  return `${cutName(name, SECOND_MARK.length).trimEnd()}${SECOND_MARK}`;
}

/** A friendly name for somebody who gave none. `pick` returns a whole number in 0 … `limit` − 1. */
export function friendlyName(pick: (limit: number) => number): string {
  return `${FIRST[pick(FIRST.length)] ?? "Snappy"} ${SECOND[pick(SECOND.length)] ?? "Otter"}`;
}

/** `reserved`: graphemes of one unit that are to follow. */
function cutName(shown: string, reserved: number): string {
  let name = "";
  let graphemeCount = 0;
  for (const grapheme of graphemesOf(shown)) {
    graphemeCount += 1;
    // One grapheme may be dozens of units (stacked marks): the protocol counts units.
    if (graphemeCount > NAME_GRAPHEMES_MAX - reserved || name.length + grapheme.length > LOBBY_LIMITS.nameUnits - reserved) break;
    name += grapheme;
  }
  return name;
}

function graphemesOf(text: string): Iterable<string> {
  // Firefox before 125 has no segmenter: code points are near enough there.
  if (typeof Intl.Segmenter !== "function") return text;
  return Array.from(new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text), (part) => part.segment);
}
