import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import {
  PASSWORD_KEY_INFO,
  PASSWORD_ROUNDS,
  passwordProofText,
  type PasswordChallenge,
  type PasswordProof,
  type PasswordVerifier,
} from "@rollcall/netcode/lobby-protocol";

/** A password, as a client of another make would use it. */
export class TypedPassword {
  readonly #clientKeyOf: (salt: string) => Buffer;

  constructor(password: string) {
    this.#clientKeyOf = (salt) =>
      createHmac("sha256", pbkdf2Sync(password, Buffer.from(salt, "base64url"), PASSWORD_ROUNDS, 32, "sha256"))
        .update(PASSWORD_KEY_INFO)
        .digest();
  }

  verifier(salt = "AAECAwQFBgcICQoLDA0ODw"): PasswordVerifier {
    return { salt, storedKey: createHash("sha256").update(this.#clientKeyOf(salt)).digest("base64url") };
  }

  proof({ salt, nonce }: PasswordChallenge, { code, key }: { readonly code: string; readonly key: string }): PasswordProof {
    const clientKey = this.#clientKeyOf(salt);
    const storedKey = createHash("sha256").update(clientKey).digest();
    const mask = createHmac("sha256", storedKey)
      .update(passwordProofText(nonce, code, key))
      .digest();
    return { nonce, proof: Buffer.from(clientKey.map((byte, index) => byte ^ (mask[index] ?? 0))).toString("base64url") };
  }
}
