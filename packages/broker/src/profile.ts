import { LOBBY_LIMITS, type PlayerProfile, type Profile } from "@rollcall/netcode/lobby-protocol";

/**
 * Control characters, lone surrogates, private use, and every invisible format character: among them the bidirectional overrides, with which a name
 * rewrites the sentence around it. Kept: the joiners U+200C and U+200D, which Persian and emoji need.
 */
const HIDDEN_PATTERN = /[\p{Cc}\p{Cs}\p{Co}]|(?![\u200c\u200d])\p{Cf}/gu;
/** White space of any kind, and letters that are drawn as nothing (Hangul fillers, the empty Braille cell). */
const BLANK_PATTERN = /[\s\u115f\u1160\u2800\u3164\uffa0]+/gu;
/** Marks piled on one letter, beyond what any writing needs. */
const PILE_PATTERN = /(\p{M}{4})\p{M}+/gu;
const EDGE_PATTERN = /^[\u200c\u200d\s]+|[\u200c\u200d\s]+$/gu;

/** A profile as others may see it. A name that has nothing to show becomes "Player N" by seat, and a guest's "Guest N". */
export function cleanProfile({ guests, ...player }: Profile, seat: number): Profile {
  const clean = cleanPlayer(player, `Player ${seat + 1}`);
  return guests === undefined || guests.length === 0
    ? clean
    : { ...clean, guests: guests.map((guest, index) => cleanPlayer(guest, `Guest ${index + 1}`)) };
}

/** The same for one player. */
export function cleanPlayer({ name, colour, choices }: PlayerProfile, nameless: string): PlayerProfile {
  const clean = cleanName(name);
  return { name: clean === "" ? nameless : clean, colour, choices };
}

/** Text only: composed, without hidden characters, white space single and not at the ends. Showing it as text, not as HTML, is the page's part. */
export function cleanName(name: string): string {
  const shown = name
    .replace(BLANK_PATTERN, " ")
    .replace(HIDDEN_PATTERN, "")
    .normalize("NFC")
    .replace(PILE_PATTERN, "$1")
    .replace(BLANK_PATTERN, " ")
    .replace(EDGE_PATTERN, "");
  // Composing can lengthen (a few letters decompose for good); a pair cut in half would be a lone surrogate, a joiner at the end joins nothing.
  return shown
    .slice(0, LOBBY_LIMITS.nameUnits)
    .replace(/\p{Cs}$/u, "")
    .replace(EDGE_PATTERN, "");
}
