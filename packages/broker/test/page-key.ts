import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { signalingProofText, type PeerId } from "@rollcall/netcode/lobby-protocol";

/** The key pair of a page, as a browser makes it for a visit. */
export class PageKey {
  /** Public, base64url. */
  readonly key: string;
  readonly peerId: PeerId;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
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

const KEYS = new Map<string, PageKey>();
