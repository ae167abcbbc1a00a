import type { LobbyCode } from "../base/units.ts";
import * as LOBBY_LIMITS from "./lobby-limits.ts";
import { LOBBY_CODE_ALPHABET, LOBBY_CODE_LENGTH, LOBBY_CODE_LENGTH_MAX } from "./lobby-types.ts";

/** The code inside a link: `…/#j=KXRTM`, also after other parameters. */
const LINK_PATTERN = /[#?&]j=([^\s&#]*)/iu;
/** The secret of an invite, and a reservation, behind the code. */
const SECRET_PATTERN = /(?:\.[A-Za-z0-9_-]{23})?(?:~[A-Za-z0-9_-]{16,64})?\s*$/u;
/** White space, dashes of any kind, and the invisible characters that chats put into copied text. */
const FILLER_PATTERN = /%20|[\s\p{Pd}\p{Cf}_.]/gu;
const CODE_PATTERN = new RegExp(
  `^[${LOBBY_CODE_ALPHABET}${LOBBY_CODE_ALPHABET.toLowerCase()}]{${LOBBY_CODE_LENGTH},${LOBBY_CODE_LENGTH_MAX}}$`,
);

/**
 * Reads a code as people type and paste it: any case, with spaces and dashes, or a whole link with `#j=CODE`, with or without
 * the secret of an invite and a reservation.
 * `undefined` for everything that cannot be a code: `null`, too, which is what an address without the parameter gives.
 */
export function normalizeLobbyCode(text: string | null | undefined): LobbyCode | undefined {
  if (typeof text !== "string" || text.length > LOBBY_LIMITS.codeUnits) return undefined;
  const bare = (LINK_PATTERN.exec(text)?.[1] ?? text).replace(SECRET_PATTERN, "").replace(FILLER_PATTERN, "");
  // Tested before it is raised to upper case: "ß" becomes "SS" there.
  return CODE_PATTERN.test(bare) ? (bare.toUpperCase() as LobbyCode) : undefined;
}
