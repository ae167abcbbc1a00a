/** The parsers of both directions of the control socket. */
export { parseBrokerMessage } from "./broker-message.ts";
export { parseMemberMessage } from "./member-message.ts";
export type { FrameParse, MemberMessageParse, ParseRefusal } from "./lobby-shape.ts";
