import type { PeerId } from "../base/units.ts";

/**
 * What a member signs to open its signaling socket. The broker's address is not in it: a proxy may change that, and a key lives for one visit to one
 * broker, so that a signature is of no use anywhere else.
 */
export function signalingProofText(nonce: string, peerId: PeerId): string {
  return `rollcall/signaling/1\n${nonce}\n${peerId}`;
}

/** Random characters that the broker asks to sign. */
export const SIGNALING_NONCE_PATTERN: RegExp = /^[A-Za-z0-9_-]{16,64}$/;

/** In place of the token in the address of a signaling socket that is opened while its page is being admitted. */
export const TOKEN_BEFORE_ADMISSION = "-";
