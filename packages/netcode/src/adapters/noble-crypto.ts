/** The one file that knows the cryptography in JavaScript: loaded only where WebCrypto is not to be had. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { INVITE_KEY_INFO } from "./invite-key.ts";
import type { PasswordHashing } from "./password-crypto.ts";
import type { VisitCrypto } from "./visit-crypto.ts";

/** In slices of 10 ms, so that a page goes on drawing. */
export const nobleHashing: PasswordHashing = {
  stretch: (password, salt, rounds) => pbkdf2Async(sha256, password, salt, { c: rounds, dkLen: 32, asyncTick: 10 }),
  hmac: async (key, bytes) => hmac(sha256, key, bytes),
  digest: async (bytes) => sha256(bytes),
};

/** The private key lies in the page's memory: a script that runs in the page could read it, as it could use any other. */
export function createNobleCrypto(): VisitCrypto {
  const { secretKey, publicKey } = ed25519.keygen();
  return {
    kind: "fallback",
    publicKey,
    sign: async (bytes) => ed25519.sign(bytes, secretKey),
    async verify(key, bytes, signature) {
      try {
        // RFC 8032 as WebCrypto has it, and not the laxer rules of ZIP 215.
        return ed25519.verify(signature, bytes, key, { zip215: false });
      } catch {
        return false;
      }
    },
    digest: async (bytes) => sha256(bytes),
    authenticate: async (secret, bytes) => hmac(sha256, hkdf(sha256, secret, undefined, INVITE_KEY_INFO, 32), bytes),
  };
}
