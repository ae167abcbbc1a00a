import { unreachable } from "../core/base/assert.ts";
import { sequenceOf } from "../core/base/sequence.ts";
import type { NegotiationCommand, NegotiationReport } from "../core/ports/negotiation.ts";
import { certificatesIn } from "./dtls-fingerprint.ts";
import { isRelayedCandidate, withoutOwnAddresses, withoutRelatedAddress } from "./hidden-addresses.ts";

/** Between the media id of a candidate and the candidate itself, where both are one text. */
const SEPARATOR = "\n";

/**
 * Makes and applies descriptions of one open peer connection, one after the other, as the link says. A description of another connection, or of another
 * certificate, is refused: who stands between the ends may lose an exchange, and cannot turn it into a connection to itself.
 */
export class DescriptionExchange {
  readonly #connection: RTCPeerConnection;
  readonly #report: (report: NegotiationReport) => void;
  readonly #isRelayOnly: boolean;
  readonly #abort = new AbortController();
  #tail: Promise<void> = Promise.resolve();
  /** Of the newest command. */
  #newest = sequenceOf(0);
  /** Of the local description. */
  #localGeneration: number | undefined;

  constructor(
    connection: RTCPeerConnection,
    { isRelayOnly, report }: { readonly isRelayOnly: boolean; readonly report: (report: NegotiationReport) => void },
  ) {
    this.#connection = connection;
    this.#report = report;
    this.#isRelayOnly = isRelayOnly;
    const { signal } = this.#abort;
    connection.addEventListener("icecandidate", ({ candidate }) => this.#handleCandidate(candidate), { signal });
    connection.addEventListener("connectionstatechange", () => this.#handleState(), { signal });
  }

  /**
   * The channels are open. From now on we tell when ICE turns to another pair of addresses: after a restart the connection's state says nothing of that, as long as the old pair
   * is not given up.
   */
  watchPath(): void {
    const ice: unknown = this.#connection.sctp?.transport.iceTransport;
    if (!(ice instanceof EventTarget)) return;
    const { signal } = this.#abort;
    ice.addEventListener("selectedcandidatepairchange", () => this.#report({ type: "state", state: "rerouted" }), { signal });
  }

  run(command: NegotiationCommand): void {
    this.#newest = sequenceOf(command.generation);
    this.#tail = this.#carryOutAfter(this.#tail, command);
  }

  /** Used by the next restart. */
  setIceServers(iceServers: readonly RTCIceServer[]): void {
    try {
      this.#connection.setConfiguration({ ...this.#connection.getConfiguration(), iceServers: [...iceServers] });
    } catch {
      // Closed, or a binding without it (Node's), which restarts nothing either.
    }
  }

  /** No report follows. */
  close(): void {
    this.#abort.abort();
  }

  async #carryOutAfter(before: Promise<void>, command: NegotiationCommand): Promise<void> {
    await before;
    if (this.#abort.signal.aborted || command.generation !== this.#newest) return;
    try {
      await this.#carryOut(command);
    } catch {
      if (!this.#abort.signal.aborted) this.#report({ type: "failed", generation: command.generation });
    }
  }

  async #carryOut(command: NegotiationCommand): Promise<void> {
    const connection = this.#connection;
    switch (command.type) {
      case "offer":
        await connection.setLocalDescription(await connection.createOffer({ iceRestart: command.iceRestart }));
        return this.#reportDescription(command.generation);
      case "accept-offer":
        this.#check(command.description);
        // In place of an offer of our own this rolls that back.
        await connection.setRemoteDescription({ type: "offer", sdp: command.description });
        await connection.setLocalDescription(await connection.createAnswer());
        return this.#reportDescription(command.generation);
      case "accept-answer":
        this.#check(command.description);
        return connection.setRemoteDescription({ type: "answer", sdp: command.description });
      case "add-candidates":
        for (const text of command.candidates) {
          const at = text.indexOf(SEPARATOR);
          // One that this browser cannot use is no reason to give up the others.
          await connection.addIceCandidate({ sdpMid: text.slice(0, at), candidate: text.slice(at + 1) }).catch(() => {});
        }
        return;
      default:
        return unreachable(command);
    }
  }

  #reportDescription(generation: number): void {
    const description = this.#connection.localDescription?.sdp;
    if (description === undefined || this.#abort.signal.aborted) return;
    this.#localGeneration = generation;
    this.#report({ type: "description", generation, description: this.#isRelayOnly ? withoutOwnAddresses(description) : description });
  }

  #check(description: string): void {
    const known = this.#connection.remoteDescription?.sdp ?? "";
    if (identityOf(description) !== identityOf(known)) throw new TypeError("a description of another connection");
  }

  #handleCandidate(candidate: RTCIceCandidate | null): void {
    if (this.#localGeneration === undefined || candidate === null || candidate.candidate === "") return;
    if (this.#isRelayOnly && !isRelayedCandidate(candidate.candidate)) return;
    const line = this.#isRelayOnly ? withoutRelatedAddress(candidate.candidate) : candidate.candidate;
    const text = `${candidate.sdpMid ?? "0"}${SEPARATOR}${line}`;
    this.#report({ type: "candidate", generation: this.#localGeneration, candidate: text });
  }

  #handleState(): void {
    const state = this.#connection.connectionState;
    if (state === "connected" || state === "disconnected" || state === "failed") this.#report({ type: "state", state });
  }
}

/** What stays the same in all descriptions of one connection: its session id (RFC 8829 §5.2.1), and the certificate. */
function identityOf(description: string): string {
  const session = /^o=\S+ (\S+) /m.exec(description)?.[1] ?? "";
  return [session, ...[...certificatesIn(description)].toSorted()].join(" ");
}
