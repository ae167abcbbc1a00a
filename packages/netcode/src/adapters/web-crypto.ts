import { INVITE_KEY_INFO } from "./invite-key.ts";
import type { VisitCrypto } from "./visit-crypto.ts";

const ED25519 = "Ed25519";
const HMAC_KEY = { name: "HMAC", hash: "SHA-256", length: 256 } as const;

/** By the engine. The private key cannot be read, not even by us. Rejects where the engine has no Ed25519. */
export async function createWebCrypto(subtle: SubtleCrypto): Promise<VisitCrypto> {
  const pair = await subtle.generateKey(ED25519, false, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new TypeError("expected: a pair of keys");
  const publicKey = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  let derived: { readonly secret: Uint8Array; readonly key: Promise<CryptoKey> } | undefined;
  return {
    kind: "webcrypto",
    publicKey,
    sign: async (bytes) => new Uint8Array(await subtle.sign(ED25519, pair.privateKey, copyOf(bytes))),
    async verify(key, bytes, signature) {
      try {
        const imported = await subtle.importKey("raw", copyOf(key), ED25519, false, ["verify"]);
        return await subtle.verify(ED25519, imported, copyOf(signature), copyOf(bytes));
      } catch {
        // Not a point of the curve, or not its length.
        return false;
      }
    },
    digest: async (bytes) => new Uint8Array(await subtle.digest("SHA-256", copyOf(bytes))),
    async authenticate(secret, bytes) {
      // A visit has one, and uses it twice for each link.
      if (derived?.secret !== secret) derived = { secret, key: deriveInviteKey(subtle, secret) };
      return new Uint8Array(await subtle.sign("HMAC", await derived.key, copyOf(bytes)));
    },
  };
}

async function deriveInviteKey(subtle: SubtleCrypto, secret: Uint8Array): Promise<CryptoKey> {
  const source = await subtle.importKey("raw", copyOf(secret), "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: INVITE_KEY_INFO };
  return subtle.deriveKey(derivation, source, HMAC_KEY, false, ["sign"]);
}

/** WebCrypto takes no memory that may be shared with a worker. */
function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
