import { decodeHex } from "../core/base/hex.ts";
import { FINGERPRINT_BYTES } from "../core/ports/membership.ts";

const LINE_PATTERN = /^[ \t]*a[ \t]*=[ \t]*fingerprint[ \t]*:[ \t]*(\S+)[ \t]+(.*\S)[ \t\r]*$/gim;
const BYTES_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i;

/**
 * Every certificate that a description names, in lower case. Read as the laxest of parsers reads: what one engine takes for a certificate must not go
 * unseen here, as Firefox allows any blanks around the hash, and capitals in the attribute (sipcc, sdp_attr.c).
 */
export function certificatesIn(sdp: string): ReadonlySet<string> {
  return new Set(Array.from(sdp.matchAll(LINE_PATTERN), ([, hash, value]) => `${hash} ${value}`.toLowerCase()));
}

/**
 * The one certificate that a description allows. `undefined` when it names none, another hash than SHA-256, or several: engines differ in which of them
 * they then hold the other end to (RFC 8122 section 5 allows any that matches), so that one could be shown to us and another used.
 */
export function fingerprintOf(sdp: string | undefined): Uint8Array | undefined {
  const values = certificatesIn(sdp ?? "");
  const [value = ""] = values;
  const [hash, text = ""] = value.split(" ");
  if (values.size !== 1 || hash !== "sha-256" || !BYTES_PATTERN.test(text)) return undefined;
  return decodeHex(text.replaceAll(":", ""), FINGERPRINT_BYTES);
}
