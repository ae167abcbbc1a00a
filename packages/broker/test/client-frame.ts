/** Bytes of a WebSocket frame of a client (RFC 6455 section 5.2) with a mask of zeros. */
export function clientFrame(
  payload: string | Buffer,
  { opcode = 1, fin = true }: { readonly opcode?: number; readonly fin?: boolean } = {},
): Buffer {
  const body = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | opcode;
  const length = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([first, ...length, 0, 0, 0, 0]), body]);
}
