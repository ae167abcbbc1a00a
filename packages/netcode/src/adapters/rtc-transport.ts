import { assert } from "../core/base/assert.ts";
import { parsePeerId, type PeerId } from "../core/base/units.ts";
import type { Fingerprints } from "../core/ports/membership.ts";
import type { Channel, SendOutcome, Transport, TransportHandler } from "../core/ports/transport.ts";
import { BorrowedConnection, type GivenChannels, type ProvideChannel } from "./borrowed-connection.ts";
import { fingerprintOf } from "./dtls-fingerprint.ts";
import { LateChannel, type ChannelLike } from "./late-channel.ts";
import { RtcChannels } from "./rtc-channels.ts";

/** Labels of our channels on a connection of the game's: `rollcall/INSTANCE/ATTEMPT/CHANNEL`. The game's own handler of `datachannel` does not see them. */
const LABEL_PATTERN = /^rollcall\/([0-9a-f]{8})\/(\d{1,9})\/(unreliable|control|bulk|reliable)$/;

/** The acceptor's first message on `control`, and the only one of the transport's own: it has all channels, and takes them. */
const TAKEN = 0x00;

/** Bytes of the acceptor that may come before its `TAKEN`, on other channels. */
const EARLY_BYTES_MAX = 65_536;

/** What the channels of one pair run on. */
export type PeerConnectionSource = RTCPeerConnection | GivenChannels;

export interface RtcTransportOptions {
  /** Our own id: 1–64 letters, digits, `-` and `_`. */
  readonly peerId: string;
  /** A new connection to a peer is needed: there is none, or the one given has ended. Give it with `setConnection` when there is one. */
  readonly onConnectionNeeded?: (peerId: string) => void;
}

interface Attempt {
  readonly channels: RtcChannels;
  readonly made: readonly ChannelLike[];
  /** Of channels that the other end makes: those that wait for theirs, by name. */
  readonly awaited: ReadonlyMap<string, LateChannel>;
  /** Which attempt of the other end it answers, as in the labels. */
  readonly answers: string | undefined;
  isTaken: boolean;
  early: { readonly channel: Channel; readonly bytes: Uint8Array }[];
  earlyBytes: number;
}

/** How an attempt gets its channels. */
interface AttemptPlan {
  readonly connection: RTCPeerConnection | undefined;
  readonly provide: ProvideChannel;
  readonly isTaken: boolean;
  readonly awaited?: ReadonlyMap<string, LateChannel>;
  readonly answers?: string;
}

interface Contact {
  readonly peer: PeerId;
  source: PeerConnectionSource | undefined;
  stopsListening: () => void;
  isAccepted: boolean;
  isDialed: boolean;
  attempt: Attempt | undefined;
  /** The other end's newest attempt: what is older than it is refused. */
  newest: { readonly instance: string; readonly attempt: number } | undefined;
}

/**
 * A transport on connections that the game has made itself, one for each peer: it signals nothing, restarts nothing and closes no connection. On an
 * `RTCPeerConnection` it makes channels of its own beside the game's, again with each dial; channels that were given are used once.
 */
export class RtcTransport implements Transport {
  readonly localPeerId: PeerId;
  readonly #onConnectionNeeded: (peerId: string) => void;
  readonly #contacts = new Map<PeerId, Contact>();
  /** Tells this transport's attempts from those of an earlier one on the same connection. */
  readonly #instance = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0).toString(16).padStart(8, "0");
  #handler: TransportHandler | undefined;
  #dials = 0;
  #refusals = 0;
  #disposed = false;

  constructor(options: RtcTransportOptions) {
    this.localPeerId = peerIdOf(options.peerId);
    this.#onConnectionNeeded = options.onConnectionNeeded ?? (() => {});
  }

  /** Channels and messages that no transport of ours makes. */
  get refusals(): number {
    return this.#refusals;
  }

  /**
   * The connection to `peerId`, or its channels, in place of any before. Give it to both ends before either of them runs a match, connected or not yet. It
   * stays the game's: to be closed by it, after `dispose`.
   */
  setConnection(peerId: string, source: PeerConnectionSource): void {
    if (this.#disposed) return;
    assert(typeof source === "object" && source !== null, "an RTCPeerConnection, or channels of one");
    if (!("createDataChannel" in source)) checkGiven(source);
    const contact = this.#contact(peerIdOf(peerId));
    const wasOpen = contact.attempt?.channels.isOpen === true && contact.attempt.isTaken;
    const isDialing = contact.isDialed || (contact.attempt?.isTaken === false && contact.attempt.answers === undefined);
    contact.stopsListening();
    this.#drop(contact);
    contact.isDialed = isDialing;
    contact.source = source;
    contact.newest = undefined;
    contact.stopsListening = "createDataChannel" in source ? this.#listen(contact, source) : () => {};
    if (wasOpen) queueMicrotask(() => this.#handler?.handleChannelsClosed(contact.peer, "replaced"));
    this.#startLater(contact);
  }

  setHandler(handler: TransportHandler): void {
    this.#handler = handler;
  }

  dial(peer: PeerId): void {
    if (this.#disposed) return;
    const contact = this.#contact(peer);
    this.#drop(contact);
    contact.isDialed = true;
    this.#startLater(contact);
  }

  accept(peer: PeerId): void {
    if (this.#disposed) return;
    const contact = this.#contact(peer);
    contact.isAccepted = true;
    this.#startLater(contact);
  }

  hangUp(peer: PeerId): void {
    const contact = this.#contacts.get(peer);
    if (contact === undefined) return;
    contact.isAccepted = false;
    this.#drop(contact);
  }

  send(peer: PeerId, channel: Channel, bytes: Uint8Array): SendOutcome {
    const attempt = this.#contacts.get(peer)?.attempt;
    return attempt?.isTaken === true ? attempt.channels.send(channel, bytes) : "closed";
  }

  bufferedBytes(peer: PeerId, channel: Channel): number {
    return this.#contacts.get(peer)?.attempt?.channels.bufferedBytes(channel) ?? 0;
  }

  path(peer: PeerId): "direct" | "turn" | undefined {
    return this.#contacts.get(peer)?.attempt?.channels.path();
  }

  /** Of channels alone nothing is known. */
  fingerprints(peer: PeerId): Fingerprints | undefined {
    const contact = this.#contacts.get(peer);
    const source = contact?.source;
    if (contact?.attempt?.isTaken !== true || source === undefined || !("createDataChannel" in source)) return undefined;
    const local = fingerprintOf(source.currentLocalDescription?.sdp);
    const remote = fingerprintOf(source.currentRemoteDescription?.sdp);
    return local === undefined || remote === undefined ? undefined : { local, remote };
  }

  /** Closes our channels, and no connection. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const contact of this.#contacts.values()) {
      contact.stopsListening();
      this.#drop(contact);
    }
    this.#contacts.clear();
  }

  #contact(peer: PeerId): Contact {
    let contact = this.#contacts.get(peer);
    if (contact === undefined) {
      contact = {
        peer,
        source: undefined,
        stopsListening: () => {},
        isAccepted: false,
        isDialed: false,
        attempt: undefined,
        newest: undefined,
      };
      this.#contacts.set(peer, contact);
    }
    return contact;
  }

  /**
   * Ahead of the game's own handler, which must not take our channels for its own. Listeners of a connection are called in the order in which they came (Chromium 156
   * makes no exception for `capture` there), so that a handler which is there already comes again behind ours. One that was added as a listener cannot be moved.
   */
  #listen(contact: Contact, connection: RTCPeerConnection): () => void {
    const handle = (event: RTCDataChannelEvent): void => {
      const [, instance, attempt, name] = LABEL_PATTERN.exec(event.channel.label) ?? [];
      if (instance === undefined || name === undefined) return;
      event.stopImmediatePropagation();
      this.#takeIncoming(contact, event.channel, { instance, attempt: Number(attempt), name });
    };
    const { ondatachannel } = connection;
    connection.ondatachannel = null;
    connection.addEventListener("datachannel", handle, { capture: true });
    connection.ondatachannel = ondatachannel;
    return () => connection.removeEventListener("datachannel", handle, { capture: true });
  }

  /** Not from inside a call: channels may be open already. */
  #startLater(contact: Contact): void {
    queueMicrotask(() => {
      if (this.#disposed || contact.attempt !== undefined) return;
      const { source, isDialed } = contact;
      if (isDialed && (source === undefined || !isAlive(source))) this.#onConnectionNeeded(contact.peer);
      // A dial waits for the connection that was asked for.
      if (source === undefined || isClosed(source)) return;
      if (!("createDataChannel" in source)) {
        if (isDialed || contact.isAccepted) this.#useGiven(contact, source);
      } else if (isDialed) this.#makeChannels(contact, source);
    });
  }

  /** Both ends have them. */
  #useGiven(contact: Contact, given: GivenChannels): void {
    const byName: Readonly<Record<string, ChannelLike | undefined>> = { ...given };
    this.#open(contact, { connection: undefined, provide: (name) => byName[name] ?? new LateChannel(), isTaken: true });
  }

  /** As the dialer. */
  #makeChannels(contact: Contact, connection: RTCPeerConnection): void {
    contact.isDialed = false;
    const attempt = ++this.#dials;
    const make = (name: string, { ordered = true, maxRetransmits }: RTCDataChannelInit): ChannelLike =>
      connection.createDataChannel(`rollcall/${this.#instance}/${attempt}/${name}`, {
        ordered,
        ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
      });
    this.#open(contact, { connection, provide: make, isTaken: false });
  }

  /** As the acceptor: one more channel of an attempt of the other end. */
  #takeIncoming(contact: Contact, channel: RTCDataChannel, label: { instance: string; attempt: number; name: string }): void {
    const { instance, attempt, name } = label;
    const { newest } = contact;
    const isOld = newest?.instance === instance && attempt < newest.attempt;
    if (!contact.isAccepted || isOld || this.#disposed) {
      this.#refusals++;
      return channel.close();
    }
    const key = `${instance}/${attempt}`;
    if (contact.attempt?.answers !== key) this.#beginAnswer(contact, key, { instance, attempt });
    const late = contact.attempt?.awaited.get(name);
    if (late === undefined || late.isBound) {
      this.#refusals++;
      return channel.close();
    }
    late.bind(channel);
  }

  #beginAnswer(contact: Contact, answers: string, newest: { readonly instance: string; readonly attempt: number }): void {
    const { source } = contact;
    if (source === undefined || !("createDataChannel" in source)) return;
    const wasOpen = contact.attempt?.channels.isOpen === true && contact.attempt.isTaken;
    this.#drop(contact);
    contact.newest = newest;
    if (wasOpen) this.#handler?.handleChannelsClosed(contact.peer, "replaced");
    const awaited = new Map<string, LateChannel>();
    const provide = (name: string): ChannelLike => {
      const late = new LateChannel();
      awaited.set(name, late);
      return late;
    };
    this.#open(contact, { connection: source, provide, isTaken: true, awaited, answers });
  }

  #open(contact: Contact, plan: AttemptPlan): void {
    const made: ChannelLike[] = [];
    const provide: ProvideChannel = (name, options) => {
      const channel = plan.provide(name, options);
      made.push(channel);
      return channel;
    };
    const channels: RtcChannels = new RtcChannels(new BorrowedConnection(plan.connection, provide), {
      handleOpen: () => this.#handleOpen(contact, attempt),
      handleClosed: (wasOpen) => this.#handleClosed(contact, attempt, wasOpen),
      handlePacket: (channel, bytes) => this.#handlePacket(contact, attempt, channel, bytes),
      handleRefused: () => this.#refusals++,
    });
    const { awaited = new Map<string, LateChannel>(), answers, isTaken } = plan;
    const attempt: Attempt = { channels, made, awaited, answers, isTaken, early: [], earlyBytes: 0 };
    contact.attempt = attempt;
    // The last that is needed: it may open all of them at once.
    channels.attachOwnReliable(provide("reliable", { ordered: true }));
  }

  #handleOpen(contact: Contact, attempt: Attempt): void {
    if (contact.attempt !== attempt) return;
    if (attempt.answers !== undefined) attempt.channels.send("control", Uint8Array.of(TAKEN));
    if (attempt.isTaken) this.#handler?.handleChannelsOpen(contact.peer);
  }

  #handleClosed(contact: Contact, attempt: Attempt, wasOpen: boolean): void {
    if (contact.attempt !== attempt) return;
    const wasTaken = wasOpen && attempt.isTaken;
    this.#drop(contact);
    if (contact.source !== undefined && !("createDataChannel" in contact.source)) contact.source = undefined;
    this.#handler?.handleChannelsClosed(contact.peer, wasTaken ? "remote" : "unreachable");
  }

  #handlePacket(contact: Contact, attempt: Attempt, channel: Channel, bytes: Uint8Array): void {
    if (contact.attempt !== attempt) return;
    if (attempt.isTaken) return this.#handler?.handlePacket(contact.peer, channel, bytes);
    if (channel === "control" && bytes.length === 1 && bytes[0] === TAKEN) return this.#handleTaken(contact, attempt);
    // It took them already, and its word overtook that on another channel. A datagram may be lost.
    if (channel === "unreliable") return;
    attempt.earlyBytes += bytes.length;
    if (attempt.earlyBytes > EARLY_BYTES_MAX) this.#refusals++;
    else attempt.early.push({ channel, bytes: bytes.slice() });
  }

  #handleTaken(contact: Contact, attempt: Attempt): void {
    attempt.isTaken = true;
    this.#handler?.handleChannelsOpen(contact.peer);
    for (const { channel, bytes } of attempt.early.splice(0)) {
      if (contact.attempt === attempt) this.#handler?.handlePacket(contact.peer, channel, bytes);
    }
  }

  /** Ends what there is, without an event. */
  #drop(contact: Contact): void {
    const { attempt } = contact;
    contact.attempt = undefined;
    contact.isDialed = false;
    if (attempt === undefined) return;
    attempt.channels.close();
    for (const channel of attempt.made) channel.close();
  }
}

function isClosed(source: PeerConnectionSource): boolean {
  return "createDataChannel" in source ? source.connectionState === "closed" : source.reliable.readyState === "closed";
}

/** A connection that failed may come back, if the game restarts it. */
function isAlive(source: PeerConnectionSource): boolean {
  return !isClosed(source) && !("createDataChannel" in source && source.connectionState === "failed");
}

/** Ids that the game gives. */
function peerIdOf(text: string): PeerId {
  const peerId = parsePeerId(text);
  assert(peerId !== undefined, `a peer id of 1–64 letters, digits, "-" and "_", got "${text}"`);
  return peerId;
}

function checkGiven({ unreliable, reliable, control }: Partial<GivenChannels>): void {
  assert(unreliable !== undefined && reliable !== undefined && control !== undefined, "channels `unreliable`, `reliable` and `control`");
  assert(!unreliable.ordered && unreliable.maxRetransmits === 0, "an unordered channel with maxRetransmits 0 as `unreliable`");
  const isReliable = ({ ordered, maxRetransmits, maxPacketLifeTime }: RTCDataChannel): boolean =>
    ordered && maxRetransmits === null && maxPacketLifeTime === null;
  assert(isReliable(reliable) && isReliable(control), "ordered channels that resend without limit as `reliable` and `control`");
}
