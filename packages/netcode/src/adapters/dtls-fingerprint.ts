import { FINGERPRINT_BYTES } from "../core/ports/membership.ts";

const LINE_PATTERN = /^a=fingerprint:\s*(\S+)\s+(\S+)\s*$/gim;
const BYTES_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2})*$/i;

/**
 * The one certificate that a description allows. `undefined` when it names none, another hash than SHA-256, or several: engines differ in which of them
 * they then hold the other end to (RFC 8122 section 5 allows any that matches), so that one could be shown to us and another used.
 */
export function fingerprintOf(sdp: string | undefined): Uint8Array | undefined {
  const lines = [...(sdp ?? "").matchAll(LINE_PATTERN)];
  const values = new Set(lines.map(([, hash, value]) => `${hash} ${value}`.toLowerCase()));
  const [value = ""] = values;
  const [hash, text = ""] = value.split(" ");
  if (values.size !== 1 || hash !== "sha-256" || !BYTES_PATTERN.test(text)) return undefined;
  const bytes = Uint8Array.from(text.split(":"), (pair) => Number.parseInt(pair, 16));
  return bytes.length === FINGERPRINT_BYTES ? bytes : undefined;
}
