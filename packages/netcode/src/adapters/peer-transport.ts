import type { DataConnection } from "peerjs";
import { assert, unreachable } from "../core/base/assert.ts";
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
import { AnswerGate, answerText, type AnswerSeals } from "./answer-gate.ts";
import { fingerprintOf } from "./dtls-fingerprint.ts";
import { AttemptWitness } from "./attempt-witness.ts";
import { DescriptionExchange } from "./description-exchange.ts";
import { newContact, type Attempt, type Contact, type Refusal } from "./peer-contact.ts";
import { RtcChannels } from "./rtc-channels.ts";
import { toRtcIceServer } from "./rtc-ice-server.ts";
import { candidatesOf, parseSignalMessage, type SignalMessage } from "./signal-message.ts";
import type { SignalingGrant, SignalingOptions } from "./signaling-options.ts";
import { SignalingPeer, type PeerConstructor } from "./signaling-peer.ts";

/**
 * An offer without an open channel is sent again after these pauses: a lost message of signaling costs its pause, not the attempt. The first is longer
 * than most connections take; the last holds from then on. At half, a lobby of eight doubles its signaling for nothing.
 */
const REPEAT_MS = [400, 600, 900, 1_500] as const;
/** The link has given up long before. */
const REPEATS_MAX = 20;

/**
 * A transport over PeerJS, in a browser or in Node. PeerJS carries offers, answers and candidates; the connection, its channels and its end are ours.
 * Only peers that were accepted get an answer, so that nobody else learns our addresses.
 */
export class PeerTransport implements Transport {
  readonly localPeerId: PeerId;
  readonly capabilities: number = CAPABILITY.iceRestart | CAPABILITY.media;
  /** Chromium and Node open a channel when the handshake of SCTP is over, and send nothing on it before. */
  readonly isMutual = true;
  readonly #signaling: SignalingPeer;
  readonly #seals: AnswerSeals | undefined;
  readonly #contacts = new Map<PeerId, Contact>();
  readonly #refusals = new Map<Refusal, number>();
  #handler: TransportHandler | undefined;
  #dials = 0;
  /** Whose offer PeerJS was given last. */
  #offering: Contact | undefined;
  #disposed = false;

  constructor(constructor: PeerConstructor, options: SignalingOptions) {
    this.localPeerId = options.peerId;
    this.#seals = options.seals;
    this.#signaling = new SignalingPeer(constructor, options, {
      handleReady: () => this.#handleReady(),
      handleConnectionRefused: () => this.#offering && this.#refuseConnection(this.#offering),
      admitMessage: (message) => this.#admitMessage(parseSignalMessage(message)),
      handleConnection: (connection) => this.#answer(connection),
    });
  }

  /** Where it was made without a token. */
  admit(grant: SignalingGrant): void {
    if (!this.#disposed) this.#signaling.admit(grant);
  }

  setHandler(handler: TransportHandler): void {
    this.#handler = handler;
  }

  dial(peer: PeerId): void {
    if (this.#disposed) return;
    const contact = this.#contact(peer);
    this.#drop(contact);
    contact.isDialPending = true;
    if (this.#signaling.canConnect) this.#start(contact);
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
    const remote = fingerprintOf(
      connection?.currentRemoteDescription?.sdp ?? connection?.remoteDescription?.sdp ?? attempt?.answers?.answer,
    );
    return local === undefined || remote === undefined ? undefined : { local, remote };
  }

  negotiate(peer: PeerId, command: NegotiationCommand): void {
    const attempt = this.#contacts.get(peer)?.attempt;
    if (attempt?.channels.isOpen === true) attempt.exchange.run(command);
  }

  signal(peer: PeerId, bytes: Uint8Array): void {
    if (this.#contacts.has(peer)) this.#signaling.sendLink(peer, bytes);
  }

  setIceServers(servers: readonly IceServer[]): void {
    const iceServers = servers.map(toRtcIceServer);
    this.#signaling.setIceServers(iceServers);
    for (const { attempt } of this.#contacts.values()) attempt?.exchange.setIceServers(iceServers);
  }

  handleNetworkChange(): void {
    this.#signaling.handleNetworkChange();
  }

  evidence(peer: PeerId): AttemptEvidence | undefined {
    return this.#contacts.get(peer)?.witness.evidence(this.#signaling.isReady, this.#signaling.hasTurn);
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
      contact = newContact(peer);
      this.#contacts.set(peer, contact);
    }
    return contact;
  }

  #handleReady(): void {
    this.#handler?.handleSignalingReady?.();
    for (const contact of this.#contacts.values()) {
      if (contact.isDialPending || isLost(contact.attempt)) this.#start(contact);
      else if (contact.attempt?.answers !== undefined && !contact.attempt.channels.isOpen)
        this.#signaling.repeatOffer(contact.attempt.connection);
    }
  }

  /** As the dialer. */
  #start(contact: Contact): void {
    this.#drop(contact);
    const connection = this.#signaling.connect(contact.peer, ++this.#dials, contact.iceFailures);
    if (connection === undefined) return this.#refuseConnection(contact);
    const { dataChannel } = connection;
    const attempt = this.#takeOver(contact, connection, true);
    attempt.channels.attachReliable(dataChannel);
    this.#repeatLater(attempt);
  }

  /** Our browser makes no connection (Firefox: not while the network is down). An attempt that failed at once, told once the caller is done. */
  #refuseConnection(contact: Contact): void {
    this.#refuse("no-connection");
    contact.witness.isConnectionRefused = true;
    queueMicrotask(() => {
      if (this.#contacts.get(contact.peer) === contact && contact.attempt === undefined) this.#fail(contact, "unreachable");
    });
  }

  /** As the acceptor: PeerJS has made a peer connection for an offer that was admitted, and has not answered it yet. */
  #answer(connection: DataConnection): void {
    const contact = [...this.#contacts.values()].find(({ peer }) => peer === connection.peer);
    assert(contact !== undefined && contact.accepts, "an offer of a peer that was accepted");
    const wasOpen = contact.attempt?.channels.isOpen === true;
    this.#drop(contact);
    this.#takeOver(contact, connection, false);
    contact.witness.reach("answered");
    if (wasOpen) this.#handler?.handleChannelsClosed(contact.peer, "replaced");
  }

  #takeOver(contact: Contact, connection: DataConnection, isDialer: boolean): Attempt {
    const { peerConnection } = connection;
    const isHealable = (this.capabilities & CAPABILITY.iceRestart) !== 0;
    const channels = new RtcChannels(
      peerConnection,
      {
        handleOpen: () => {
          clearTimeout(attempt.timer);
          attempt.answers?.close();
          contact.wasLiedTo = false;
          contact.witness = new AttemptWitness();
          contact.iceFailures = 0;
          attempt.heardMs = performance.now();
          if (isHealable) exchange.watchPath();
          this.#handler?.handleChannelsOpen(contact.peer);
        },
        handleClosed: (wasOpen) => this.#fail(contact, wasOpen ? "remote" : "unreachable"),
        handlePacket: (channel, bytes) => {
          attempt.heardMs = performance.now();
          this.#handler?.handlePacket(contact.peer, channel, bytes);
        },
        handleRefused: () => this.#refuse("bad-message"),
      },
      isHealable,
    );
    const exchange = new DescriptionExchange(peerConnection, {
      isRelayOnly: this.#signaling.isRelayOnly,
      report: (report) => this.#handler?.handleNegotiation?.(contact.peer, report),
    });
    const end = new AbortController();
    contact.witness.watch(peerConnection, end.signal);
    const attempt: Attempt = {
      connection,
      peerConnection,
      channels,
      exchange,
      end,
      answers: isDialer ? this.#awaitAnswer(contact, connection) : undefined,
      heardMs: -Infinity,
      repeats: 0,
      timer: undefined,
    };
    contact.attempt = attempt;
    // PeerJS would send those of a restart too, as if they belonged to the first descriptions.
    peerConnection.onicecandidate = ({ candidate }) => {
      if (candidate !== null && candidate.candidate !== "" && !channels.isOpen) this.#signaling.sendCandidate(connection, candidate);
    };
    return attempt;
  }

  #repeatLater(attempt: Attempt): void {
    if (attempt.repeats >= REPEATS_MAX) return;
    const pauseMs = REPEAT_MS[Math.min(attempt.repeats++, REPEAT_MS.length - 1)];
    attempt.timer = setTimeout(() => {
      this.#signaling.repeatOffer(attempt.connection);
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
    contact.isDialPending = false;
    if (attempt === undefined) return;
    clearTimeout(attempt.timer);
    const { attemptStage } = contact.witness;
    if (attempt.answers !== undefined && (attemptStage === "answered" || attemptStage === "checking")) contact.iceFailures++;
    attempt.end.abort();
    attempt.answers?.close();
    attempt.channels.close();
    attempt.exchange.close();
    attempt.peerConnection.onicecandidate = null;
    attempt.connection.close();
    // PeerJS leaves the closing to others when it finds the signaling state closed.
    attempt.peerConnection.close();
  }

  /** True: PeerJS may act on it. Everything else is done or refused here. */
  #admitMessage(message: SignalMessage): boolean {
    switch (message.type) {
      case "broker":
        return true;
      case "unused":
        return false;
      case "absent": {
        const witness = this.#contacts.get(message.peer)?.witness;
        if (witness !== undefined) witness.isPeerAbsent = true;
        return false;
      }
      case "malformed":
        return this.#refuse("malformed-signal");
      case "link":
        if (!this.#contacts.has(message.from)) return this.#refuse("not-accepted");
        this.#handler?.handleSignal?.(message.from, message.bytes);
        return false;
      case "offer":
        return this.#admitOffer(message);
      case "answer": {
        const attempt = this.#attemptOf(message.from, message.connectionId);
        if (attempt?.answers === undefined) return this.#refuse("stale-attempt");
        if (attempt.answers.answer !== undefined) this.#addCandidates(attempt, message.from, candidatesOf(message.sdp));
        void attempt.answers.handle(message.sdp, message.seal);
        return false;
      }
      case "candidate": {
        const attempt = this.#attemptOf(message.from, message.connectionId);
        // One that overtook its offer is lost; the repeated offer lists it.
        if (attempt === undefined) return this.#refuse("stale-attempt");
        this.#addCandidates(attempt, message.from, [message.candidate]);
        return false;
      }
      default:
        return unreachable(message);
    }
  }

  #admitOffer(offer: SignalMessage & { type: "offer" }): boolean {
    const contact = this.#contacts.get(offer.from);
    if (contact === undefined || !contact.accepts) return this.#refuse("not-accepted");
    const { attempt } = contact;
    if (attempt?.connection.connectionId === offer.connectionId) {
      // The dialer has not heard us: our answer or a candidate was lost. PeerJS would close the connection.
      this.#addCandidates(attempt, offer.from, candidatesOf(offer.sdp));
      this.#signaling.repeatAnswer(attempt.connection);
      return false;
    }
    const heardMs = attempt?.channels.isOpen === true ? attempt.heardMs : undefined;
    const refusal = contact.offers.judge(performance.now(), offer.attempt, heardMs);
    if (refusal !== undefined) return this.#refuse(refusal);
    contact.witness.seeRemote(linesOf(candidatesOf(offer.sdp)));
    this.#offering = contact;
    return true;
  }

  #awaitAnswer(contact: Contact, { connectionId, peerConnection }: DataConnection): AnswerGate {
    const { peer } = contact;
    const seals = this.#seals;
    const place = { from: peer, to: this.localPeerId, connectionId };
    return new AnswerGate({
      connection: peerConnection,
      isSealed: seals && ((sdp, seal) => seals.isSealed(peer, answerText(place, sdp), seal)),
      isStrict: contact.wasLiedTo,
      handleForged: () => {
        this.#refuse("unsigned-answer");
        contact.wasLiedTo = true;
        this.#start(contact);
      },
      handleGiven: (sdp) => {
        contact.witness.reach("answered");
        contact.witness.seeRemote(linesOf(candidatesOf(sdp)));
      },
      handleTaken: (early) => {
        const attempt = this.#attemptOf(peer, connectionId);
        if (attempt !== undefined) this.#addCandidates(attempt, peer, early);
      },
      handleRefused: (reason) => {
        if (reason === "bad-description") contact.witness.isDescriptionBad = true;
        this.#refuse(reason);
      },
    });
  }

  #addCandidates(attempt: Attempt, from: PeerId, candidates: readonly RTCIceCandidateInit[]): void {
    this.#contacts.get(from)?.witness.seeRemote(linesOf(candidates));
    if (attempt.answers?.keep(candidates) === true) return;
    for (const candidate of candidates) {
      attempt.peerConnection.addIceCandidate(candidate).catch(() => {
        this.#refuse("bad-candidate");
      });
    }
  }

  #attemptOf(peer: PeerId, connectionId: string): Attempt | undefined {
    const attempt = this.#contacts.get(peer)?.attempt;
    return attempt?.connection.connectionId === connectionId ? attempt : undefined;
  }

  #refuse(reason: Refusal): false {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    return false;
  }
}

function linesOf(candidates: readonly RTCIceCandidateInit[]): string[] {
  return candidates.map(({ candidate = "" }) => candidate);
}

/** PeerJS closes what it made when a broker turns it away at first. */
function isLost(attempt: Attempt | undefined): boolean {
  return attempt?.answers !== undefined && attempt.peerConnection.signalingState === "closed";
}
