import { toPlainText } from "../base/plain.ts";
import { message, text, type MessageType, type TextField } from "../base/message-type.ts";

/** What one chat message shows at most. */
export const CHAT_GRAPHEMES_MAX = 300;
/** On the wire. Emoji of many parts take up to a dozen units each; at double, a message of nothing else would fill a screen. */
export const CHAT_UNITS_MAX = 1_200;
/** A grapheme may be of any length ("zalgo" text climbs over the lines above): what is beyond is dropped. The longest flag has 14 units. */
const GRAPHEME_UNITS_MAX = 24;

/** Chat is a message like any other: five at once, then one a second. */
export const CHAT_MESSAGE: MessageType<{ readonly text: TextField }> = message({ text: text(CHAT_UNITS_MAX) }, { rateHz: 1, burst: 5 });

/**
 * Controls and what looks like nothing; marks that turn the direction of what follows, with which a text can pass for another's (Unicode TR 36, Trojan Source); and
 * lone surrogates. Zero-width joiners stay: emoji and several scripts are made with them.
 */
const UNSEEN =
  /[\u034f\p{Cc}\p{Cs}\p{Co}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/gu;
/** Joiners, tags and variation selectors show nothing without something to join or vary; U+2800 is a blank that is no space. */
const SEEN = /[^\p{Default_Ignorable_Code_Point}\p{M}\s\u2800]/u;
/** Line breaks and all that is as wide as one: a chat message is one line. */
const SPACES = /[\s\u0085\u2028\u2029]+/gu;

/**
 * A text as it may be shown, whoever wrote it: one line, normalised (NFC), without what cannot be seen, at most 300 graphemes. Empty when nothing is left. Not escaped: give
 * it to the page as text, never as HTML.
 */
export function cleanChatText(raw: string): string {
  // Spaces again: what was between two may have gone.
  const line = toPlainText(raw).replace(SPACES, " ").replace(UNSEEN, "").replace(SPACES, " ").normalize("NFC").trim();
  let clean = "";
  let count = 0;
  for (const grapheme of graphemesOf(line)) {
    const part =
      grapheme.length <= GRAPHEME_UNITS_MAX ? grapheme : toPlainText(grapheme.slice(0, GRAPHEME_UNITS_MAX)).replace(/\ufffd$/u, "");
    if (++count > CHAT_GRAPHEMES_MAX || clean.length + part.length > CHAT_UNITS_MAX) break;
    clean += part;
  }
  return SEEN.test(clean) ? clean.trim() : "";
}

/** Old engines have no segmenter: a character each. */
function graphemesOf(line: string): Iterable<string> {
  if (typeof Intl.Segmenter === "undefined") return line;
  return Array.from(new Intl.Segmenter().segment(line), ({ segment }) => segment);
}
