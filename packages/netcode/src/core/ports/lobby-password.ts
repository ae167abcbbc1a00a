/** The password of a lobby: neither it nor anything that could stand for it goes over the wire when somebody joins, and the broker keeps only what checks it. */

/** What the host gives the broker: PBKDF2-HMAC-SHA-256 of the password under `salt`, hashed twice. */
export interface PasswordVerifier {
  /** 16 random bytes, base64url. */
  readonly salt: string;
  /** SHA-256 of the client key, 32 bytes in base64url. */
  readonly storedKey: string;
}

/** The result of `challenge`. For a code that has no password, or is none, the salt is made up, and the same each time. */
export interface PasswordChallenge {
  readonly salt: string;
  /** Good for a minute or two, for this code and this key. */
  readonly nonce: string;
}

/** What a joiner shows: the client key under a mask that only the stored key and the nonce give. */
export interface PasswordProof {
  readonly nonce: string;
  /** 32 bytes, base64url. */
  readonly proof: string;
}

/** Rounds of PBKDF2. At half, a stolen store is searched twice as fast; at double, an old phone without WebCrypto computes for two seconds. */
export const PASSWORD_ROUNDS = 100_000;

/** What the client key is of: HMAC-SHA-256 of these bytes under the salted password. */
export const PASSWORD_KEY_INFO = "rollcall/password";

/** What the mask is of: HMAC-SHA-256 of this text under the stored key. `key`: the joiner's, so that nobody else can show the same proof. */
export function passwordProofText(nonce: string, code: string, key: string): string {
  return `rollcall/password/1\n${nonce}\n${code}\n${key}`;
}
