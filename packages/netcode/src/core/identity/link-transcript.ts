/**
 * What one end of a link signs. Numbers are little-endian; a text is a length byte and ASCII.
 *
 *   "rollcall/link/1" 15 | way 1 | link version 1 | INSTANCES 8 | FINGERPRINTS 64 | game version 4 | content hash 4 | lobby | signer id | other id | game id
 *
 *   way            0 own connection, 1 over a member in the middle
 *   INSTANCES      the signer's 4, the other's 4 (0 on an own connection: it would cost a round trip to know it, and the fingerprints are fresh)
 *   FINGERPRINTS   the signer's certificate 32, the other's 32, as the signer sees them (0 over a member in the middle: there are none)
 */
import { asciiBytes } from "../base/ascii.ts";
import { ByteWriter } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import { FINGERPRINT_BYTES, type Fingerprints } from "../ports/membership.ts";

const DOMAIN = "rollcall/link/1";
const NO_FINGERPRINT = new Uint8Array(FINGERPRINT_BYTES);

/** One end, as both ends know it. */
export interface TranscriptEnd {
  readonly peerId: PeerId;
  readonly instance: number;
}

export interface LinkTranscript {
  readonly linkVersion: number;
  /** The lobby's code. */
  readonly lobby: string;
  readonly game: GameIdentity;
  readonly signer: TranscriptEnd;
  readonly other: TranscriptEnd;
  /** The signer's certificate as `local`; `undefined` over a member in the middle. */
  readonly fingerprints: Fingerprints | undefined;
}

/** Equal at both ends exactly when both are at the two ends of one connection, with the same lobby, ids and game in mind. */
export function encodeLinkTranscript({ linkVersion, lobby, game, signer, other, fingerprints }: LinkTranscript): Uint8Array {
  const texts = [lobby, signer.peerId, other.peerId, game.id];
  const sizeBytes = texts.reduce((sum, text) => sum + 1 + text.length, DOMAIN.length + 2 + 8 + 2 * FINGERPRINT_BYTES + 8);
  const writer = new ByteWriter(new Uint8Array(sizeBytes));
  writer.bytes(asciiBytes(DOMAIN));
  writer.u8(fingerprints === undefined ? 1 : 0);
  writer.u8(linkVersion);
  writer.u32(signer.instance);
  writer.u32(fingerprints === undefined ? other.instance : 0);
  writer.bytes(fingerprints?.local ?? NO_FINGERPRINT);
  writer.bytes(fingerprints?.remote ?? NO_FINGERPRINT);
  writer.u32(game.version);
  writer.u32(Number.parseInt(game.contentHash, 16));
  for (const text of texts) {
    writer.u8(text.length);
    writer.bytes(asciiBytes(text));
  }
  return writer.written();
}
