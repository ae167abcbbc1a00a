import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { assert } from "@rollcall/netcode/lobby-protocol";

/** A secret that is shorter could be tried out. */
export const SIGNING_KEY_UNITS_MIN = 32;
export const KID_UNITS = 8;
/** Of one ring. A key a week, and each is over a day after the next one began, leaves two. */
const KEYS_MAX = 8;

/**
 * An older key verifies for this long after the next one began to sign; nothing that is signed lives longer. At half, pages of a long evening have to
 * enter again; at double, a key that leaked is good for two days unless somebody takes it out.
 */
export const SIGNED_LIFE_MS: number = 24 * 3_600_000;

/** One secret, and all that is made of it: a key for each purpose, so that none says anything about another. */
export class SigningKey {
  /** Names the key where several are about: 8 url-safe characters, of which nobody finds the key. */
  readonly kid: string;
  /** From when on it signs, in ms of the wall clock. It verifies before that too. */
  readonly fromMs: number;
  readonly #secret: string;

  constructor(secret: string, fromMs: number = -Infinity) {
    this.#secret = secret;
    this.fromMs = fromMs;
    this.kid = this.derive("rollcall key id", "", 6).toString("base64url");
  }

  /** As it is, for who shares it: a key of HS256. Of a secret of which keys are derived nobody else needs that. */
  get bytes(): Uint8Array {
    return Buffer.from(this.#secret);
  }

  /** HMAC-SHA-256. */
  hmac(text: string): Buffer {
    return createHmac("sha256", this.#secret).update(text).digest();
  }

  /** HKDF-SHA-256. `purpose`: the same for nothing else. */
  derive(purpose: string, salt: Uint8Array | string, sizeBytes: number): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#secret, salt, purpose, sizeBytes));
  }
}

/**
 * The broker's keys: the newest whose time has come signs. Those to come verify already, so that brokers that share the keys need not change at the
 * same moment; those before it verify until all that they signed is over.
 */
export class KeyRing {
  readonly #wallMs: () => number;
  readonly #source: () => readonly SigningKey[];

  /** `source`: at least one key, of which one signs already; asked each time, so that it may change. */
  constructor(source: () => readonly SigningKey[], wallMs: () => number) {
    this.#source = source;
    this.#wallMs = wallMs;
  }

  /** One key, for good. Default: a random one. */
  static of(secret: string = randomBytes(32).toString("base64url")): KeyRing {
    const keys = [new SigningKey(secret)];
    return new KeyRing(
      () => keys,
      () => 0,
    );
  }

  /** The key that signs. */
  get current(): SigningKey {
    const nowMs = this.#wallMs();
    const key = this.#keys.find(({ fromMs }) => fromMs <= nowMs) ?? this.#keys.at(-1);
    assert(key !== undefined, "a ring with a key");
    return key;
  }

  /** The keys that signed before this one, and still verify; newest first. */
  get former(): readonly SigningKey[] {
    const nowMs = this.#wallMs();
    const first = this.#keys.indexOf(this.current) + 1;
    return this.#keys.slice(first).filter((_, index) => nowMs < (this.#keys[first + index - 1]?.fromMs ?? 0) + SIGNED_LIFE_MS);
  }

  /** All that verify: newest first. */
  get verifying(): readonly SigningKey[] {
    return this.#keys.filter(({ kid }) => this.find(kid) !== undefined);
  }

  /** The newest that has signed for `ms` already; where none has, the one that signs. */
  settled(ms: number): SigningKey {
    const sinceMs = this.#wallMs() - ms;
    return this.verifying.find(({ fromMs }) => fromMs <= sinceMs) ?? this.current;
  }

  /** A key that verifies; `undefined`: not one of ours, or over. */
  find(kid: string): SigningKey | undefined {
    const key = this.#keys.find((item) => item.kid === kid);
    return key === undefined || (key.fromMs < this.current.fromMs && !this.former.includes(key)) ? undefined : key;
  }

  /** Newest first. */
  get #keys(): readonly SigningKey[] {
    return this.#source().toSorted((left, right) => right.fromMs - left.fromMs);
  }
}

/**
 * Keys as they stand in a file: one a line, `SECRET` or `FROM SECRET`, with the time from which it signs (ISO 8601, UTC). Lines that begin with `#` are
 * read by people alone. `undefined` when anything else is in it, when none signs at `nowMs`, or two begin at one moment.
 */
export function parseSigningKeys(text: string, nowMs: number): readonly SigningKey[] | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const keys: SigningKey[] = [];
  for (const line of lines.filter((each) => each !== "" && !each.startsWith("#"))) {
    const [, from, secret = ""] = /^(?:(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z) +)?(\S+)$/.exec(line) ?? [];
    const fromMs = from === undefined ? -Infinity : Date.parse(from);
    if (secret.length < SIGNING_KEY_UNITS_MIN || Number.isNaN(fromMs)) return undefined;
    keys.push(new SigningKey(secret, fromMs));
  }
  const isDistinct =
    new Set(keys.map(({ fromMs }) => fromMs)).size === keys.length && new Set(keys.map(({ kid }) => kid)).size === keys.length;
  return isDistinct && keys.length <= KEYS_MAX && keys.some(({ fromMs }) => fromMs <= nowMs) ? keys : undefined;
}
