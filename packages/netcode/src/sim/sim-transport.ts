import { assert, unreachable } from "../core/base/assert.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Fingerprints } from "../core/ports/membership.ts";
import {
  CAPABILITY,
  CHANNEL_BYTES_MAX,
  type Channel,
  type SendOutcome,
  type Transport,
  type TransportHandler,
} from "../core/ports/transport.ts";
import type { NegotiationCommand } from "../core/ports/negotiation.ts";
import { SimConnection, type ConnectionListener, type ConnectionSide } from "./sim-connection.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SignalingMessage, SimSignaling } from "./sim-signaling.ts";

/** What this transport knows of one peer. */
interface Contact {
  readonly peer: PeerId;
  accepts: boolean;
  /** Our own newest dial that waits for its answer; 0 when none does. */
  dialling: number;
  /** Newest attempt of theirs that was answered. */
  answered: number;
  connection: SimConnection | undefined;
  /** Which end of `connection` is ours. */
  side: ConnectionSide;
}

const SILENT: TransportHandler = { handleChannelsOpen: () => {}, handleChannelsClosed: () => {}, handlePacket: () => {} };

/**
 * A transport in virtual time: lossy signaling, a handshake over the links, channels that open at different times at both ends.
 * Everything that it reports comes from the network's scheduler, never from inside a call.
 *
 * ```ts
 * const network = new SimNetwork({ seed: 7 });
 * const signaling = new SimSignaling(network.scheduler, network.random("signaling"), SIGNALING_DEFAULTS);
 * const ada = new SimTransport(network, signaling, adaId);
 * const bob = new SimTransport(network, signaling, bobId);
 * bob.accept(adaId);
 * ada.dial(bobId);
 * network.scheduler.runUntil(1_000);
 * ```
 */
export class SimTransport implements Transport {
  readonly localPeerId: PeerId;
  readonly capabilities: number;
  readonly isMutual = true;
  readonly #network: SimNetwork;
  readonly #signaling: SimSignaling;
  readonly #contacts = new Map<PeerId, Contact>();
  #handler: TransportHandler = SILENT;
  #state: "alive" | "killed" | "disposed" = "alive";

  /** `capabilities`: 0 for a transport that cannot restart ICE, as that of a Node peer. */
  constructor(
    network: SimNetwork,
    signaling: SimSignaling,
    localPeerId: PeerId,
    capabilities: number = CAPABILITY.iceRestart | CAPABILITY.media,
  ) {
    this.localPeerId = localPeerId;
    this.capabilities = capabilities;
    this.#network = network;
    this.#signaling = signaling;
    signaling.register(localPeerId, (from, message) => this.#handleSignal(from, message));
  }

  setHandler(handler: TransportHandler): void {
    this.#handler = handler;
  }

  dial(peer: PeerId): void {
    assert(peer !== this.localPeerId, "another peer to dial");
    if (this.#state !== "alive") return;
    const contact = this.#contact(peer);
    this.#disconnect(contact);
    contact.dialling = this.#signaling.nextAttempt();
    this.#signaling.send(this.localPeerId, peer, { type: "offer", attempt: contact.dialling });
  }

  accept(peer: PeerId): void {
    assert(peer !== this.localPeerId, "another peer to accept");
    if (this.#state === "alive") this.#contact(peer).accepts = true;
  }

  hangUp(peer: PeerId): void {
    const contact = this.#contacts.get(peer);
    if (contact === undefined) return;
    contact.accepts = false;
    contact.dialling = 0;
    this.#disconnect(contact);
  }

  send(peer: PeerId, channel: Channel, bytes: Uint8Array): SendOutcome {
    const bytesMax = CHANNEL_BYTES_MAX[channel];
    assert(bytes.length <= bytesMax, `at most ${bytesMax} bytes on ${channel}, got ${bytes.length}`);
    if (this.#state !== "alive") return "closed";
    const contact = this.#contacts.get(peer);
    return contact?.connection?.send(contact.side, channel, bytes) ?? "closed";
  }

  bufferedBytes(peer: PeerId, channel: Channel): number {
    const contact = this.#contacts.get(peer);
    return contact?.connection?.bufferedBytes(contact.side, channel) ?? 0;
  }

  path(peer: PeerId): "direct" | "turn" | undefined {
    const contact = this.#contacts.get(peer);
    return contact?.connection?.isOpen(contact.side) === true ? "direct" : undefined;
  }

  fingerprints(peer: PeerId): Fingerprints | undefined {
    const contact = this.#contacts.get(peer);
    return contact?.connection?.fingerprints(contact.side);
  }

  negotiate(peer: PeerId, command: NegotiationCommand): void {
    const contact = this.#contacts.get(peer);
    if (this.#state === "alive" && (this.capabilities & CAPABILITY.iceRestart) !== 0) contact?.connection?.negotiate(contact.side, command);
  }

  signal(peer: PeerId, bytes: Uint8Array): void {
    if (this.#state === "alive") this.#signaling.send(this.localPeerId, peer, { type: "signal", bytes: bytes.slice() });
  }

  /** The connection to `peer`, for its faults. */
  connectionTo(peer: PeerId): SimConnection | undefined {
    return this.#contacts.get(peer)?.connection;
  }

  dispose(): void {
    if (this.#state !== "alive") return;
    for (const peer of this.#contacts.keys()) this.hangUp(peer);
    this.#contacts.clear();
    this.#state = "disposed";
    this.#signaling.unregister(this.localPeerId);
  }

  /** The process ends without a word: nobody gets a close event, nothing is sent or heard any more, the broker notices nothing yet. */
  kill(): void {
    if (this.#state !== "alive") return;
    this.#state = "killed";
    this.#network.kill(this.localPeerId);
  }

  #contact(peer: PeerId): Contact {
    let contact = this.#contacts.get(peer);
    if (contact === undefined) {
      contact = { peer, accepts: false, dialling: 0, answered: 0, connection: undefined, side: "dialler" };
      this.#contacts.set(peer, contact);
    }
    return contact;
  }

  #disconnect(contact: Contact): void {
    const { connection, side } = contact;
    contact.connection = undefined;
    connection?.close(side);
  }

  #handleSignal(from: PeerId, message: SignalingMessage): void {
    const contact = this.#contacts.get(from);
    if (this.#state !== "alive" || contact === undefined) return;
    switch (message.type) {
      case "offer":
        return this.#handleOffer(contact, message.attempt);
      case "answer":
        // A doubled answer, or one to a dial that a newer one replaced.
        if (message.attempt !== contact.dialling) return;
        contact.dialling = 0;
        this.#attach(contact, message.connection, "dialler");
        message.connection.join(this.localPeerId, this.#listener(contact));
        return;
      case "no-such-peer":
        if (message.attempt !== contact.dialling) return;
        contact.dialling = 0;
        this.#handler.handleChannelsClosed(from, "unreachable");
        return;
      case "signal":
        this.#handler.handleSignal?.(from, message.bytes);
        return;
      default:
        return unreachable(message);
    }
  }

  #handleOffer(contact: Contact, attempt: number): void {
    // A doubled or overtaken offer is not newer than what was answered already.
    if (!contact.accepts || attempt <= contact.answered) return;
    contact.answered = attempt;
    const wasOpen = contact.connection?.isOpen(contact.side) === true;
    const connection = new SimConnection(this.#network, this.localPeerId, this.#listener(contact));
    this.#attach(contact, connection, "answerer");
    this.#signaling.send(this.localPeerId, contact.peer, { type: "answer", attempt, connection });
    if (wasOpen) this.#handler.handleChannelsClosed(contact.peer, "replaced");
  }

  #attach(contact: Contact, connection: SimConnection, side: ConnectionSide): void {
    this.#disconnect(contact);
    contact.connection = connection;
    contact.side = side;
  }

  /** Passes on what the contact's current connection tells, not what an older one still does. */
  #listener(contact: Contact): ConnectionListener {
    const isCurrent = (connection: SimConnection): boolean => this.#state === "alive" && contact.connection === connection;
    return {
      handleOpen: (connection) => {
        if (isCurrent(connection)) this.#handler.handleChannelsOpen(contact.peer);
      },
      handleMessage: (connection, channel, bytes) => {
        if (isCurrent(connection)) this.#handler.handlePacket(contact.peer, channel, bytes);
      },
      handleNegotiation: (connection, report) => {
        if (isCurrent(connection)) this.#handler.handleNegotiation?.(contact.peer, report);
      },
      handleClose: (connection, reason) => {
        if (!isCurrent(connection)) return;
        contact.connection = undefined;
        this.#handler.handleChannelsClosed(contact.peer, reason);
      },
    };
  }
}
