import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import {
  normalizeLobbyCode,
  passwordProofText,
  type LobbyCommand,
  type PasswordChallenge,
  type PasswordVerifier,
} from "@rollcall/netcode/lobby-protocol";
import type { JoinRequest } from "./lobby-entrance.ts";
import type { LobbyStore } from "./lobby-store.ts";
import type { Secrets } from "./secrets.ts";

type CommandOf<Type extends LobbyCommand["type"]> = Extract<LobbyCommand, { readonly type: Type }>;

interface LobbyPasswordsOptions {
  readonly store: LobbyStore;
  readonly secrets: Secrets;
  readonly wallMs: () => number;
}

/** Makes the challenges of joiners, and tells which proofs are of one. */
export class LobbyPasswords {
  readonly #options: LobbyPasswordsOptions;

  constructor(options: LobbyPasswordsOptions) {
    this.#options = options;
  }

  /** Of no lobby, or one without a password, it looks the same. */
  async challenge({ code: text, key }: CommandOf<"challenge">): Promise<PasswordChallenge> {
    const { store, secrets, wallMs } = this.#options;
    const code = normalizeLobbyCode(text);
    const record = code === undefined ? undefined : (await store.load(code)).record;
    const salt = record?.password?.salt ?? secrets.madeUpSalt(code ?? text);
    return { salt, nonce: secrets.challenge(wallMs(), `${code ?? text}:${key}`) };
  }

  /** `null`: none, or of a challenge that was not ours, or is over. */
  proofOf({ code: text, key, password }: CommandOf<"join">): JoinRequest["password"] {
    const { secrets, wallMs } = this.#options;
    const code = normalizeLobbyCode(text) ?? text;
    if (password === undefined || !secrets.isChallenge(wallMs(), `${code}:${key}`, password.nonce)) return null;
    return { text: passwordProofText(password.nonce, code, key), proof: password.proof };
  }
}

/** Whether `proof` was made by somebody who knows the password: under its mask is what the stored key is the hash of. Never throws. */
export function provesPassword({ storedKey }: PasswordVerifier, text: string, proof: string): boolean {
  const stored = Buffer.from(storedKey, "base64url");
  const mask = createHmac("sha256", stored).update(text).digest();
  const clientKey = Buffer.from(proof, "base64url").map((byte, index) => byte ^ (mask[index] ?? 0));
  const hash = createHash("sha256").update(clientKey).digest();
  return stored.length === hash.length && timingSafeEqual(hash, stored);
}
