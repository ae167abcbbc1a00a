/** What one receiver takes. The sender learns of a refusal before a byte of the file travels. */
export interface BulkLimits {
  /** Of one file. */
  readonly sizeBytes: number;
  /** Of all unfinished files of one peer together. */
  readonly peerBytes: number;
  /** Of all unfinished files of all peers together. */
  readonly totalBytes: number;
  /** Files of one peer at once, those that wait for an answer included. */
  readonly atOnce: number;
}

/** A replay has 40 kB, a level a few MB, a photo 10. At half, photos are refused; at double, eight peers could fill a phone's memory. */
export const BULK_LIMITS: BulkLimits = { sizeBytes: 16_777_216, peerBytes: 33_554_432, totalBytes: 67_108_864, atOnce: 4 };

/** Bytes of a file in one message: with headers one SCTP packet of 1,191 B. A longer one is cut in two, which doubles what is in front of a datagram. */
export const PIECE_BYTES = 1_100;

/** Name, type and the game's own description of a file, as encoded. */
export const ABOUT_BYTES_MAX = 1_024;

/** Files that wait to be sent to one peer. */
export const OUTGOING_MAX = 32;

/** A file is hashed and kept in blocks of this size, so that memory grows with what has come and not with what was announced. */
export const BLOCK_BYTES = 65_536;
