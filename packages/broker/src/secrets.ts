import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import {
  assert,
  LOBBY_CODE_ALPHABET,
  LOBBY_CODE_LENGTH,
  normalizeLobbyCode,
  parsePeerId,
  type LobbyCode,
  type PeerId,
} from "@rollcall/netcode/lobby-protocol";

/** Where ids, codes and secrets come from; tests put their own in its place. */
export interface Secrets {
  newPeerId(): PeerId;
  newCode(): LobbyCode;
  /** The code that `text` gets, the same each time, and nobody can foresee it. `index`: its first choice, its second, … */
  codeOf(text: string, index: number): LobbyCode;
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
}

/** From the system's generator. `signingKey`: makes tokens that another process with the same key knows; default: a key of this process alone. */
export function createSecrets(signingKey: string | Buffer = randomBytes(32)): Secrets {
  const signalingToken = (peerId: PeerId): string => createHmac("sha256", signingKey).update(`signaling:${peerId}`).digest("base64url");
  return {
    newPeerId() {
      const peerId = parsePeerId(randomBytes(16).toString("hex"));
      assert(peerId !== undefined, "32 hex digits to be a peer id");
      return peerId;
    },
    newCode() {
      return spellCode(() => randomInt(LOBBY_CODE_ALPHABET.length));
    },
    codeOf(text, index) {
      const bytes = createHmac("sha256", signingKey).update(`code:${index}:${text}`).digest();
      // 32 bits for a letter of 20: none is likelier than another by more than one in 200 million.
      return spellCode((letter) => bytes.readUInt32BE(letter * 4) % LOBBY_CODE_ALPHABET.length);
    },
    newResumeSecret: () => randomBytes(24).toString("base64url"),
    newSeed: () => randomInt(0x1_0000_0000),
    hash: (secret) => createHash("sha256").update(secret).digest("base64url"),
    lobbyTag: (code) => createHmac("sha256", signingKey).update(`tag:${code}`).digest("base64url").slice(0, 12),
    signalingToken,
    isSignalingToken: (peerId, token) => timingSafeEqual(digest(signalingToken(peerId)), digest(token)),
  };
}

function spellCode(letterAt: (index: number) => number): LobbyCode {
  let letters = "";
  for (let index = 0; index < LOBBY_CODE_LENGTH; index++) letters += LOBBY_CODE_ALPHABET.charAt(letterAt(index));
  const code = normalizeLobbyCode(letters);
  assert(code !== undefined, "letters of the alphabet to be a code");
  return code;
}

/** Equal lengths for `timingSafeEqual`. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
