import type { PeerId } from "../core/base/units.ts";
import { isLinkPayload } from "./signal-message.ts";

/** An answer on its way out, as PeerJS and we write it. */
export interface OutgoingAnswer {
  readonly type: "ANSWER";
  readonly dst: PeerId;
  readonly payload: { readonly connectionId: string; readonly sdp: { readonly sdp: string } };
}

/** A link's own bytes are none. */
export function isAnswer(message: unknown): message is OutgoingAnswer {
  if (typeof message !== "object" || message === null || !("type" in message) || message.type !== "ANSWER") return false;
  return "payload" in message && !isLinkPayload(message.payload);
}
