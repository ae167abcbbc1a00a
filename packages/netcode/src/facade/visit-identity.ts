import { peerIdOfKey, type VisitCrypto } from "../adapters/visit-crypto.ts";
import type { ProveSocket } from "../adapters/signaling-proof.ts";
import { encodeBase64Url } from "../core/base/base64url.ts";
import type { PeerId } from "../core/base/units.ts";
import { signalingProofText } from "../core/ports/lobby-protocol.ts";

/** Who this page is during one visit to a lobby. */
export interface VisitIdentity {
  readonly crypto: VisitCrypto;
  readonly peerId: PeerId;
  /** The public key, base64url. */
  readonly key: string;
  /** Opens our signaling socket. */
  readonly prove: ProveSocket;
}

export async function createVisitIdentity(crypto: VisitCrypto): Promise<VisitIdentity> {
  const peerId = await peerIdOfKey(crypto, crypto.publicKey);
  const key = encodeBase64Url(crypto.publicKey);
  return {
    crypto,
    peerId,
    key,
    prove: async (nonce) => {
      const text = signalingProofText(nonce, peerId);
      const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      return { key, signature: encodeBase64Url(await crypto.sign(bytes)) };
    },
  };
}
