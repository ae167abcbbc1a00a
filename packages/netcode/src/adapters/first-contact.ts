import type { PeerId } from "../core/base/units.ts";
import { isRelayedCandidate, withoutOwnAddresses, withoutRelatedAddress } from "./hidden-addresses.ts";
import { answerPayload, candidatePayload, offerPayload } from "./signal-message.ts";
import type { SignalingSocket } from "./signaling-socket.ts";

export interface FirstContactOptions {
  readonly signaling: SignalingSocket;
  readonly peer: PeerId;
  /** Which connection of the pair it is about, for both ends. */
  readonly connectionId: string;
  /** No address but a relay's leaves the page. */
  readonly isRelayOnly: boolean;
}

/**
 * The first descriptions of one peer connection, by way of the broker: made at once, sent when signaling is there, repeated when the caller says so. Once the channels
 * are open this is over.
 */
export class FirstContact {
  readonly connectionId: string;
  readonly #connection: RTCPeerConnection;
  readonly #options: FirstContactOptions;

  constructor(connection: RTCPeerConnection, options: FirstContactOptions) {
    this.connectionId = options.connectionId;
    this.#connection = connection;
    this.#options = options;
  }

  /** Rejects when the connection was closed meanwhile. */
  async makeOffer(): Promise<void> {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
  }

  /** Makes the answer, and sends it. Rejects where the offer makes no sense, too. */
  async answer(offer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: "offer", sdp: offer });
    const answer = await this.#connection.createAnswer();
    await this.#connection.setLocalDescription(answer);
    // As it was made, without candidates: a dialer in Node that gets both at once is connected before it knows the certificate (TR42).
    this.#sendAnswer(answer.sdp);
  }

  /** With all candidates so far. False: nothing left, since it is not made yet or signaling is not there. */
  sendOffer(attempt: number): boolean {
    const { signaling, peer, isRelayOnly } = this.#options;
    const sdp = this.#description("offer");
    if (sdp === undefined || !signaling.isReady) return false;
    signaling.send("OFFER", peer, offerPayload(this.connectionId, attempt, isRelayOnly ? withoutOwnAddresses(sdp) : sdp));
    return true;
  }

  /** Once more, with all candidates so far; nothing if it is not made yet. */
  repeatAnswer(): void {
    this.#sendAnswer(this.#description("answer"));
  }

  /** An address of ours that was found after the description left. */
  sendCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: RTCIceCandidate): void {
    const { signaling, peer, isRelayOnly } = this.#options;
    if (isRelayOnly && !isRelayedCandidate(candidate)) return;
    const line = isRelayOnly ? withoutRelatedAddress(candidate) : candidate;
    signaling.send("CANDIDATE", peer, candidatePayload(this.connectionId, { candidate: line, sdpMid, sdpMLineIndex, usernameFragment }));
  }

  #sendAnswer(sdp: string | undefined): void {
    const { signaling, peer, isRelayOnly } = this.#options;
    if (sdp === undefined) return;
    signaling.send("ANSWER", peer, answerPayload(this.connectionId, isRelayOnly ? withoutOwnAddresses(sdp) : sdp));
  }

  #description(type: "offer" | "answer"): string | undefined {
    const description = this.#connection.localDescription;
    return description?.type === type ? description.sdp : undefined;
  }
}
