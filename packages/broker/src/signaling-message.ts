import { LOBBY_LIMITS, parseJsonText, parsePeerId, type Json, type JsonRefusal, type PeerId } from "@rollcall/netcode/lobby-protocol";

/** What a PeerJS client may send. Everything else (EXPIRE, ERROR, OPEN, …) is the server's to say. */
export type SignalingMessage =
  /** `echo`: the client wants a `PONG`. PeerJS does not, and would log a warning. */
  | { readonly type: "HEARTBEAT"; readonly echo: boolean }
  /** Without `dst`: the client leaves. With it: it hangs up on one peer. */
  | { readonly type: "LEAVE"; readonly dst: PeerId | undefined }
  | { readonly type: "OFFER" | "ANSWER" | "CANDIDATE"; readonly dst: PeerId; readonly payload: Json };

/** A message with a destination. */
export type Signal = Exclude<SignalingMessage, { readonly type: "HEARTBEAT" }> & { readonly dst: PeerId };

export type SignalingRefusal = JsonRefusal | "bad-shape";

export type SignalingParse =
  /** `isExact`: the frame has no field but those of `value`, so it may be passed on as it was written. */
  | { readonly ok: true; readonly value: SignalingMessage; readonly isExact: boolean }
  | { readonly ok: false; readonly reason: SignalingRefusal };

export type Fields = { readonly [key: string]: Json };

/** An SDP is below 10 kB even with video and many codecs. */
const SDP_UNITS_MAX = 32_768;
const CANDIDATE_UNITS_MAX = 1_024;
const LABEL_UNITS_MAX = 256;
const METADATA_UNITS_MAX = 16_384;
/** PeerJS makes `dc_` or `mc_` and random letters; a program may name its own. */
const NAME_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;

const REFUSED: SignalingParse = { ok: false, reason: "bad-shape" };

/** Reads one frame of a PeerJS client (1.5). Refuses, never throws. */
export function parseSignalingMessage(frame: string): SignalingParse {
  const parsed = parseJsonText(frame, { bytesMax: LOBBY_LIMITS.frameBytes, depthMax: LOBBY_LIMITS.depth });
  if (!parsed.ok) return parsed;
  const message = parsed.value;
  if (!isFields(message)) return REFUSED;
  const type = message["type"];
  const dst = parsePeerId(message["dst"]);
  const payload = message["payload"];
  if (type === "HEARTBEAT") return { ok: true, value: { type, echo: message["echo"] === true }, isExact: false };
  if (type === "LEAVE")
    return message["dst"] === undefined || dst !== undefined ? { ok: true, value: { type, dst }, isExact: false } : REFUSED;
  if (dst === undefined || !isFields(payload)) return REFUSED;
  // Of these three alone: whoever could add a `src` would speak for somebody else.
  const isExact = Object.keys(message).length === 3;
  if (type === "OFFER" || type === "ANSWER")
    return isDescription(payload, type) ? { ok: true, value: { type, dst, payload }, isExact } : REFUSED;
  if (type === "CANDIDATE") return isCandidate(payload) ? { ok: true, value: { type, dst, payload }, isExact } : REFUSED;
  return REFUSED;
}

/** A signal as `peer` writes it for who gets it. */
export function writeSignal(src: PeerId, signal: Signal): string {
  const { type, dst } = signal;
  return JSON.stringify(signal.type === "LEAVE" ? { type, src, dst } : { type, src, dst, payload: signal.payload });
}

/** The same of an exact frame, for a third of the price of writing it anew. An id is nothing that JSON would have to write otherwise. */
export function addSource(src: PeerId, frame: string): string {
  return `{"src":"${src}",${frame.slice(frame.indexOf("{") + 1)}`;
}

function isDescription(payload: Fields, type: "OFFER" | "ANSWER"): boolean {
  const { sdp, label, metadata, serialization } = payload;
  if (!ofConnection(payload) || !isFields(sdp)) return false;
  if (sdp["type"] !== (type === "OFFER" ? "offer" : "answer") || !isText(sdp["sdp"], SDP_UNITS_MAX)) return false;
  if (label !== undefined && !isText(label, LABEL_UNITS_MAX)) return false;
  if (metadata !== undefined && JSON.stringify(metadata).length > METADATA_UNITS_MAX) return false;
  // The receiving PeerJS looks this name up in a plain object and calls what it finds: "toString" or "valueOf" throw in its page.
  return serialization === undefined || (isName(serialization) && !Object.hasOwn(Object.prototype, serialization));
}

function isCandidate(payload: Fields): boolean {
  const { candidate } = payload;
  return ofConnection(payload) && isFields(candidate) && isText(candidate["candidate"], CANDIDATE_UNITS_MAX);
}

function ofConnection(payload: Fields): boolean {
  return isName(payload["connectionId"]) && (payload["type"] === "data" || payload["type"] === "media");
}

/** A JSON object. */
export function isFields(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: Json | undefined, unitsMax: number): boolean {
  return typeof value === "string" && value.length <= unitsMax;
}

function isName(value: Json | undefined): value is string {
  return typeof value === "string" && NAME_PATTERN.test(value);
}
