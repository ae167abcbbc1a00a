/** A text of ASCII as bytes. A letter beyond it makes another text, the same everywhere. */
export function asciiBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
