import { LOBBY_CODE_ALPHABET, LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX } from "@rollcall/netcode/lobby-protocol";

const LETTERS = `[${LOBBY_CODE_ALPHABET}]`;
/** A code ends where its secrets begin. */
const LINK = /#(?:[^#\s]*&)?j=([^&#\s.~]*)/i;
/** A code with the secret of an invite, with a reservation, or both. */
const INVITE = new RegExp(
  `(?<![A-Za-z0-9])(${LETTERS}{${LOBBY_CODE_LENGTH},${LOBBY_CODE_LENGTH_MAX}})((?=[.~])(?:\\.[A-Za-z0-9_-]{23})?(?:~[A-Za-z0-9_-]{16,64})?)(?![A-Za-z0-9_~-])`,
  "i",
);

/**
 * Reads what somebody typed or pasted into the code field: a code in any case, with spaces or dashes, a whole link, or a message that has
 * one of these in it. Returns letters of the code alphabet; fewer than a code has while the person is still typing. `length`: letters of a code, where that is known;
 * a link may have another one's.
 */
export function readLobbyCode(text: string, length?: number): string {
  const upper = text.toUpperCase();
  const linked = LINK.exec(upper)?.[1];
  if (linked !== undefined) return lettersOf(linked, LOBBY_CODE_LENGTH_MAX);
  const most = length ?? LOBBY_CODE_LENGTH_MAX;
  const letters = lettersOf(upper.replace(INVITE, "$1"), most);
  if (upper.replace(/[^A-Z0-9]/g, "").length <= most) return letters;
  const [, head, tail] = standalone(length).exec(upper) ?? [];
  return head === undefined || tail === undefined ? letters : `${head}${tail}`;
}

/** Whether something was typed that no code has: it was misread, or misheard. A link or a message has all kinds of letters. */
export function hasForeignLetters(text: string, length: number = LOBBY_CODE_LENGTH_MAX): boolean {
  const typed = text.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return typed.length <= length && lettersOf(typed, length) !== typed;
}

/** Whether the code in it is whole, however many letters it has: it is in a link, or has a secret behind it. */
export function isCodeEnded(text: string): boolean {
  return LINK.test(text) || readInvite(text) !== undefined;
}

/** The invite in a link or a message, `CODE.SECRET`, with a reservation if there is one; `undefined` where there is only a code. Codes may be typed in any case, secrets not. */
export function readInvite(text: string): string | undefined {
  const [, code, secrets] = INVITE.exec(text) ?? [];
  return code === undefined || secrets === undefined || secrets === "" ? undefined : `${code.toUpperCase()}${secrets}`;
}

/** The invite, if it is one to this lobby. */
export function inviteTo(code: string, invite: string | undefined): string | undefined {
  return invite?.split(/[.~]/, 1)[0] === code ? invite : undefined;
}

/** True when it may be a code: how many letters they have is the lobby server's to say. */
export function isWholeCode(code: string): boolean {
  return code.length >= LOBBY_CODE_LENGTH;
}

/** The code for a screen reader, letter by letter: `K, X, R, T, M`. */
export function spellCode(code: string): string {
  return code.split("").join(", ");
}

/** A code standing alone inside a longer text, whole or as it is shown (`KXR TM`). */
function standalone(length: number | undefined): RegExp {
  const [least, most] = length === undefined ? [LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX] : [length, length];
  return new RegExp(`(?<![A-Z0-9])(${LETTERS}{3})[ -]?(${LETTERS}{${least - 3},${most - 3}})(?![A-Z0-9])`);
}

function lettersOf(text: string, most: number): string {
  let letters = "";
  for (const letter of text.toUpperCase()) {
    if (LOBBY_CODE_ALPHABET.includes(letter)) letters += letter;
    if (letters.length === most) break;
  }
  return letters;
}
