import { parseJsonText, signalingProofText, type PeerId } from "@rollcall/netcode/lobby-protocol";
import { isSignedBy } from "./secrets.ts";
import { isFields } from "./signaling-message.ts";

/** A public key is 43 characters of base64url, a signature 86. Anything longer is not read. */
const PROOF_BYTES_MAX = 512;
const KEY_PATTERN = /^[A-Za-z0-9_-]{43}$/;
const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{86}$/;

/** True for the one answer to `CHALLENGE` that only the owner of `peerId` can give. Never throws. */
export function isSignalingProof(text: string, peerId: PeerId, nonce: string): boolean {
  const parsed = parseJsonText(text, { bytesMax: PROOF_BYTES_MAX, depthMax: 2 });
  if (!parsed.ok || !isFields(parsed.value)) return false;
  const { type, key, signature } = parsed.value;
  if (type !== "PROOF" || typeof key !== "string" || typeof signature !== "string") return false;
  if (!KEY_PATTERN.test(key) || !SIGNATURE_PATTERN.test(signature)) return false;
  return isSignedBy(peerId, signalingProofText(nonce, peerId), { key, signature });
}
