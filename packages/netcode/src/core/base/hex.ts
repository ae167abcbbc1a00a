/** Bytes as two lowercase hex digits each. */
export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `undefined` for any text that `encodeHex` does not write for `sizeBytes` bytes; left out: for any number of them. */
export function decodeHex(text: string, sizeBytes: number = Math.floor(text.length / 2)): Uint8Array | undefined {
  if (text.length !== 2 * sizeBytes || /[^0-9a-f]/.test(text)) return undefined;
  return Uint8Array.from({ length: sizeBytes }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}
