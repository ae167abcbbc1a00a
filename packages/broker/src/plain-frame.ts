/** FIN, and the opcode of a text (RFC 6455 section 5.2). */
const TEXT = 0x81;
const LENGTH_MAX = 125;
const LENGTH_16 = 126;
const LENGTH_16_MAX = 0xffff;

/**
 * A text frame as a server sends it, each unit of the string a byte: `81 length text`, from 126 bytes on `81 126 length16 text`. One string is one write of one piece; `ws` writes head and
 * text apart, which costs the broker a tenth of a relayed signal. `undefined`: the text is not ASCII, or is long; `ws` knows how.
 */
export function plainFrame(text: string): string | undefined {
  const { length } = text;
  if (length > LENGTH_16_MAX || Buffer.byteLength(text) !== length) return undefined;
  const head = length <= LENGTH_MAX ? String.fromCharCode(TEXT, length) : String.fromCharCode(TEXT, LENGTH_16, length >> 8, length & 0xff);
  return head + text;
}
