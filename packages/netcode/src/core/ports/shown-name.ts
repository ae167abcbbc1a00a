/**
 * What is not drawn: controls, private use, lone surrogates, every format character, among them the marks that turn text around (Unicode TR9), with which a name rewrites the sentence around it,
 * and all else that Unicode says to ignore. Joiners and variation selectors come after.
 */
const HIDDEN_PATTERN = /[\p{Cc}\p{Cs}\p{Co}]|(?![\u200c\u200d\p{VS}])[\p{Cf}\p{DI}]/gu;
/** White space of any kind, and letters that are drawn as nothing (Hangul fillers, the empty Braille cell). */
const BLANK_PATTERN = /[\s\u115f\u1160\u2800\u3164\uffa0]+/gu;
/** Marks piled on one letter, beyond what any writing needs: they would climb over the line above. */
const PILE_PATTERN = /(\p{M}{4})\p{M}+/gu;
/** A joiner at an end joins nothing. */
const EDGE_PATTERN = /^[\u200c\u200d\s]+|[\u200c\u200d\s]+$/gu;
/** Where a joiner makes another picture: in cursive and Indic scripts. Between letters of any other it is not seen, and makes of "Ada" somebody else who looks the same. */
const JOINING_SCRIPTS =
  "Arab Syrc Mand Nkoo Mong Phag Adlm Rohg Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Newa Tirh Khmr Mymr Tibt Bali Java Sund Cakm";
const JOINING = JOINING_SCRIPTS.replace(/\w+ ?/g, "\\p{scx=$&}").replaceAll(" ", "");
/** And between the parts of an emoji. Of several in a row the first counts. (Safari has lookbehind since 16.4 alone: what is before a joiner is a part of the match.) */
const JOINER_PATTERN = new RegExp(
  `([${JOINING}][\\u200c\\u200d])[\\u200c\\u200d]*(?=[${JOINING}])` +
    `|([\\p{ExtPict}\\p{EMod}\\ufe0f]\\u200d)[\\u200c\\u200d]*(?=\\p{ExtPict})|[\\u200c\\u200d]+`,
  "gu",
);
/** A selector picks a form of an emoji, a keycap, a Mongolian letter or an ideograph (names in Japan are written with these), and nothing anywhere else. */
const SELECTOR_PATTERN =
  /(\p{ExtPict}[\ufe0e\ufe0f]|[0-9#*]\ufe0f(?=\u20e3)|(?!\p{VS})\p{Script=Mong}[\u180b-\u180d\u180f]|\p{Script=Han}[\ufe00-\ufe0d\u{e0100}-\u{e01ef}])|\p{VS}/gu;

/**
 * A name as others may see it: composed, without what is not drawn, white space single and not at the ends, then by `cut` as short as it has to be. May be empty. The lobby server does this to
 * every name; a page that does it too shows who types what others will see. Showing it as text, not as HTML, is the page's part.
 */
export function shownName(name: string, cut: (shown: string) => string): string {
  // Again also where nothing is cut: a mark that goes may be what a joiner behind it joined.
  return clean(cut(clean(name)));
}

function clean(name: string): string {
  return name
    .replace(BLANK_PATTERN, " ")
    .replace(HIDDEN_PATTERN, "")
    .replace(SELECTOR_PATTERN, "$1")
    .replace(JOINER_PATTERN, "$1$2")
    .normalize("NFC")
    .replace(PILE_PATTERN, "$1")
    .replace(BLANK_PATTERN, " ")
    .replace(EDGE_PATTERN, "");
}
