import type { AnswerSeals } from "../adapters/answer-gate.ts";
import { Membership } from "../adapters/membership.ts";
import { peerIdOfKey, type VisitCrypto } from "../adapters/visit-crypto.ts";
import type { SocketProof } from "../adapters/signaling-proof.ts";
import { asciiBytes } from "../core/base/ascii.ts";
import { assert } from "../core/base/assert.ts";
import { decodeBase64Url, encodeBase64Url } from "../core/base/base64url.ts";
import { decodeHex } from "../core/base/hex.ts";
import type { PeerId } from "../core/base/units.ts";
import { INVITE_SECRET_BYTES, writeInvite, type Invite } from "../core/identity/invite.ts";
import { signalingProofText } from "../core/ports/lobby-protocol.ts";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type MembershipKeeper } from "../core/ports/membership.ts";
import type { LobbySecurity } from "./lobby-types.ts";

/** Who this page is during one visit to a lobby, and the invite by which it came, or which it made. */
export class LobbyVisit implements AnswerSeals {
  /** Of the public key. */
  readonly peerId: PeerId;
  /** The public key, base64url. */
  readonly key: string;
  readonly membership: MembershipKeeper;
  readonly security: LobbySecurity;
  /** No server may ever see it. */
  readonly invite: Invite | undefined;
  readonly #crypto: VisitCrypto;

  private constructor(crypto: VisitCrypto, peerId: PeerId, invite: Invite | undefined) {
    this.#crypto = crypto;
    this.peerId = peerId;
    this.key = encodeBase64Url(crypto.publicKey);
    this.invite = invite;
    this.membership = new Membership(crypto, invite);
    this.security = { crypto: crypto.kind, inviteOnly: invite?.isRequired === true };
  }

  static async begin(crypto: VisitCrypto, invite: Invite | undefined): Promise<LobbyVisit> {
    return new LobbyVisit(crypto, await peerIdOfKey(crypto, crypto.publicKey), invite);
  }

  /** `CODE.SECRET`. */
  inviteTo(code: string): string | undefined {
    return this.invite === undefined ? undefined : writeInvite(code, this.invite);
  }

  /** Opens our signaling socket. */
  async prove(nonce: string): Promise<SocketProof> {
    return this.seal(signalingProofText(nonce, this.peerId));
  }

  /** Ours, on a description. */
  async seal(text: string): Promise<SocketProof> {
    return { key: this.key, signature: encodeBase64Url(await this.#crypto.sign(asciiBytes(text))) };
  }

  /** Whether `peer` signed `text`. */
  async isSealed(peer: PeerId, text: string, seal: SocketProof): Promise<boolean> {
    const key = decodeBase64Url(seal.key, PUBLIC_KEY_BYTES);
    const signature = decodeBase64Url(seal.signature, SIGNATURE_BYTES);
    if (key === undefined || signature === undefined) return false;
    const [owner, isSigned] = await Promise.all([peerIdOfKey(this.#crypto, key), this.#crypto.verify(key, asciiBytes(text), signature)]);
    return owner === peer && isSigned;
  }
}

/** `token`: 32 hex digits that nobody can guess. */
export function newInvite(token: string, isRequired: boolean): Invite {
  const secret = decodeHex(token, INVITE_SECRET_BYTES);
  assert(secret !== undefined, "32 hex digits");
  return { secret, isRequired };
}
