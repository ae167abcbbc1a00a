import { TokenBucket } from "../base/token-bucket.ts";
import type { Fingerprints, MembershipProof, ProofVerdict, Verified } from "../ports/membership.ts";
import type { Greeting } from "./greeting.ts";
import type { LinkCarrier } from "./link-carrier.ts";
import type { Hello, LinkPacket } from "./link-codec.ts";
import type { LinkOptions } from "./link-options.ts";
import { ProofExchange } from "./proof-exchange.ts";

/**
 * Proofs over a member in the middle, which may make up as many as it likes, that are checked at once, and so many a second. An honest end says its proof once a second. A check
 * takes milliseconds where there is no WebCrypto: at double, a liar takes a frame in each two seconds.
 */
const RELAYED_CHECKS_BURST = 4;
const RELAYED_CHECKS_PER_SECOND = 2;

/** What a link does about what its proofs show. */
export interface LinkProofsOutput {
  readonly carriers: { readonly direct: LinkCarrier; readonly relay: LinkCarrier };
  readonly accept: (nowMs: number, carrier: LinkCarrier, greeting: Greeting, hello: Hello) => void;
  readonly refuse: (nowMs: number, reason: "identity-mismatch" | "not-invited") => void;
}

/** Both ends prove that they are members of the lobby, on each way between them. A part of `Link`; without a lobby every hello is accepted as it is. */
export class LinkProofs {
  readonly #options: LinkOptions;
  readonly #output: LinkProofsOutput;
  #verified: Verified | undefined;
  readonly #checks = new TokenBucket(RELAYED_CHECKS_PER_SECOND, RELAYED_CHECKS_BURST);

  constructor(options: LinkOptions, output: LinkProofsOutput) {
    this.#options = options;
    this.#output = output;
  }

  /**
   * How sure we are of the peer on the way that packets take. Who forwards them can read and change them whatever the ends have proved to each other,
   * so there we have no more than the broker's word.
   */
  stats(isForwarded: boolean): { readonly verified?: Verified } {
    if (this.#verified === undefined) return {};
    return { verified: isForwarded ? "key" : this.#verified };
  }

  /** The own connection is open. False: it cannot be told from another, and was refused. */
  begin(nowMs: number, greeting: Greeting, fingerprints: Fingerprints | undefined): boolean {
    const { lobby } = this.#options;
    if (lobby === undefined) return true;
    if (fingerprints === undefined) {
      this.#output.refuse(nowMs, "identity-mismatch");
      return false;
    }
    greeting.proofs = new ProofExchange({ ...this.#options, lobby }, fingerprints);
    greeting.proofs.prove(0);
    return true;
  }

  /** Our hello left: our proof follows, if it is made, and the roster that has us. */
  follow(carrier: LinkCarrier, greeting: Greeting, remoteInstance: number): void {
    if (carrier === this.#output.carriers.relay) this.#beginRelayed(greeting, remoteInstance);
    for (const packet of [greeting.proofs?.packet, this.#options.rosters.packet]) {
      if (packet !== undefined) carrier.send("reliable", packet);
    }
  }

  /** A hello that has nothing wrong with it. It is accepted once its proof is. */
  handleHello(nowMs: number, carrier: LinkCarrier, greeting: Greeting, hello: Hello): void {
    if (this.#options.lobby === undefined) return this.#output.accept(nowMs, carrier, greeting, hello);
    if (carrier === this.#output.carriers.relay) this.#beginRelayed(greeting, hello.instance);
    greeting.proofs?.handleHello(hello);
  }

  handleProof(nowMs: number, carrier: LinkCarrier, proof: MembershipProof): void {
    const { state } = carrier;
    // Said again, or of a peer that we know already.
    if (state.kind === "ready" || (state.kind === "greeting" && state.greeting.isPeerKnown)) return;
    const isTaken = carrier === this.#output.carriers.direct || this.#checks.take(nowMs);
    if (isTaken && state.kind === "greeting" && state.greeting.proofs !== undefined) state.greeting.proofs.handleProof(proof);
    else this.#options.output.refuse("bad-proof");
  }

  /** Our proof is made: it leaves. */
  handleProved(request: number, proof: MembershipProof): void {
    for (const { carrier, greeting } of this.#greetings()) {
      const packet = greeting.proofs?.handleProved(request, proof);
      if (packet !== undefined) carrier.send("reliable", packet);
    }
  }

  /** The peer's proof was checked. */
  handleChecked(nowMs: number, request: number, verdict: ProofVerdict): void {
    for (const { carrier, greeting } of this.#greetings()) {
      const hello = greeting.proofs?.handleChecked(request);
      if (hello !== undefined && !greeting.isPeerKnown) this.#judge(nowMs, verdict, { carrier, greeting, hello });
    }
  }

  /** True: somebody is there, who has not proved who it is. */
  isStranger({ state }: LinkCarrier): boolean {
    return this.#options.lobby !== undefined && state.kind === "greeting" && !state.greeting.isPeerKnown;
  }

  /** Who has not proved who it is is believed nothing: neither that it leaves nor what it received. */
  isTooEarly(carrier: LinkCarrier, { type }: LinkPacket): boolean {
    return this.isStranger(carrier) && (type === "goodbye" || type === "stream-ack" || type === "ping");
  }

  /** Over a member in the middle our proof is for one process of the peer; 0: not known yet. */
  #beginRelayed(greeting: Greeting, remoteInstance: number): void {
    const { lobby } = this.#options;
    if (lobby === undefined) return;
    greeting.proofs ??= new ProofExchange({ ...this.#options, lobby }, undefined);
    if (remoteInstance !== 0) greeting.proofs.prove(remoteInstance);
  }

  #judge(nowMs: number, verdict: ProofVerdict, { carrier, greeting, hello }: GreetingOnWay & { readonly hello: Hello }): void {
    if (verdict === "key" || verdict === "invite") {
      // It says its proof again within a second, and a roster that has it behind that.
      if (!this.#options.rosters.admits(this.#options.peerId)) return this.#options.output.refuse("no-certificate");
      this.#verified = carrier === this.#output.carriers.direct ? verdict : (this.#verified ?? "key");
      return this.#output.accept(nowMs, carrier, greeting, hello);
    }
    this.#options.output.refuse("bad-proof");
    // A member in the middle may have made it up.
    if (carrier === this.#output.carriers.direct) this.#output.refuse(nowMs, verdict);
  }

  #greetings(): readonly GreetingOnWay[] {
    const { direct, relay } = this.#output.carriers;
    return [direct, relay].flatMap((carrier) => (carrier.state.kind === "greeting" ? [{ carrier, greeting: carrier.state.greeting }] : []));
  }
}

interface GreetingOnWay {
  readonly carrier: LinkCarrier;
  readonly greeting: Greeting;
}
