import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { signalingProofText, type PeerId } from "@rollcall/netcode/lobby-protocol";

/** The key pair of a page, as a browser makes it for a visit. */
export class PageKey {
  /** Public, base64url. */
  readonly key: string;
  readonly peerId: PeerId;
  readonly #privateKey: KeyObject;

  /** `seed`: the same pair each time. */
  constructor(seed?: string) {
    const { publicKey, privateKey } = seed === undefined ? generateKeyPairSync("ed25519") : pairOf(seed);
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    this.key = raw.toString("base64url");
    this.peerId = createHash("sha256").update(raw).digest("hex").slice(0, 32) as PeerId;
    this.#privateKey = privateKey;
    KEYS.set(this.peerId, this);
  }

  /** The key of a member of this test, by its id. */
  static of(peerId: string): PageKey | undefined {
    return KEYS.get(peerId);
  }

  /** The answer to a challenge. */
  proof(nonce: string, peerId: PeerId = this.peerId): { readonly type: "PROOF"; readonly key: string; readonly signature: string } {
    const signature = sign(null, Buffer.from(signalingProofText(nonce, peerId)), this.#privateKey).toString("base64url");
    return { type: "PROOF", key: this.key, signature };
  }
}

/** What stands before the 32 bytes of a private key (RFC 8410 section 7). */
const PRIVATE_KEY_PREFIX = "302e020100300506032b657004220420";

function pairOf(seed: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  const bytes = Buffer.concat([Buffer.from(PRIVATE_KEY_PREFIX, "hex"), createHash("sha256").update(seed).digest()]);
  const privateKey = createPrivateKey({ key: bytes, format: "der", type: "pkcs8" });
  return { publicKey: createPublicKey(privateKey), privateKey };
}

const KEYS = new Map<string, PageKey>();
