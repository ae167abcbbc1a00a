import { createHash, createPublicKey, randomBytes, randomInt, timingSafeEqual, verify } from "node:crypto";
import {
  assert,
  LOBBY_CODE_ALPHABET,
  LOBBY_CODE_LENGTH,
  normalizeLobbyCode,
  parsePeerId,
  type LobbyCode,
  type PeerId,
} from "@rollcall/netcode/lobby-protocol";
import { KeyRing, KID_UNITS, type SigningKey } from "./key-ring.ts";

/** Where ids, codes and secrets come from; tests put their own in its place. */
export interface Secrets {
  /** The id that belongs to a public key: whoever wants another's needs 2^128 tries. */
  peerIdOf(key: string): PeerId;
  newCode(): LobbyCode;
  /** The code that `text` gets, the same each time, and nobody can foresee it. `index`: its first choice, its second, … */
  codeOf(text: string, index: number): LobbyCode;
  /** What `codeOf` gave as first choices under the keys before this one. */
  formerCodesOf(text: string): readonly LobbyCode[];
  newResumeSecret(): string;
  /** 32 random bits. */
  newSeed(): number;
  hash(secret: string): string;
  /** Stands for a lobby where others may read it: no code can be found out from it. */
  lobbyTag(code: LobbyCode): string;
  /** Opens the signaling socket of `peerId`. The same each time, so that a page may reconnect with what it has. */
  signalingToken(peerId: PeerId): string;
  /** Takes the same time whatever is wrong. */
  isSignalingToken(peerId: PeerId, token: string): boolean;
  /** The salt of a password that is not there: the same for a code each time. */
  madeUpSalt(code: string): string;
  /** Good for a minute, for who has this key and wants into this lobby. */
  challenge(nowMs: number, subject: string): string;
  isChallenge(nowMs: number, subject: string, nonce: string): boolean;
  /** What the owner of a key must sign to open its signaling socket. */
  newNonce(): string;
}

/** From the system's generator. `keys`: makes tokens that another process with the same keys knows, or of one secret; default: a key of this process alone. */
export function createSecrets(keys: KeyRing | string = KeyRing.of(), codeLength: number = LOBBY_CODE_LENGTH): Secrets {
  const ring = typeof keys === "string" ? KeyRing.of(keys) : keys;
  return {
    peerIdOf,
    newCode() {
      return spellCode(codeLength, () => randomInt(LOBBY_CODE_ALPHABET.length));
    },
    codeOf: (text, index) => codeUnder(ring.current, { text, index, length: codeLength }),
    formerCodesOf: (text) => ring.former.map((key) => codeUnder(key, { text, index: 0, length: codeLength })),
    newResumeSecret: () => randomBytes(24).toString("base64url"),
    newSeed: () => randomInt(0x1_0000_0000),
    hash: (secret) => createHash("sha256").update(secret).digest("base64url"),
    lobbyTag: (code) => ring.current.hmac(`tag:${code}`).toString("base64url").slice(0, 12),
    signalingToken: (peerId) => tokenUnder(ring.current, peerId),
    isSignalingToken(peerId, token) {
      // Of no key of ours: compared with something all the same.
      const key = ring.find(token.slice(0, KID_UNITS)) ?? ring.current;
      return areEqual(tokenUnder(key, peerId), token);
    },
    madeUpSalt: (code) => ring.current.hmac(`salt:${code}`).subarray(0, 16).toString("base64url"),
    challenge: (nowMs, subject) => challengeUnder(ring.current, Math.floor(nowMs / CHALLENGE_STEP_MS), subject),
    isChallenge(nowMs, subject, nonce) {
      const key = ring.find(nonce.slice(0, KID_UNITS)) ?? ring.current;
      const step = Math.floor(nowMs / CHALLENGE_STEP_MS);
      return [step, step - 1].some((at) => areEqual(challengeUnder(key, at, subject), nonce));
    },
    newNonce: () => randomBytes(24).toString("base64url"),
  };
}

/** Says for whom somebody comes, and under which key: `kid 8 | mac 43`, url-safe. It opens nothing by itself, so it is no JOSE token, and it takes 20 µs to check before the upgrade. */
function tokenUnder(key: SigningKey, peerId: PeerId): string {
  return `${key.kid}${key.hmac(`signaling:${peerId}`).toString("base64url")}`;
}

/** A challenge is good for one to two of these. At half, a phone that computes for long asks twice. */
const CHALLENGE_STEP_MS = 60_000;

/** Nothing is kept: what it is good for can be told from itself, on any broker of the key. */
function challengeUnder(key: SigningKey, step: number, subject: string): string {
  return `${key.kid}${key.hmac(`challenge:${step}:${subject}`).toString("base64url")}`;
}

function codeUnder(
  key: SigningKey,
  { text, index, length }: { readonly text: string; readonly index: number; readonly length: number },
): LobbyCode {
  const bytes = key.hmac(`code:${index}:${text}`);
  // 32 bits for a letter of 20: none is likelier than another by more than one in 200 million.
  return spellCode(length, (letter) => bytes.readUInt32BE(letter * 4) % LOBBY_CODE_ALPHABET.length);
}

function peerIdOf(key: string): PeerId {
  const peerId = parsePeerId(createHash("sha256").update(Buffer.from(key, "base64url")).digest("hex").slice(0, 32));
  assert(peerId !== undefined, "32 hex digits to be a peer id");
  return peerId;
}

/** True when the owner of `peerId` signed `text`. `key` and `signature` in base64url; never throws. */
export function isSignedBy(
  peerId: PeerId,
  text: string,
  { key, signature }: { readonly key: string; readonly signature: string },
): boolean {
  if (peerIdOf(key) !== peerId) return false;
  try {
    // As a JSON Web Key (RFC 8037): 10 µs, where its bytes in DER take OpenSSL 80.
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key }, format: "jwk" });
    return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, "base64url"));
  } catch {
    // Not a key.
    return false;
  }
}

function spellCode(length: number, letterAt: (index: number) => number): LobbyCode {
  let letters = "";
  for (let index = 0; index < length; index++) letters += LOBBY_CODE_ALPHABET.charAt(letterAt(index));
  const code = normalizeLobbyCode(letters);
  assert(code !== undefined, "letters of the alphabet to be a code");
  return code;
}

/** Takes the same time for every text of one length; how long a token is, is no secret. */
function areEqual(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
