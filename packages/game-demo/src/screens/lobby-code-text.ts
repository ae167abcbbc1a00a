import { LOBBY_CODE_ALPHABET, LOBBY_CODE_LENGTH } from "@rollcall/netcode/lobby-protocol";

const LETTERS = `[${LOBBY_CODE_ALPHABET}]`;
const LINK = /#(?:[^#\s]*&)?j=([^&#\s]*)/i;
/** A code with the secret of an invite. */
const INVITE = new RegExp(`(?<![A-Za-z0-9])(${LETTERS}{5})(\\.[A-Za-z0-9_-]{23})(?![A-Za-z0-9_-])`, "i");
/** A code standing alone inside a longer text, whole or as it is shown (`KXR TM`). */
const STANDALONE = new RegExp(`(?<![A-Z0-9])(${LETTERS}{3})[ -]?(${LETTERS}{2})(?![A-Z0-9])`);

/**
 * Reads what somebody typed or pasted into the code field: a code in any case, with spaces or dashes, a whole link, or a message that has
 * one of these in it. Returns 0–5 letters of the code alphabet; fewer than five while the person is still typing.
 */
export function readLobbyCode(text: string): string {
  const upper = text.toUpperCase();
  const linked = LINK.exec(upper)?.[1];
  if (linked !== undefined) return lettersOf(linked);
  const letters = lettersOf(upper);
  const plain = upper.replace(/[^A-Z0-9]/g, "");
  if (plain.length <= LOBBY_CODE_LENGTH) return letters;
  const standalone = STANDALONE.exec(upper);
  return standalone === null ? letters : `${standalone[1] ?? ""}${standalone[2] ?? ""}`;
}

/** The invite in a link or a message, `CODE.SECRET`; `undefined` where there is only a code. Codes may be typed in any case, secrets not. */
export function readInvite(text: string): string | undefined {
  const [, code, secret] = INVITE.exec(text) ?? [];
  return code === undefined || secret === undefined ? undefined : `${code.toUpperCase()}${secret}`;
}

/** True when `readLobbyCode` found all letters of a code. */
export function isWholeCode(code: string): boolean {
  return code.length === LOBBY_CODE_LENGTH;
}

/** The code for a screen reader, letter by letter: `K, X, R, T, M`. */
export function spellCode(code: string): string {
  return code.split("").join(", ");
}

function lettersOf(text: string): string {
  let letters = "";
  for (const letter of text.toUpperCase()) {
    if (LOBBY_CODE_ALPHABET.includes(letter)) letters += letter;
    if (isWholeCode(letters)) break;
  }
  return letters;
}
