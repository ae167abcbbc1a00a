const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Bytes as text for a link (RFC 4648 §5, without padding): four characters for three bytes. */
export function toLinkText(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const count = Math.min(3, bytes.length - index) + 1;
    for (let place = 0; place < count; place++) text += ALPHABET[(group >>> (18 - 6 * place)) & 63] ?? "";
  }
  return text;
}

/** Reads what `toLinkText` wrote; `undefined` for anything else. */
export function fromLinkText(text: string): Uint8Array | undefined {
  const sizeBytes = Math.floor((text.length * 3) / 4);
  const bytes = new Uint8Array(sizeBytes);
  if (text.length % 4 === 1) return undefined;
  for (let index = 0; index < text.length; index += 4) {
    let group = 0;
    for (let place = 0; place < 4; place++) {
      const value = index + place < text.length ? ALPHABET.indexOf(text.charAt(index + place)) : 0;
      if (value < 0) return undefined;
      group = (group << 6) | value;
    }
    const start = (index / 4) * 3;
    for (let place = 0; place < 3; place++) {
      const byte = (group >>> (16 - 8 * place)) & 0xff;
      if (start + place < sizeBytes) bytes[start + place] = byte;
      // One text for the same bytes.
      else if (byte !== 0) return undefined;
    }
  }
  return bytes;
}
