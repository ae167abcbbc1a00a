import type { PeerId } from "../core/base/units.ts";

/** Half a second of datagrams of seven peers at 60 frames a second is 210. More than this is not a head start. */
const PACKETS_MAX = 256;
const BYTES_MAX = 131_072;

/** Later than this the broker's word will not come any more, or the packets have been repeated. */
const AGE_MS_MAX = 2_000;

interface EarlyPacket {
  readonly receivedMs: number;
  readonly from: PeerId;
  readonly bytes: Uint8Array;
}

/** Packets of a match that others heard of a moment before us, kept until our own session is there. Bounded; the oldest go first. */
export class EarlyPackets {
  readonly #packets: EarlyPacket[] = [];
  #sizeBytes = 0;

  /** Copies `bytes`. */
  keep(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    this.#packets.push({ receivedMs: nowMs, from, bytes: bytes.slice() });
    this.#sizeBytes += bytes.length;
    while (this.#packets.length > PACKETS_MAX || this.#sizeBytes > BYTES_MAX) this.#dropOldest();
  }

  /** Removes and returns those that are still of use, in the order in which they came. */
  takeAll(nowMs: number): readonly EarlyPacket[] {
    const packets = this.#packets.splice(0).filter(({ receivedMs }) => nowMs - receivedMs <= AGE_MS_MAX);
    this.#sizeBytes = 0;
    return packets;
  }

  #dropOldest(): void {
    this.#sizeBytes -= this.#packets.shift()?.bytes.length ?? 0;
  }
}
