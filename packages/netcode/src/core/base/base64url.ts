/** Bytes as text that may stand in a link: RFC 4648 section 5, without padding. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function encodeBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const letters = Math.min(3, bytes.length - index) + 1;
    for (let letter = 0; letter < letters; letter++) text += ALPHABET.charAt((group >>> (18 - 6 * letter)) & 63);
  }
  return text;
}

/** `undefined` for any text that `encodeBase64Url` does not write for `sizeBytes` bytes; left out: for any number of them. */
export function decodeBase64Url(text: string, sizeBytes: number = Math.floor((text.length * 3) / 4)): Uint8Array | undefined {
  if (text.length !== Math.ceil((sizeBytes * 4) / 3)) return undefined;
  const bytes = new Uint8Array(sizeBytes);
  let bits = 0;
  let bitCount = 0;
  let size = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[size++] = (bits >>> bitCount) & 0xff;
  }
  // What is left over of the last letter is zero in the one way to write these bytes.
  return (bits & ((1 << bitCount) - 1)) === 0 ? bytes : undefined;
}
