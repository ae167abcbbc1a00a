import type { PeerId } from "../base/units.ts";

/** Ed25519 (RFC 8032), raw. */
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** HMAC-SHA-256. */
export const MAC_BYTES = 32;
/** SHA-256 of a DTLS certificate. */
export const FINGERPRINT_BYTES = 32;

/** What one end of a link shows for being the member that it says it is: made for one connection, of no use on another. */
export interface MembershipProof {
  /** Its hash is the peer id. */
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
  /** Made with the invite's secret, by whoever has it. */
  readonly mac: Uint8Array | undefined;
}

/** How sure we are of a member: it has the key that its id belongs to, or it also has the secret of our invite. */
export type Verified = "key" | "invite";

/** What became of a proof. `not-invited`: the key is right, and the secret that this lobby asks for is not there. */
export type ProofVerdict = Verified | "not-invited" | "identity-mismatch";

/** What the ends of one connection know each other's certificates by: SHA-256 each, from the descriptions of our own end. */
export interface Fingerprints {
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
}

/** Makes and checks proofs. Both take a moment; they resolve, whatever comes in. */
export interface MembershipKeeper {
  prove(transcript: Uint8Array): Promise<MembershipProof>;
  /** `transcript`: what `peerId` must have signed. */
  check(peerId: PeerId, transcript: Uint8Array, proof: MembershipProof): Promise<ProofVerdict>;
  /** Whether `key` signed these bytes. */
  verify(key: Uint8Array, signed: Uint8Array, signature: Uint8Array): Promise<boolean>;
}
