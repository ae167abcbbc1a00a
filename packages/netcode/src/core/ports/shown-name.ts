/**
 * What is not drawn: controls, private use, lone surrogates, and every format character, among them the marks that turn text around (Unicode TR9), with which a name rewrites the sentence around
 * it. Kept are the joiners, which Persian and emoji need.
 */
const HIDDEN_PATTERN = /[\p{Cc}\p{Cs}\p{Co}]|(?![\u200c\u200d])\p{Cf}/gu;
/** White space of any kind, and letters that are drawn as nothing (Hangul fillers, the empty Braille cell). */
const BLANK_PATTERN = /[\s\u115f\u1160\u2800\u3164\uffa0]+/gu;
/** Marks piled on one letter, beyond what any writing needs: they would climb over the line above. */
const PILE_PATTERN = /(\p{M}{4})\p{M}+/gu;
/** A joiner at an end joins nothing. */
const EDGE_PATTERN = /^[\u200c\u200d\s]+|[\u200c\u200d\s]+$/gu;

/**
 * A name as others may see it: composed, without what is not drawn, white space single and not at the ends, then by `cut` as short as it has to be. May be empty. The lobby server does this to
 * every name; a page that does it too shows who types what others will see. Showing it as text, not as HTML, is the page's part.
 */
export function shownName(name: string, cut: (shown: string) => string): string {
  const shown = name
    .replace(BLANK_PATTERN, " ")
    .replace(HIDDEN_PATTERN, "")
    .normalize("NFC")
    .replace(PILE_PATTERN, "$1")
    .replace(BLANK_PATTERN, " ")
    .replace(EDGE_PATTERN, "");
  return cut(shown).replace(EDGE_PATTERN, "");
}
