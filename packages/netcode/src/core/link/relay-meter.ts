import { TokenBucket } from "../base/token-bucket.ts";

/** Bytes that one member may have forwarded a second, and at once. Half starves a leaf of an eight-player star that joins a match; double is 4 Mbit/s of somebody's uplink. */
const RATE_BYTES_PER_S = 262_144;
const BURST_BYTES = 131_072;
/** What a packet costs beside its bytes: headers, and the work of forwarding. With it the rate is at most 1,000 packets a second. */
const PACKET_BYTES = 256;

/** How much one member still may have forwarded. */
export class RelayMeter {
  readonly #bytes = new TokenBucket(RATE_BYTES_PER_S, BURST_BYTES);

  /** Takes the price of a packet of `sizeBytes`. False: too much; the packet is to be dropped. */
  take(nowMs: number, sizeBytes: number): boolean {
    return this.#bytes.take(nowMs, sizeBytes + PACKET_BYTES);
  }
}
