/**
 * What the broker carries for a pair of members without any other way, as binary frames of the control socket:
 *
 *   frame   channel 1 (0 unreliable, 1 reliable) | peer id 16 | packet 1 … 16,384
 *
 * The peer id is the receiver's on the way to the broker, and the sender's on the way from it. Nothing says whether a frame arrived: the broker drops
 * what is too much, of either channel.
 */
import { decodeHex, encodeHex } from "../base/hex.ts";
import { parsePeerId, type PeerId } from "../base/units.ts";
import { CHANNEL_BYTES_MAX } from "./transport.ts";

/** The channels that a frame can be of. */
export type FrameChannel = "unreliable" | "reliable";

export interface BrokerFrame {
  readonly channel: FrameChannel;
  readonly peerId: PeerId;
  /** A view into the frame. */
  readonly packet: Uint8Array;
}

const CHANNELS = ["unreliable", "reliable"] as const;
const ID_BYTES = 16;
export const FRAME_HEADER_BYTES: number = 1 + ID_BYTES;

/** `undefined` when the peer has no id as members have, or the packet no size as packets have. */
export function encodeBrokerFrame({ channel, peerId, packet }: BrokerFrame): Uint8Array<ArrayBuffer> | undefined {
  if (packet.length === 0 || packet.length > CHANNEL_BYTES_MAX[channel]) return undefined;
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + packet.length);
  bytes[0] = CHANNELS.indexOf(channel);
  if (!writeFramePeer(bytes, peerId)) return undefined;
  bytes.set(packet, FRAME_HEADER_BYTES);
  return bytes;
}

/** `undefined` for what is no frame. */
export function parseBrokerFrame(bytes: Uint8Array): BrokerFrame | undefined {
  const channel = CHANNELS[bytes[0] ?? -1];
  const sizeBytes = bytes.length - FRAME_HEADER_BYTES;
  if (channel === undefined || sizeBytes < 1 || sizeBytes > CHANNEL_BYTES_MAX[channel]) return undefined;
  const peerId = parsePeerId(encodeHex(bytes.subarray(1, FRAME_HEADER_BYTES)));
  return peerId === undefined ? undefined : { channel, peerId, packet: bytes.subarray(FRAME_HEADER_BYTES) };
}

/** Puts another peer into the header of a frame; false, and nothing written, when its id is not 32 hex digits. */
export function writeFramePeer(frame: Uint8Array, peerId: PeerId): boolean {
  const id = decodeHex(peerId, ID_BYTES);
  if (id !== undefined) frame.set(id, 1);
  return id !== undefined;
}
