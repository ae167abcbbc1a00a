/** Proofs that anybody could forge, made and checked at once, for links in virtual time. A key is its owner's name. */
import type { PeerId } from "../src/core/base/units.ts";
import { checksumBytes } from "../src/core/base/checksum.ts";
import type { MembershipProof, ProofVerdict } from "../src/core/ports/membership.ts";

export interface StandInInvite {
  readonly secret: string;
  readonly isRequired: boolean;
}

export function proveAs(name: string, transcript: Uint8Array, secret?: string): MembershipProof {
  const key = bytesOf(name, 32);
  return { key, signature: seal(key, transcript, 64), mac: secret === undefined ? undefined : seal(bytesOf(secret, 32), transcript, 32) };
}

/** As `Membership` judges. */
export function checkOf(peerId: PeerId, transcript: Uint8Array, proof: MembershipProof, invite?: StandInInvite): ProofVerdict {
  const { key, signature, mac } = proveAs(peerId, transcript, invite?.secret);
  if (!isEqual(proof.key, key) || !isEqual(proof.signature, signature)) return "identity-mismatch";
  if (mac === undefined) return "key";
  if (proof.mac === undefined) return invite?.isRequired === true ? "not-invited" : "key";
  return isEqual(proof.mac, mac) ? "invite" : "identity-mismatch";
}

/** Whether `signature` is of who has `key`. */
export function isSealed(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  return isEqual(signature, seal(key, bytes, 64));
}

export function seal(key: Uint8Array, bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const sealed = new Uint8Array(sizeBytes);
  new DataView(sealed.buffer).setUint32(0, checksumBytes(Uint8Array.from([...key, ...bytes])));
  return sealed;
}

function bytesOf(text: string, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => text.charCodeAt(index) || 0);
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
