import { assert } from "../core/base/assert.ts";
import { encodeHex } from "../core/base/hex.ts";
import { parsePeerId, type PeerId } from "../core/base/units.ts";
import { createWebCrypto } from "./web-crypto.ts";

/** The cryptography of one visit to a lobby: a key pair of its own, and what checks those of others. */
export interface VisitCrypto {
  /** `fallback`: the engine has no Ed25519, or hides it from pages that came over plain http; the same is computed in JavaScript. */
  readonly kind: "webcrypto" | "fallback";
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
  /** False for anything that is not a signature of `bytes` by `publicKey`. */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** SHA-256. */
  digest(bytes: Uint8Array): Promise<Uint8Array>;
  /** HMAC-SHA-256 of `bytes` under a key that HKDF makes of `secret`. */
  authenticate(secret: Uint8Array, bytes: Uint8Array): Promise<Uint8Array>;
}

/** A new key pair: by WebCrypto where that is there, else in JavaScript, which is loaded then. `subtle`: for tests. */
export async function createVisitCrypto(subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): Promise<VisitCrypto> {
  if (subtle !== undefined) {
    try {
      return await createWebCrypto(subtle);
    } catch {
      // No Ed25519 here: Chromium has it from 137, Firefox from 129, Safari from 17.
    }
  }
  const { createNobleCrypto } = await import("./noble-crypto.ts");
  return createNobleCrypto();
}

let prepared: Promise<VisitCrypto> | undefined;

/** Makes a key pair ahead of time, for the next `takeVisitCrypto`. Rejects as `createVisitCrypto` does. */
export async function prepareVisitCrypto(): Promise<void> {
  prepared ??= createVisitCrypto();
  try {
    await prepared;
  } catch (error) {
    prepared = undefined;
    throw error;
  }
}

/** The key pair that was prepared, or a new one. Each is given once. */
export function takeVisitCrypto(): Promise<VisitCrypto> {
  const taken = prepared ?? createVisitCrypto();
  prepared = undefined;
  return taken;
}

/** The id that belongs to a key: the first half of its SHA-256. Whoever wants another's id needs 2^128 tries. */
export async function peerIdOfKey({ digest }: Pick<VisitCrypto, "digest">, publicKey: Uint8Array): Promise<PeerId> {
  const hash = await digest(publicKey);
  const peerId = parsePeerId(encodeHex(hash.subarray(0, 16)));
  assert(peerId !== undefined, "32 hex digits to be a peer id");
  return peerId;
}
