import { decodeBase64Url, encodeBase64Url } from "../core/base/base64url.ts";
import { parsePeerId, type PeerId } from "../core/base/units.ts";
import type { SocketProof } from "./signaling-proof.ts";

/** Longest session description that is read: a data-only one with twenty candidates has about 3 kB. */
const SDP_UNITS_MAX = 32_768;
/** Most candidates that are taken from one description, or wait for one. */
export const CANDIDATES_MAX = 64;
const CONNECTION_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** What a link sends by way of the broker looks like an answer of this connection: so it passes wherever answers pass, and no PeerJS acts on it. */
const LINK_CONNECTION_ID = "link";

/** A message from the signaling socket, as far as it is ours to judge. */
export type SignalMessage =
  | { readonly type: "offer"; readonly from: PeerId; readonly connectionId: string; readonly attempt: number; readonly sdp: string }
  | {
      readonly type: "answer";
      readonly from: PeerId;
      readonly connectionId: string;
      readonly sdp: string;
      /** `undefined`: there is none, or it is none. */
      readonly seal: SocketProof | undefined;
    }
  | { readonly type: "candidate"; readonly from: PeerId; readonly connectionId: string; readonly candidate: RTCIceCandidateInit }
  /** A link's own, about a connection that exists. */
  | { readonly type: "link"; readonly from: PeerId; readonly bytes: Uint8Array }
  /** The broker says that nobody is there. */
  | { readonly type: "absent"; readonly peer: PeerId }
  /** The broker's own word, for PeerJS. */
  | { readonly type: "broker" }
  /** Known, and of no use to us: departures are the lobby's and the heartbeat's business, an unanswered offer the link's deadline's. */
  | { readonly type: "unused" }
  | { readonly type: "malformed" };

const MALFORMED: SignalMessage = { type: "malformed" };

/** Reads what the signaling socket delivered. Written by any member of the lobby, so hostile. */
export function parseSignalMessage(message: unknown): SignalMessage {
  const { type, src, payload } = fieldsOf(message);
  switch (type) {
    case "OPEN":
    case "ID-TAKEN":
    case "INVALID-KEY":
      return { type: "broker" };
    case "ERROR":
      // PeerJS reads `payload.msg` without looking.
      return typeof payload === "object" && payload !== null ? { type: "broker" } : MALFORMED;
    case "EXPIRE": {
      const peer = parsePeerId(src);
      return peer === undefined ? MALFORMED : { type: "absent", peer };
    }
    case "LEAVE":
    case "PONG":
    case "HEARTBEAT":
      return { type: "unused" };
    case "OFFER":
    case "ANSWER":
    case "CANDIDATE":
      return parseRelayed(type, parsePeerId(src), fieldsOf(payload));
    default:
      return MALFORMED;
  }
}

/** The payload that carries a link's bytes. */
export function linkPayload(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return { type: "data", connectionId: LINK_CONNECTION_ID, sdp: { type: "answer", sdp: encodeBase64Url(bytes) } };
}

export function isLinkPayload(payload: unknown): boolean {
  return fieldsOf(payload).connectionId === LINK_CONNECTION_ID;
}

/** The candidates that a description lists. A repeated description brings those that got lost on their own. */
export function candidatesOf(sdp: string): RTCIceCandidateInit[] {
  const lines = sdp.split(/\r?\n/);
  const sdpMid = lines.find((line) => line.startsWith("a=mid:"))?.slice("a=mid:".length) ?? "0";
  const candidates = lines.filter((line) => line.startsWith("a=candidate:")).slice(0, CANDIDATES_MAX);
  return candidates.map((line) => ({ candidate: line.slice("a=".length), sdpMid, sdpMLineIndex: 0 }));
}

function parseRelayed(type: "OFFER" | "ANSWER" | "CANDIDATE", from: PeerId | undefined, payload: Fields): SignalMessage {
  const { connectionId } = payload;
  if (from === undefined || typeof connectionId !== "string" || !CONNECTION_ID_PATTERN.test(connectionId)) return MALFORMED;
  if (type === "CANDIDATE") {
    const candidate = parseCandidate(fieldsOf(payload["candidate"]));
    return candidate === undefined ? MALFORMED : { type: "candidate", from, connectionId, candidate };
  }
  const description = fieldsOf(payload["sdp"]);
  const sdp = description["sdp"];
  if (description.type !== type.toLowerCase() || typeof sdp !== "string" || sdp.length > SDP_UNITS_MAX) return MALFORMED;
  if (type === "ANSWER" && connectionId === LINK_CONNECTION_ID) return parseLinkSignal(from, sdp);
  if (!isDescription(sdp)) return MALFORMED;
  if (type === "ANSWER") return { type: "answer", from, connectionId, sdp, seal: parseSeal(fieldsOf(payload["seal"])) };
  // Anything but `raw` data would run a deserializer of PeerJS on a stranger's bytes; an unknown name throws in the page.
  if (payload.type !== "data" || payload["serialization"] !== "raw" || payload["reliable"] !== true) return MALFORMED;
  const attempt = fieldsOf(payload["metadata"])["attempt"];
  if (typeof attempt !== "number" || !Number.isSafeInteger(attempt) || attempt < 1) return MALFORMED;
  return { type: "offer", from, connectionId, attempt, sdp };
}

/** What every description of ours has. PeerJS makes a peer connection before it looks. */
function isDescription(sdp: string): boolean {
  return sdp.startsWith("v=0") && /^m=application /m.test(sdp) && /^a=ice-ufrag:/m.test(sdp) && /^a=fingerprint:/m.test(sdp);
}

function parseSeal({ key, signature }: Fields): SocketProof | undefined {
  return typeof key === "string" && typeof signature === "string" ? { key, signature } : undefined;
}

function parseLinkSignal(from: PeerId, text: string): SignalMessage {
  const bytes = decodeBase64Url(text);
  return bytes === undefined || bytes.length === 0 ? MALFORMED : { type: "link", from, bytes };
}

function parseCandidate(fields: Fields): RTCIceCandidateInit | undefined {
  const { candidate, sdpMid, sdpMLineIndex } = fields;
  if (typeof candidate !== "string" || candidate.length > 1_024) return undefined;
  return {
    candidate,
    sdpMid: typeof sdpMid === "string" && sdpMid.length <= 16 ? sdpMid : "0",
    sdpMLineIndex: typeof sdpMLineIndex === "number" ? sdpMLineIndex : 0,
  };
}

type Fields = Readonly<
  Record<"type" | "src" | "payload" | "connectionId" | "candidate" | "sdpMid" | "sdpMLineIndex" | "key" | "signature", unknown>
> &
  Readonly<Record<string, unknown>>;

/** The fields of an object; of anything else, none. */
function fieldsOf(value: unknown): Fields {
  return (typeof value === "object" && value !== null ? value : {}) as Fields;
}
