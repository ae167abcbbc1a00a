/** What `@rollcall/netcode/lobby-protocol` exports: the types, the parsers of both directions, and the reducer that all sides share. */
export { assert, AssertionError, unreachable } from "../base/assert.ts";
export { parsePeerId, type LobbyCode, type PeerId } from "../base/units.ts";
export { parseBrokerFrame, writeFramePeer, encodeBrokerFrame, type BrokerFrame, type FrameChannel } from "./broker-frame.ts";
export { jsonBytes, parseJsonText, type JsonBounds, type JsonRefusal, type JsonText } from "./json-text.ts";
export { normalizeLobbyCode } from "./lobby-code.ts";
export { compareListings, isFull } from "./listing-order.ts";
export { playersOf } from "./lobby-roles.ts";
export type * from "./lobby-ban.ts";
export type * from "./lobby-list-types.ts";
export * from "./lobby-password.ts";
export { parseChallengeMessage } from "./challenge-message.ts";
export { parseListMessage } from "./list-message.ts";
export * from "./lobby-parser.ts";
export { applyLobbyChange } from "./lobby-reducer.ts";
export * from "./lobby-types.ts";
export type * from "./roster-authority.ts";
export { encodeRoster, parseRoster, ROSTER_HEADER, type Roster } from "./roster.ts";
export { SIGNALING_NONCE_PATTERN, signalingProofText, TOKEN_BEFORE_ADMISSION } from "./signaling-proof.ts";
