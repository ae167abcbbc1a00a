import { assert } from "../core/base/assert.ts";
import type { PeerId } from "../core/base/units.ts";
import { FINGERPRINT_BYTES, type Fingerprints } from "../core/ports/membership.ts";
import {
  CHANNEL_BYTES_MAX,
  type Channel,
  type ChannelsClosedReason,
  type SendOutcome,
  type Transport,
  type TransportHandler,
} from "../core/ports/transport.ts";

/**
 * Peers of one process that reach each other without a network: for tests, local play and examples.
 * Everything is delivered in a microtask, in order, without loss.
 */
export class LoopbackHub {
  readonly #transports = new Map<PeerId, LoopbackTransport>();

  /** A transport for `localPeerId`. An id can be used again once its transport is disposed. */
  connect(localPeerId: PeerId): Transport {
    assert(!this.#transports.has(localPeerId), "a peer id that is not on the hub");
    const transport = new LoopbackTransport(localPeerId, this.#transports);
    this.#transports.set(localPeerId, transport);
    return transport;
  }
}

/** One end of a pair. Each attempt makes two new ones, so that what an older attempt still has under way finds a closed end. */
interface LoopbackEnd {
  readonly owner: LoopbackTransport;
  readonly peer: PeerId;
  other: LoopbackEnd | undefined;
  state: "opening" | "open" | "closed";
  readonly bufferedBytes: Record<Channel, number>;
}

class LoopbackTransport implements Transport {
  readonly localPeerId: PeerId;
  readonly #transports: Map<PeerId, LoopbackTransport>;
  readonly #accepted = new Set<PeerId>();
  readonly #ends = new Map<PeerId, LoopbackEnd>();
  #handler: TransportHandler | undefined;
  #disposed = false;

  constructor(localPeerId: PeerId, transports: Map<PeerId, LoopbackTransport>) {
    this.localPeerId = localPeerId;
    this.#transports = transports;
  }

  setHandler(handler: TransportHandler): void {
    this.#handler = handler;
  }

  dial(peer: PeerId): void {
    if (this.#disposed) return;
    this.#drop(peer);
    const end = this.#open(peer);
    queueMicrotask(() => this.#signal(end));
  }

  accept(peer: PeerId): void {
    if (!this.#disposed) this.#accepted.add(peer);
  }

  hangUp(peer: PeerId): void {
    this.#accepted.delete(peer);
    this.#drop(peer);
  }

  send(peer: PeerId, channel: Channel, bytes: Uint8Array): SendOutcome {
    assert(bytes.length > 0 && bytes.length <= CHANNEL_BYTES_MAX[channel], "a message within the limit of its channel");
    const end = this.#ends.get(peer);
    if (end === undefined || end.state !== "open" || end.other === undefined) return "closed";
    const other = end.other;
    const copy = bytes.slice();
    end.bufferedBytes[channel] += copy.length;
    queueMicrotask(() => {
      end.bufferedBytes[channel] -= copy.length;
      if (other.state === "open") other.owner.#handler?.handlePacket(other.peer, channel, copy);
    });
    return "sent";
  }

  bufferedBytes(peer: PeerId, channel: Channel): number {
    return this.#ends.get(peer)?.bufferedBytes[channel] ?? 0;
  }

  /** There is nothing in between that could have others. */
  fingerprints(peer: PeerId): Fingerprints | undefined {
    return this.#ends.get(peer)?.state === "open"
      ? { local: standInFingerprint(this.localPeerId), remote: standInFingerprint(peer) }
      : undefined;
  }

  path(peer: PeerId): "direct" | undefined {
    return this.#ends.get(peer)?.state === "open" ? "direct" : undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const peer of this.#ends.keys()) this.#drop(peer);
    this.#accepted.clear();
    this.#transports.delete(this.localPeerId);
  }

  /** The offer arrives: both ends open, or the attempt is over. */
  #signal(end: LoopbackEnd): void {
    if (end.state === "closed") return;
    const target = this.#transports.get(end.peer);
    // A peer that has not accepted us stays silent, as one behind a network does.
    if (target === undefined) return this.#close(end, "unreachable");
    if (!target.#accepted.has(this.localPeerId)) return;
    const older = target.#ends.get(this.localPeerId);
    if (older !== undefined) target.#close(older, "replaced");
    const other = target.#open(this.localPeerId);
    end.other = other;
    other.other = end;
    end.state = "open";
    other.state = "open";
    queueMicrotask(() => other.owner.#announce(other));
    queueMicrotask(() => this.#announce(end));
  }

  #announce(end: LoopbackEnd): void {
    if (end.state === "open") this.#handler?.handleChannelsOpen(end.peer);
  }

  #open(peer: PeerId): LoopbackEnd {
    const end: LoopbackEnd = {
      owner: this,
      peer,
      other: undefined,
      state: "opening",
      bufferedBytes: { unreliable: 0, reliable: 0, control: 0, bulk: 0 },
    };
    this.#ends.set(peer, end);
    return end;
  }

  /** Ends the pair from this side without an event here; the other side hears `remote`. */
  #drop(peer: PeerId): void {
    const end = this.#ends.get(peer);
    if (end === undefined) return;
    this.#ends.delete(peer);
    end.state = "closed";
    const other = end.other;
    if (other !== undefined) queueMicrotask(() => other.owner.#close(other, "remote"));
  }

  #close(end: LoopbackEnd, reason: ChannelsClosedReason): void {
    if (end.state === "closed") return;
    end.state = "closed";
    if (this.#ends.get(end.peer) === end) this.#ends.delete(end.peer);
    this.#handler?.handleChannelsClosed(end.peer, reason);
  }
}

function standInFingerprint(peer: PeerId): Uint8Array {
  return Uint8Array.from({ length: FINGERPRINT_BYTES }, (_, index) => peer.charCodeAt(index % peer.length));
}
