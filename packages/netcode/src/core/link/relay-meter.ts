/** Bytes that one member may have forwarded a second, and at once. Half starves a leaf of an eight-player star that joins a match; double is 4 Mbit/s of somebody's uplink. */
const RATE_BYTES_PER_S = 262_144;
const BURST_BYTES = 131_072;
/** What a packet costs beside its bytes: headers, and the work of forwarding. With it the rate is at most 1,000 packets a second. */
const PACKET_BYTES = 256;

/** How much one member still may have forwarded: a token bucket. */
export class RelayMeter {
  #leftBytes = BURST_BYTES;
  #nowMs = 0;

  /** Takes the price of a packet of `sizeBytes`. False: too much; the packet is to be dropped. */
  take(nowMs: number, sizeBytes: number): boolean {
    this.#leftBytes = Math.min(BURST_BYTES, this.#leftBytes + ((nowMs - this.#nowMs) * RATE_BYTES_PER_S) / 1_000);
    this.#nowMs = nowMs;
    const price = sizeBytes + PACKET_BYTES;
    if (price > this.#leftBytes) return false;
    this.#leftBytes -= price;
    return true;
  }
}
