import { unreachable } from "../core/base/assert.ts";
import { TokenBucket } from "../core/base/token-bucket.ts";
import type { PeerId } from "../core/base/units.ts";
import type { IceServer } from "../core/ports/lobby-protocol.ts";
import type { AttemptEvidence } from "../core/ports/link-failure.ts";
import type { NegotiationCommand } from "../core/ports/negotiation.ts";
import {
  CAPABILITY,
  type Channel,
  type ChannelsClosedReason,
  type SendOutcome,
  type Transport,
  type TransportHandler,
} from "../core/ports/transport.ts";
import type { Fingerprints } from "../core/ports/membership.ts";
import { fingerprintOf } from "./dtls-fingerprint.ts";
import { AttemptWitness } from "./attempt-witness.ts";
import { DescriptionExchange } from "./description-exchange.ts";
import { FirstContact } from "./first-contact.ts";
import { hasTurn, iceRung } from "./ice-ladder.ts";
import { RELIABLE_LABEL, RtcChannels } from "./rtc-channels.ts";
import { candidatesOf, linkPayload, type MemberSignal } from "./signal-message.ts";
import { SignalingSocket, type SignalingOptions } from "./signaling-socket.ts";

/**
 * An offer without an open channel is sent again after these pauses: a lost message of signaling costs its pause, not the attempt. The first is longer
 * than most connections take; the last holds from then on. At half, a lobby of eight doubles its signaling for nothing.
 */
const REPEAT_MS = [400, 600, 900, 1_500] as const;
/** The link has given up long before. */
const REPEATS_MAX = 20;

/** Attempts of one peer that are answered at once, and one more each so often: an honest one makes four in 16 s. Each is a peer connection, and ends the one before. */
const OFFERS_BURST = 8;
const OFFERS_PER_SECOND = 0.5;

/** One peer connection in the making or in use. */
interface Attempt {
  readonly first: FirstContact;
  readonly peerConnection: RTCPeerConnection;
  readonly channels: RtcChannels;
  readonly exchange: DescriptionExchange;
  /** Of ours, counted from 1; `undefined`: it is the peer's. */
  readonly number: number | undefined;
  /** The description that was given to the peer connection. */
  answer: string | undefined;
  /** Aborted when the attempt is over. */
  readonly end: AbortController;
  repeats: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What we know of one peer. */
interface Contact {
  readonly peer: PeerId;
  accepts: boolean;
  /** Number of the newest attempt of theirs that was let through. */
  admitted: number;
  readonly offers: TokenBucket;
  /** Since it was open last. */
  witness: AttemptWitness;
  /** Attempts of ours since then whose addresses did not reach each other. */
  iceFailures: number;
  attempt: Attempt | undefined;
}

/** Why a message of signaling or of a channel was refused. */
type Refusal =
  | "malformed-signal"
  | "too-many-attempts"
  | "not-accepted"
  | "stale-attempt"
  | "bad-candidate"
  | "bad-description"
  | "bad-message";

/**
 * A transport over WebRTC, in a browser or in Node, with first contact by way of a broker or a PeerServer. Only peers that were accepted get an answer, so that
 * nobody else learns our addresses.
 */
export class PeerTransport implements Transport {
  readonly localPeerId: PeerId;
  readonly capabilities: number = CAPABILITY.iceRestart | CAPABILITY.media;
  readonly #signaling: SignalingSocket;
  readonly #isRelayOnly: boolean;
  #iceServers: readonly RTCIceServer[];
  readonly #contacts = new Map<PeerId, Contact>();
  readonly #refusals = new Map<Refusal, number>();
  #handler: TransportHandler | undefined;
  #dials = 0;
  #disposed = false;

  constructor(options: SignalingOptions) {
    this.localPeerId = options.peerId;
    this.#isRelayOnly = options.relayOnly === true;
    this.#iceServers = options.iceServers;
    this.#signaling = new SignalingSocket(options, {
      handleReady: () => this.#handleReady(),
      handleSignal: (signal) => this.#handleSignal(signal),
    });
  }

  setHandler(handler: TransportHandler): void {
    this.#handler = handler;
  }

  dial(peer: PeerId): void {
    if (this.#disposed) return;
    const contact = this.#contact(peer);
    this.#drop(contact);
    this.#start(contact);
  }

  accept(peer: PeerId): void {
    if (!this.#disposed) this.#contact(peer).accepts = true;
  }

  hangUp(peer: PeerId): void {
    const contact = this.#contacts.get(peer);
    if (contact === undefined) return;
    this.#contacts.delete(peer);
    this.#drop(contact);
  }

  send(peer: PeerId, channel: Channel, bytes: Uint8Array): SendOutcome {
    return this.#contacts.get(peer)?.attempt?.channels.send(channel, bytes) ?? "closed";
  }

  bufferedBytes(peer: PeerId, channel: Channel): number {
    return this.#contacts.get(peer)?.attempt?.channels.bufferedBytes(channel) ?? 0;
  }

  path(peer: PeerId): "direct" | "turn" | undefined {
    return this.#contacts.get(peer)?.attempt?.channels.path();
  }

  fingerprints(peer: PeerId): Fingerprints | undefined {
    const attempt = this.#contacts.get(peer)?.attempt;
    const connection = attempt?.peerConnection;
    const local = fingerprintOf(connection?.currentLocalDescription?.sdp ?? connection?.localDescription?.sdp);
    // Chromium connects beside the page's own thread: on one machine channels may open before the page is told that the answer was taken.
    const remote = fingerprintOf(connection?.currentRemoteDescription?.sdp ?? connection?.remoteDescription?.sdp ?? attempt?.answer);
    return local === undefined || remote === undefined ? undefined : { local, remote };
  }

  negotiate(peer: PeerId, command: NegotiationCommand): void {
    const attempt = this.#contacts.get(peer)?.attempt;
    if (attempt?.channels.isOpen === true) attempt.exchange.run(command);
  }

  signal(peer: PeerId, bytes: Uint8Array): void {
    if (!this.#contacts.has(peer)) return;
    this.#signaling.hurry();
    this.#signaling.send("ANSWER", peer, linkPayload(bytes));
  }

  setIceServers(servers: readonly IceServer[]): void {
    const iceServers = servers.map((server) => ({ ...server, urls: [...server.urls] }));
    this.#iceServers = iceServers;
    for (const { attempt } of this.#contacts.values()) attempt?.exchange.setIceServers(iceServers);
  }

  evidence(peer: PeerId): AttemptEvidence | undefined {
    return this.#contacts.get(peer)?.witness.evidence(this.#signaling.isReady, hasTurn(this.#iceServers));
  }

  /** Messages refused, by reason. */
  refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }

  /** Closes the signaling socket too: from then on nobody can reach us under this id. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const contact of this.#contacts.values()) this.#drop(contact);
    this.#contacts.clear();
    this.#signaling.dispose();
  }

  #contact(peer: PeerId): Contact {
    let contact = this.#contacts.get(peer);
    if (contact === undefined) {
      contact = {
        peer,
        accepts: false,
        admitted: 0,
        offers: new TokenBucket(OFFERS_PER_SECOND, OFFERS_BURST),
        witness: new AttemptWitness(),
        iceFailures: 0,
        attempt: undefined,
      };
      this.#contacts.set(peer, contact);
    }
    return contact;
  }

  #handleReady(): void {
    this.#handler?.handleSignalingReady?.();
    for (const { attempt } of this.#contacts.values()) if (attempt !== undefined && !attempt.channels.isOpen) this.#sendOffer(attempt);
  }

  /** As the dialer: addresses are gathered while signaling is on its way, too. */
  #start(contact: Contact): void {
    const rung = iceRung(this.#iceServers, this.#isRelayOnly ? "relay" : "all", contact.iceFailures);
    const peerConnection = new RTCPeerConnection({ ...rung, iceServers: [...rung.iceServers] });
    const reliable = peerConnection.createDataChannel(RELIABLE_LABEL, { ordered: true });
    const first = this.#firstContact(peerConnection, contact.peer, newConnectionId());
    const attempt = this.#begin(contact, peerConnection, first, ++this.#dials);
    attempt.channels.attachReliable(reliable);
    first.makeOffer().then(
      () => this.#sendOffer(attempt),
      () => {}, // Closed meanwhile.
    );
  }

  /** Whenever signaling comes (back), and again when an answer is late. */
  #sendOffer(attempt: Attempt): void {
    if (attempt.number === undefined || attempt.end.signal.aborted || !attempt.first.sendOffer(attempt.number)) return;
    if (attempt.repeats === 0) this.#repeatLater(attempt);
  }

  /** As the acceptor of an offer that was admitted. */
  #answer(contact: Contact, { connectionId, sdp }: MemberSignal & { type: "offer" }): void {
    const wasOpen = contact.attempt?.channels.isOpen === true;
    this.#drop(contact);
    const peerConnection = new RTCPeerConnection({
      iceServers: [...this.#iceServers],
      iceTransportPolicy: this.#isRelayOnly ? "relay" : "all",
    });
    const first = this.#firstContact(peerConnection, contact.peer, connectionId);
    // Before our channels are there: in Node those would begin an offer of their own.
    const answered = first.answer(sdp);
    const attempt = this.#begin(contact, peerConnection, first, undefined);
    const { witness } = contact;
    witness.reach("answered");
    answered.catch(() => this.#refuseDescription(attempt, witness));
    if (wasOpen) this.#handler?.handleChannelsClosed(contact.peer, "replaced");
  }

  #firstContact(connection: RTCPeerConnection, peer: PeerId, connectionId: string): FirstContact {
    return new FirstContact(connection, { signaling: this.#signaling, peer, connectionId, isRelayOnly: this.#isRelayOnly });
  }

  #begin(contact: Contact, peerConnection: RTCPeerConnection, first: FirstContact, number: number | undefined): Attempt {
    const channels = new RtcChannels(
      peerConnection,
      {
        handleOpen: () => {
          clearTimeout(attempt.timer);
          contact.witness = new AttemptWitness();
          contact.iceFailures = 0;
          this.#handler?.handleChannelsOpen(contact.peer);
        },
        handleClosed: (wasOpen) => this.#fail(contact, wasOpen ? "remote" : "unreachable"),
        handlePacket: (channel, bytes) => this.#handler?.handlePacket(contact.peer, channel, bytes),
        handleRefused: () => this.#refuse("bad-message"),
      },
      (this.capabilities & CAPABILITY.iceRestart) !== 0,
    );
    const exchange = new DescriptionExchange(peerConnection, {
      isRelayOnly: this.#isRelayOnly,
      report: (report) => this.#handler?.handleNegotiation?.(contact.peer, report),
    });
    const end = new AbortController();
    contact.witness.watch(peerConnection, end.signal);
    const attempt: Attempt = {
      first,
      peerConnection,
      channels,
      exchange,
      number,
      end,
      answer: undefined,
      repeats: 0,
      timer: undefined,
    };
    contact.attempt = attempt;
    // Those of a restart do not belong to the first descriptions.
    peerConnection.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== "" && !channels.isOpen) first.sendCandidate(candidate);
    };
    return attempt;
  }

  #repeatLater(attempt: Attempt): void {
    if (attempt.repeats >= REPEATS_MAX) return;
    const pauseMs = REPEAT_MS[Math.min(attempt.repeats++, REPEAT_MS.length - 1)];
    attempt.timer = setTimeout(() => {
      this.#signaling.giveUpIfDead();
      this.#sendOffer(attempt);
      this.#repeatLater(attempt);
    }, pauseMs);
  }

  #fail(contact: Contact, reason: ChannelsClosedReason): void {
    this.#drop(contact);
    this.#handler?.handleChannelsClosed(contact.peer, reason);
  }

  /** Ends what there is, without an event. */
  #drop(contact: Contact): void {
    const { attempt } = contact;
    contact.attempt = undefined;
    if (attempt === undefined) return;
    clearTimeout(attempt.timer);
    const { attemptStage } = contact.witness;
    if (attempt.number !== undefined && (attemptStage === "answered" || attemptStage === "checking")) contact.iceFailures++;
    attempt.end.abort();
    attempt.channels.close();
    attempt.exchange.close();
    attempt.peerConnection.onicecandidate = null;
    attempt.peerConnection.close();
  }

  #handleSignal(signal: MemberSignal): void {
    switch (signal.type) {
      case "absent": {
        const witness = this.#contacts.get(signal.peer)?.witness;
        if (witness !== undefined) witness.isPeerAbsent = true;
        return;
      }
      case "malformed":
        return this.#refuse("malformed-signal");
      case "link":
        return this.#contacts.has(signal.from) ? this.#handler?.handleSignal?.(signal.from, signal.bytes) : this.#refuse("not-accepted");
      case "offer":
        return this.#handleOffer(signal);
      case "answer": {
        const attempt = this.#attemptOf(signal);
        return attempt?.number === undefined ? this.#refuse("stale-attempt") : this.#handleAnswer(attempt, signal);
      }
      case "candidate": {
        const attempt = this.#attemptOf(signal);
        // One that overtook its offer is lost; the repeated offer lists it.
        return attempt === undefined ? this.#refuse("stale-attempt") : this.#addCandidates(attempt, signal.from, [signal.candidate]);
      }
      default:
        return unreachable(signal);
    }
  }

  #handleOffer(offer: MemberSignal & { type: "offer" }): void {
    const contact = this.#contacts.get(offer.from);
    if (contact === undefined || !contact.accepts) return this.#refuse("not-accepted");
    const { attempt } = contact;
    if (attempt?.first.connectionId === offer.connectionId) {
      // The dialer has not heard us: our answer or a candidate was lost.
      this.#addCandidates(attempt, offer.from, candidatesOf(offer.sdp));
      return attempt.first.repeatAnswer();
    }
    if (offer.attempt <= contact.admitted) return this.#refuse("stale-attempt");
    if (!contact.offers.take(performance.now())) return this.#refuse("too-many-attempts");
    contact.admitted = offer.attempt;
    this.#answer(contact, offer);
    contact.witness.seeRemote(candidatesOf(offer.sdp).map(({ candidate = "" }) => candidate));
  }

  #handleAnswer(attempt: Attempt, { from, sdp }: MemberSignal & { type: "answer" }): void {
    if (attempt.answer !== undefined) return this.#addCandidates(attempt, from, candidatesOf(sdp));
    attempt.answer = sdp;
    const witness = this.#contacts.get(from)?.witness;
    witness?.reach("answered");
    witness?.seeRemote(candidatesOf(sdp).map(({ candidate = "" }) => candidate));
    attempt.peerConnection.setRemoteDescription({ type: "answer", sdp }).catch(() => this.#refuseDescription(attempt, witness));
  }

  #addCandidates(attempt: Attempt, from: PeerId, candidates: readonly RTCIceCandidateInit[]): void {
    this.#contacts.get(from)?.witness.seeRemote(candidates.map(({ candidate = "" }) => candidate));
    for (const candidate of candidates) {
      attempt.peerConnection.addIceCandidate(candidate).catch(() => {
        this.#refuse("bad-candidate");
      });
    }
  }

  #attemptOf({ from, connectionId }: { readonly from: PeerId; readonly connectionId: string }): Attempt | undefined {
    const attempt = this.#contacts.get(from)?.attempt;
    return attempt?.first.connectionId === connectionId ? attempt : undefined;
  }

  #refuseDescription({ end }: Attempt, witness: AttemptWitness | undefined): void {
    // Closed while it was read.
    if (end.signal.aborted) return;
    if (witness !== undefined) witness.isDescriptionBad = true;
    this.#refuse("bad-description");
  }

  #refuse(reason: Refusal): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }
}

/** As PeerJS names them. */
function newConnectionId(): string {
  return `dc_${crypto.getRandomValues(new Uint32Array(2)).join("_")}`;
}
