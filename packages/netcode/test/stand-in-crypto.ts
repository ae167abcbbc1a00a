/** Cryptography that anybody could break, for tests in virtual time: nothing of it waits for anything but microtasks. */
import type { VisitCrypto } from "../src/adapters/visit-crypto.ts";
import { checksumBytes } from "../src/core/base/checksum.ts";

/** The hash of a key is its second half. */
export function standInCrypto(count: number): VisitCrypto {
  const publicKey = new Uint8Array(32);
  new DataView(publicKey.buffer).setUint32(28, count);
  const signed = (key: Uint8Array, bytes: Uint8Array, sizeBytes: number): Uint8Array => {
    const signature = new Uint8Array(sizeBytes);
    new DataView(signature.buffer).setUint32(0, checksumBytes(Uint8Array.from([...key, ...bytes])));
    return signature;
  };
  return {
    kind: "fallback",
    publicKey,
    sign: async (bytes) => signed(publicKey, bytes, 64),
    verify: async (key, bytes, signature) => signed(key, bytes, 64).every((byte, index) => byte === signature[index]),
    digest: async (bytes) => Uint8Array.from([...bytes.subarray(-16), ...new Uint8Array(16)]),
    authenticate: async (secret, bytes) => signed(secret, bytes, 32),
  };
}
