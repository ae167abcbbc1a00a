import { expect, test } from "vitest";
import { createPasswordHashing, proofOf, verifierOf, type PasswordHashing } from "../src/adapters/password-crypto.ts";
import { nobleHashing } from "../src/adapters/noble-crypto.ts";

const SALT = Uint8Array.from({ length: 16 }, (_, index) => index);
const CHALLENGE = { salt: "AAECAwQFBgcICQoLDA0ODw", nonce: "nonce-of-this-test" };

async function both(use: (hashing: PasswordHashing) => Promise<unknown>): Promise<unknown> {
  const [left, right] = [await use(await createPasswordHashing()), await use(nobleHashing)];
  expect(left).toEqual(right);
  return left;
}

test("[LS31] WebCrypto and the fallback make the same verifier and the same proof, and a password is composed before", async () => {
  const fill = (bytes: Uint8Array<ArrayBuffer>): Uint8Array => {
    bytes.set(SALT);
    return bytes;
  };
  const verifier = await both((hashing) => verifierOf(hashing, "Caf\u00e9 2", fill));
  expect(verifier).toEqual(await verifierOf(nobleHashing, "Cafe\u0301 2", fill));
  expect(verifier).toMatchObject({ salt: CHALLENGE.salt });
  const question = { challenge: CHALLENGE, code: "KXRTM", key: "A".repeat(43) };
  const proof = await both((hashing) => proofOf(hashing, "secret", question));
  expect(await proofOf(nobleHashing, "secret", { ...question, code: "KXRTN" })).not.toEqual(proof);
  expect(await proofOf(nobleHashing, "Secret", question)).not.toEqual(proof);
  // Computed once by another program: python3 -c 'import hashlib, hmac …'
  expect(proof).toEqual({ nonce: CHALLENGE.nonce, proof: "QQSScSXVnE_lFUdNWAH95O55YHRbjS0Qf47PWVtE1Is" });
});
