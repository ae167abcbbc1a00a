import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { LOBBY_LIMITS } from "@rollcall/netcode/lobby-protocol";
import { KeyRing, type SigningKey } from "./key-ring.ts";
import type { LobbyRecord } from "./lobby-record.ts";

/** Raised whenever a record means something else than before: older keepsakes are then refused, and their lobbies lost with the restart. */
const SEAL_VERSION = 4;
/** The key that sealed it, by name. */
const KID_BYTES = 6;
const SALT_BYTES = 32;
const TAG_BYTES = 16;

/**
 * Older keepsakes are refused: whoever digs one out would open a lobby that everybody has forgotten. A living lobby's is renewed every hour
 * (`KEEPSAKE_RENEWED_MS`); at half, a broker that is down for a lunch break loses lobbies.
 */
export const KEEPSAKE_AGE_MS: number = 6 * 3_600_000;
/** The broker's clock may have been set back by this. */
const CLOCK_SLACK_MS = 600_000;
/** What a record may unpack to. */
const RECORD_BYTES_MAX = 1_048_576;

/** Why a keepsake is not used. */
export type SealRefusal = "seal-version" | "seal-key" | "seal-broken" | "seal-old";

export type OpenedSeal = { readonly ok: true; readonly record: LobbyRecord } | { readonly ok: false; readonly reason: SealRefusal };

/**
 * Seals records for members to keep, and opens what they bring back: AES-256-GCM under a key of its own for each seal (HKDF of the signing key and a
 * random salt, so that no nonce comes twice however many are made). Encrypted, since a record holds addresses, bans and hashes that are nobody's
 * business.
 *
 *   keepsake = base64url( version 1 · key id 6 · salt 32 · ciphertext · tag 16 )      plain text = deflate( JSON { sealedAtMs, record } )
 */
export class LobbySeal {
  readonly #keys: KeyRing;
  readonly #wallMs: () => number;

  /** `keys`: or one secret. */
  constructor(keys: KeyRing | string, wallMs: () => number) {
    this.#keys = typeof keys === "string" ? KeyRing.of(keys) : keys;
    this.#wallMs = wallMs;
  }

  /** `undefined` when the lobby is too large to be kept. */
  seal(record: LobbyRecord): string | undefined {
    // The newest changes only save a returning member a whole state.
    const text = JSON.stringify({ sealedAtMs: this.#wallMs(), record: { ...record, recent: [] } });
    const signingKey = this.#keys.current;
    const head = Buffer.concat([Buffer.of(SEAL_VERSION), Buffer.from(signingKey.kid, "base64url"), randomBytes(SALT_BYTES)]);
    const { key, nonce } = sealKey(signingKey, head);
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(head);
    const body = Buffer.concat([cipher.update(deflateRawSync(text, { level: 1 })), cipher.final()]);
    const keepsake = Buffer.concat([head, body, cipher.getAuthTag()]).toString("base64url");
    return keepsake.length <= LOBBY_LIMITS.keepsakeUnits ? keepsake : undefined;
  }

  open(keepsake: string): OpenedSeal {
    const bytes = Buffer.from(keepsake, "base64url");
    if (bytes[0] !== SEAL_VERSION) return { ok: false, reason: "seal-version" };
    const head = bytes.subarray(0, 1 + KID_BYTES + SALT_BYTES);
    const tag = bytes.subarray(Math.max(head.length, bytes.length - TAG_BYTES));
    if (tag.length !== TAG_BYTES) return { ok: false, reason: "seal-broken" };
    const signingKey = this.#keys.find(head.subarray(1, 1 + KID_BYTES).toString("base64url"));
    if (signingKey === undefined) return { ok: false, reason: "seal-key" };
    const { key, nonce } = sealKey(signingKey, head);
    let content: { readonly sealedAtMs: number; readonly record: LobbyRecord };
    try {
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES }).setAAD(head).setAuthTag(tag);
      const packed = Buffer.concat([decipher.update(bytes.subarray(head.length, bytes.length - TAG_BYTES)), decipher.final()]);
      // Our own words, by the tag: what this process (or one with its key) wrote, and of this version.
      content = JSON.parse(inflateRawSync(packed, { maxOutputLength: RECORD_BYTES_MAX }).toString()) as typeof content;
    } catch {
      return { ok: false, reason: "seal-broken" };
    }
    const ageMs = this.#wallMs() - content.sealedAtMs;
    return ageMs > KEEPSAKE_AGE_MS || ageMs < -CLOCK_SLACK_MS ? { ok: false, reason: "seal-old" } : { ok: true, record: content.record };
  }
}

function sealKey(signingKey: SigningKey, head: Buffer): { readonly key: Buffer; readonly nonce: Buffer } {
  const bytes = signingKey.derive("rollcall keepsake", head.subarray(1), 44);
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
}
