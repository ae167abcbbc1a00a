import { encodeLinkTranscript, type TranscriptEnd } from "../identity/link-transcript.ts";
import type { Fingerprints, MembershipProof } from "../ports/membership.ts";
import { encodeProof, LINK_VERSION, type Hello } from "./link-codec.ts";
import type { LinkOptions } from "./link-options.ts";

/**
 * Both ends of one way to the peer prove who they are: ours is made, the peer's is checked. A part of a `Greeting`. On an own connection everything
 * that we sign is known when the channels open; over a member in the middle we must have the peer's instance first.
 */
export class ProofExchange {
  /** The peer's hello, that waits for its proof. */
  hello: Hello | undefined;
  readonly #options: LinkOptions & { readonly lobby: string };
  /** `undefined`: over a member in the middle. */
  readonly #fingerprints: Fingerprints | undefined;
  #request = 0;
  /** The peer's instance that our proof is for. */
  #provedTo: number | undefined;
  #packet: Uint8Array | undefined;
  /** The peer's proof, that waits for its hello or for its turn. */
  #theirs: MembershipProof | undefined;
  #checking: { readonly request: number; readonly instance: number } | undefined;

  constructor(options: LinkOptions & { readonly lobby: string }, fingerprints: Fingerprints | undefined) {
    this.#options = options;
    this.#fingerprints = fingerprints;
  }

  /** Our own, once it is made. */
  get packet(): Uint8Array | undefined {
    return this.#packet;
  }

  /** Asks for our proof, unless it is made or asked for. `remoteInstance`: 0 where it is not known, and need not be. */
  prove(remoteInstance: number): void {
    const { localPeerId, peerId, instance } = this.#options;
    if (this.#provedTo === remoteInstance) return;
    this.#provedTo = remoteInstance;
    this.#packet = undefined;
    this.#request = this.#options.output.nextRequest();
    const transcript = this.#transcript({ peerId: localPeerId, instance }, { peerId, instance: remoteInstance }, this.#fingerprints);
    this.#options.output.actions.push({ type: "prove", peerId, request: this.#request, transcript });
  }

  /** Our proof as it leaves now; `undefined`: not what we asked for last. */
  handleProved(request: number, proof: MembershipProof): Uint8Array | undefined {
    if (request !== this.#request || this.#packet !== undefined) return undefined;
    this.#packet = encodeProof(proof);
    return this.#packet;
  }

  handleHello(hello: Hello): void {
    // Only what it knows of us may change; of another process comes another proof.
    if (this.hello !== undefined && this.hello.instance !== hello.instance) this.#theirs = undefined;
    this.hello = hello;
    this.#check();
  }

  /** Copies it. One at a time is checked: what comes meanwhile waits, the newest alone. */
  handleProof({ key, signature, mac }: MembershipProof): void {
    this.#theirs = { key: key.slice(), signature: signature.slice(), mac: mac?.slice() };
    this.#check();
  }

  /** The hello that the proof belongs to; `undefined`: not what we asked for last, or of a process that is gone. */
  handleChecked(request: number): Hello | undefined {
    const checking = this.#checking;
    if (checking?.request !== request) return undefined;
    this.#checking = undefined;
    const hello = this.hello;
    if (hello !== undefined && hello.instance === checking.instance) return hello;
    this.#check();
    return undefined;
  }

  #check(): void {
    const { localPeerId, peerId, instance, output } = this.#options;
    const proof = this.#theirs;
    if (this.hello === undefined || proof === undefined || this.#checking !== undefined) return;
    this.#theirs = undefined;
    this.#checking = { request: output.nextRequest(), instance: this.hello.instance };
    const ours = { peerId: localPeerId, instance: this.#fingerprints === undefined ? instance : 0 };
    const theirs = this.#fingerprints && { local: this.#fingerprints.remote, remote: this.#fingerprints.local };
    const transcript = this.#transcript({ peerId, instance: this.hello.instance }, ours, theirs);
    output.actions.push({ type: "check", peerId, request: this.#checking.request, transcript, proof });
  }

  #transcript(signer: TranscriptEnd, other: TranscriptEnd, fingerprints: Fingerprints | undefined): Uint8Array {
    const { lobby, game } = this.#options;
    return encodeLinkTranscript({ linkVersion: LINK_VERSION, lobby, game, signer, other, fingerprints });
  }
}
