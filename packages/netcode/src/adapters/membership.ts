import { MAC_BYTES, type MembershipKeeper, type MembershipProof, type ProofVerdict } from "../core/ports/membership.ts";
import type { PeerId } from "../core/base/units.ts";
import { peerIdOfKey, type VisitCrypto } from "./visit-crypto.ts";

/** The secret of a link by which we came, or that we hand on. */
export interface KnownInvite {
  readonly secret: Uint8Array;
  /** Members without it are refused. */
  readonly isRequired: boolean;
}

/** Proofs with a real key, and the invite's secret where we have it. */
export class Membership implements MembershipKeeper {
  readonly #crypto: VisitCrypto;
  readonly #invite: KnownInvite | undefined;

  constructor(crypto: VisitCrypto, invite: KnownInvite | undefined) {
    this.#crypto = crypto;
    this.#invite = invite;
  }

  async prove(transcript: Uint8Array): Promise<MembershipProof> {
    const [signature, mac] = await Promise.all([this.#crypto.sign(transcript), this.#mac(transcript)]);
    return { key: this.#crypto.publicKey, signature, mac };
  }

  async check(peerId: PeerId, transcript: Uint8Array, { key, signature, mac }: MembershipProof): Promise<ProofVerdict> {
    const [owner, isSigned, expected] = await Promise.all([
      peerIdOfKey(this.#crypto, key),
      this.#crypto.verify(key, transcript, signature),
      this.#mac(transcript),
    ]);
    if (owner !== peerId || !isSigned) return "identity-mismatch";
    // Without the secret we cannot tell: whoever has it may say so, and is none the better for it.
    if (expected === undefined) return "key";
    if (mac === undefined) return this.#invite?.isRequired === true ? "not-invited" : "key";
    return isEqual(mac, expected) ? "invite" : "identity-mismatch";
  }

  verify(key: Uint8Array, signed: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return this.#crypto.verify(key, signed, signature);
  }

  async #mac(transcript: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#invite === undefined ? undefined : this.#crypto.authenticate(this.#invite.secret, transcript);
  }
}

/** Takes the same time wherever they differ. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < MAC_BYTES; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}
