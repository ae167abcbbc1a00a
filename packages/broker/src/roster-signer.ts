/** Signs who the members of a lobby are, as a JSON Web Signature (RFC 7515) by `jose`; what a roster looks like is the protocol's (netcode's roster.ts). */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import {
  assert,
  encodeRoster,
  LOBBY_LIMITS,
  ROSTER_HEADER,
  type LeaveReason,
  type PeerId,
  type RosterAuthority,
  type RosterKey,
} from "@rollcall/netcode/lobby-protocol";
import { CompactSign } from "jose";
import type { NodeKeys } from "./key-watch.ts";
import type { KeyRing, SigningKey } from "./key-ring.ts";
import type { LobbyRecord } from "./lobby-record.ts";

/** After this it counts no more. It is renewed every hour (`ROSTER_RENEWED_MS`), and whoever leaves makes a newer one. */
const ROSTER_LIFE_S: number = 6 * 3_600;
/** A roster brings the keys that sign from now on. So long a new key only stands in them, so that all members have it before they need it: a renewal, and one that was missed. */
const KEY_SPREAD_MS: number = 2 * 3_600_000;
/** What stands before the 32 bytes of an Ed25519 secret in its usual wrapping (RFC 8410 section 7). */
const SECRET_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key pair that is made of a secret of the ring: the same on every node. */
interface KeyPair extends RosterKey {
  readonly secret: KeyObject;
}

export class RosterSigner {
  readonly #keys: KeyRing;
  readonly #wallMs: () => number;
  readonly #pairs = new WeakMap<SigningKey, KeyPair>();

  constructor(keys: KeyRing, wallMs: () => number) {
    this.#keys = keys;
    this.#wallMs = wallMs;
  }

  /** What a member holds rosters of this lobby against. */
  authorityOf({ life }: LobbyRecord): RosterAuthority {
    return { life: lifeOf(life.id), clockS: this.#nowS, keys: this.#publicKeys };
  }

  /** Rejects when the cryptography of this machine does. */
  async sign(record: LobbyRecord): Promise<string> {
    const { lobby, life, restoration, recent } = record;
    const payload = encodeRoster({
      code: lobby.code,
      life: lifeOf(life.id),
      number: lobby.event,
      issuedS: this.#nowS,
      expiresS: this.#nowS + ROSTER_LIFE_S,
      // The copy of who was kicked would else speak for the others, with higher numbers.
      isCertain: restoration === null,
      keys: this.#publicKeys,
      left: leftOf(recent).slice(-LOBBY_LIMITS.rosterLeft),
      members: lobby.members.map(({ peerId, order }) => ({ peerId, order })),
    });
    const { kid, secret } = this.#pairOf(this.#keys.settled(KEY_SPREAD_MS));
    return new CompactSign(payload).setProtectedHeader({ ...ROSTER_HEADER, kid }).sign(secret);
  }

  /** By which nodes find out whether they have the same keys: of one secret come all keys, and of the public one nobody finds it. */
  thumbprints(): NodeKeys {
    const nameOf = (key: SigningKey): string => thumbprintOf(this.#pairOf(key).key);
    return { signs: nameOf(this.#keys.current), takes: this.#keys.verifying.map(nameOf) };
  }

  get #nowS(): number {
    return Math.floor(this.#wallMs() / 1_000);
  }

  get #publicKeys(): readonly RosterKey[] {
    return this.#keys.verifying.map((signingKey) => {
      const { kid, key } = this.#pairOf(signingKey);
      return { kid, key };
    });
  }

  #pairOf(signingKey: SigningKey): KeyPair {
    const known = this.#pairs.get(signingKey);
    if (known !== undefined) return known;
    const seed = signingKey.derive("rollcall roster", "", 32);
    const secret = createPrivateKey({ key: Buffer.concat([SECRET_PREFIX, seed]), format: "der", type: "pkcs8" });
    const { x } = createPublicKey(secret).export({ format: "jwk" });
    assert(x !== undefined, "a public key in the secret one");
    const pair = { kid: signingKey.kid, key: x, secret };
    this.#pairs.set(signingKey, pair);
    return pair;
  }
}

/** RFC 7638: of these members, in this order. */
function thumbprintOf(key: string): string {
  return createHash("sha256")
    .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x: key }))
    .digest("base64url");
}

/** The life's own id is for the broker. */
function lifeOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url").slice(0, 16);
}

function leftOf(recent: LobbyRecord["recent"]): { readonly peerId: PeerId; readonly reason: LeaveReason }[] {
  return recent.flatMap(({ change }) => (change.type === "member-left" ? [{ peerId: change.peerId, reason: change.reason }] : []));
}
