import { asciiBytes } from "../base/ascii.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { parsePeerId, type PeerId } from "../base/units.ts";

/** Length: u8, then letters, digits, `-` and `_`. */
export function writePeerId(writer: ByteWriter, peerId: PeerId): void {
  writer.u8(peerId.length);
  writer.bytes(asciiBytes(peerId));
}

export function readPeerId(reader: ByteReader): PeerId | undefined {
  const text = String.fromCharCode(...reader.view(reader.u8()));
  return reader.failed ? undefined : parsePeerId(text);
}
