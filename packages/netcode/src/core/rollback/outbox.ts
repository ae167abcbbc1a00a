import { ByteWriter } from "../base/bytes.ts";
import type { PeerId } from "../base/units.ts";
import type { Transmit } from "../ports/session.ts";
import { SESSION_DATAGRAM_BYTES_MAX, type Channel } from "../ports/transport.ts";

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** The one datagram and the one `Transmit` that a session hands out over and over, and how much of it went out. */
export class Outbox {
  readonly #datagram = new Uint8Array(SESSION_DATAGRAM_BYTES_MAX);
  /** For the next datagram: `reset` it, write, then `datagram`. */
  readonly writer: ByteWriter = new ByteWriter(this.#datagram);
  /** Views of the datagram by size, made when first needed: most matches see some twenty sizes. */
  readonly #views: (Uint8Array | undefined)[] = [];
  readonly #transmit: Mutable<Transmit>;
  #datagramsSent = 0;
  #datagramBytesSent = 0;

  constructor(localPeerId: PeerId) {
    this.#transmit = { to: localPeerId, channel: "unreliable", bytes: new Uint8Array(0) };
  }

  get datagramsSent(): number {
    return this.#datagramsSent;
  }

  get datagramBytesSent(): number {
    return this.#datagramBytesSent;
  }

  /** What the writer holds, for `to`. Valid until the next call. */
  datagram(to: PeerId): Transmit {
    const { sizeBytes } = this.writer;
    this.#datagramsSent++;
    this.#datagramBytesSent += sizeBytes;
    return this.transmit(to, "unreliable", (this.#views[sizeBytes] ??= this.#datagram.subarray(0, sizeBytes)));
  }

  transmit(to: PeerId, channel: Channel, bytes: Uint8Array): Transmit {
    this.#transmit.to = to;
    this.#transmit.channel = channel;
    this.#transmit.bytes = bytes;
    return this.#transmit;
  }
}
