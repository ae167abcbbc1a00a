/** The cryptography of a lobby's password. Loaded by pages that set one or come to one. */
import { asciiBytes } from "../core/base/ascii.ts";
import { encodeBase64Url, decodeBase64Url } from "../core/base/base64url.ts";
import {
  PASSWORD_KEY_INFO,
  PASSWORD_ROUNDS,
  passwordProofText,
  type PasswordChallenge,
  type PasswordProof,
  type PasswordVerifier,
} from "../core/ports/lobby-password.ts";

/** The primitives, all with SHA-256. */
export interface PasswordHashing {
  /** PBKDF2, 32 bytes. */
  stretch(password: Uint8Array, salt: Uint8Array, rounds: number): Promise<Uint8Array>;
  hmac(key: Uint8Array, bytes: Uint8Array): Promise<Uint8Array>;
  digest(bytes: Uint8Array): Promise<Uint8Array>;
}

const SALT_BYTES = 16;

/** By WebCrypto where that is there, else in JavaScript, which is loaded then. `subtle`: for tests. */
export async function createPasswordHashing(subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): Promise<PasswordHashing> {
  if (subtle === undefined) return (await import("./noble-crypto.ts")).nobleHashing;
  return {
    async stretch(password, salt, iterations) {
      const key = await subtle.importKey("raw", new Uint8Array(password), "PBKDF2", false, ["deriveBits"]);
      return new Uint8Array(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(salt), iterations }, key, 256));
    },
    async hmac(secret, bytes) {
      const key = await subtle.importKey("raw", new Uint8Array(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      return new Uint8Array(await subtle.sign("HMAC", key, new Uint8Array(bytes)));
    },
    digest: async (bytes) => new Uint8Array(await subtle.digest("SHA-256", new Uint8Array(bytes))),
  };
}

/** What the broker keeps of a password. `random`: a generator that nobody can foresee. */
export async function verifierOf(
  hashing: PasswordHashing,
  password: string,
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes),
): Promise<PasswordVerifier> {
  const salt = random(new Uint8Array(SALT_BYTES));
  const clientKey = await clientKeyOf(hashing, password, salt);
  return { salt: encodeBase64Url(salt), storedKey: encodeBase64Url(await hashing.digest(clientKey)) };
}

/** What is shown for the password of `code` by whoever has `key`. */
export async function proofOf(
  hashing: PasswordHashing,
  password: string,
  { challenge, code, key }: { readonly challenge: PasswordChallenge; readonly code: string; readonly key: string },
): Promise<PasswordProof> {
  const clientKey = await clientKeyOf(hashing, password, decodeBase64Url(challenge.salt, SALT_BYTES) ?? new Uint8Array(SALT_BYTES));
  const storedKey = await hashing.digest(clientKey);
  const mask = await hashing.hmac(storedKey, asciiBytes(passwordProofText(challenge.nonce, code, key)));
  return { nonce: challenge.nonce, proof: encodeBase64Url(clientKey.map((byte, index) => byte ^ (mask[index] ?? 0))) };
}

/** Composed, so that a password is the same from every keyboard. */
async function clientKeyOf(hashing: PasswordHashing, password: string, salt: Uint8Array): Promise<Uint8Array> {
  const salted = await hashing.stretch(new TextEncoder().encode(password.normalize("NFKC")), salt, PASSWORD_ROUNDS);
  return hashing.hmac(salted, asciiBytes(PASSWORD_KEY_INFO));
}
