import { decodeBase64Url, encodeBase64Url } from "../base/base64url.ts";

/** Bits that nobody can guess, made by the page that opens the lobby, and handed on in links alone: no broker ever has them. */
export const INVITE_SECRET_BYTES = 16;

/** What a link carries beside the code. */
export interface Invite {
  readonly secret: Uint8Array;
  /** Members without the secret are refused. */
  readonly isRequired: boolean;
}

/** The part after the code: `#j=KXRTM.SECRET`. White space and dashes of another kind do not get into a link by typing: it is copied or scanned. */
const LINK_PATTERN = /[#?&]j=[^\s&#.]*\.([A-Za-z0-9_-]{23})(?:[~&#\s]|$)/iu;
const BARE_PATTERN = /^\s*[A-Za-z]{5,8}\.([A-Za-z0-9_-]{23})(?:~\S*)?\s*$/;
/** Behind both of them, what a held seat is taken with: `#j=KXRTM.SECRET~RESERVATION`. */
const RESERVATION_PATTERN = /[A-Za-z]{5,8}(?:\.[A-Za-z0-9_-]{23})?~([A-Za-z0-9_-]{16,64})(?![A-Za-z0-9_-])/;

/** `CODE.SECRET`: put it after `#j=` in a link. */
export function writeInvite(code: string, { secret, isRequired }: Invite): string {
  const bytes = new Uint8Array(1 + INVITE_SECRET_BYTES);
  bytes[0] = isRequired ? 1 : 0;
  bytes.set(secret, 1);
  return `${code}.${encodeBase64Url(bytes)}`;
}

/** The invite in a link, or in what `writeInvite` wrote; `undefined` where there is only a code. */
export function readInvite(text: string): Invite | undefined {
  const written = (LINK_PATTERN.exec(text) ?? BARE_PATTERN.exec(text))?.[1];
  const bytes = written === undefined ? undefined : decodeBase64Url(written, 1 + INVITE_SECRET_BYTES);
  if (bytes === undefined || (bytes[0] ?? 0) > 1) return undefined;
  return { secret: bytes.subarray(1), isRequired: bytes[0] === 1 };
}

/** An invite, or a code alone, with which somebody takes the seat that is held for it. */
export function writeReservation(invite: string, reservation: string): string {
  return `${invite}~${reservation}`;
}

/** The reservation in a link, or in what `writeReservation` wrote. */
export function readReservation(text: string): string | undefined {
  return RESERVATION_PATTERN.exec(text)?.[1];
}
