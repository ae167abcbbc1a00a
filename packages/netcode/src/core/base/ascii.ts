/** A text of ASCII as bytes. A letter beyond it makes another text, the same everywhere. */
export function asciiBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  // By index: letters of a whole description that are handed out one by one cost a page, in which this is called for the first time, a millisecond and more.
  for (let index = 0; index < bytes.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
