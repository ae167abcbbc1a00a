import type { PeerId } from "../core/base/units.ts";
import type { Transmit } from "../core/ports/session.ts";
import type { Channel, SendOutcome } from "../core/ports/transport.ts";

/** Bytes that may wait for one peer. Half cuts off a link that a bad minute would have healed; double holds memory for the dead. */
export const OUTBOX_BYTES_MAX = 1_048_576;

interface Waiting {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

/** What waits for one peer, oldest first. */
interface Queue {
  readonly waiting: Waiting[];
  sizeBytes: number;
}

/** Hands bytes over; a transport's `send`. */
export type Send = (peer: PeerId, channel: Channel, bytes: Uint8Array) => SendOutcome;

/**
 * Stands between machines and a transport whose buffers are full at times. A datagram is skipped then, because the next one repeats
 * what it carried; what must arrive waits here, in order and in bounded memory.
 */
export class Outbox {
  readonly #send: Send;
  readonly #queues = new Map<PeerId, Queue>();
  #skippedDatagrams = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Datagrams that a full buffer turned away. */
  get skippedDatagrams(): number {
    return this.#skippedDatagrams;
  }

  /** `overflow`: the peer takes nothing and too much waits; hang up on it. */
  post({ to, channel, bytes }: Transmit): "sent" | "waiting" | "skipped" | "overflow" {
    const queue = this.#queues.get(to);
    if (channel === "unreliable") {
      if (this.#send(to, channel, bytes) === "sent") return "sent";
      this.#skippedDatagrams++;
      return "skipped";
    }
    // Behind others that wait, whatever the channel: order within one channel is what counts.
    const outcome = queue === undefined ? this.#send(to, channel, bytes) : "full";
    if (outcome === "sent") return "sent";
    if (outcome === "closed") return "skipped";
    return this.#enqueue(to, channel, bytes);
  }

  /** Tries again what waits. Call it every few milliseconds. */
  retry(): void {
    for (const [peerId, queue] of this.#queues) {
      for (let next = queue.waiting[0]; next !== undefined; next = queue.waiting[0]) {
        const outcome = this.#send(peerId, next.channel, next.bytes);
        if (outcome === "full") break;
        queue.waiting.shift();
        queue.sizeBytes -= next.bytes.length;
      }
      if (queue.waiting.length === 0) this.#queues.delete(peerId);
    }
  }

  /** The channels to `peerId` are gone, and what waits for them with them. */
  forget(peerId: PeerId): void {
    this.#queues.delete(peerId);
  }

  #enqueue(peerId: PeerId, channel: Channel, bytes: Uint8Array): "waiting" | "overflow" {
    const queue = this.#queues.get(peerId) ?? { waiting: [], sizeBytes: 0 };
    if (queue.sizeBytes + bytes.length > OUTBOX_BYTES_MAX) return "overflow";
    queue.waiting.push({ channel, bytes: bytes.slice() });
    queue.sizeBytes += bytes.length;
    this.#queues.set(peerId, queue);
    return "waiting";
  }
}
