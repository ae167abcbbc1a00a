/** First byte of each of the link's own messages, inside the range that `PACKET_KIND` gives it. */

export const hello = 1;
export const refusal = 2;
export const probe = 3;
export const probeAck = 4;
export const ping = 5;
export const goodbye = 6;
export const streamAck = 7;
/** To a member in the middle: forward this. */
export const relay = 8;
/** From a member in the middle: forwarded. */
export const relayed = 9;
/** What the sender measures of its neighbours. */
export const neighbours = 10;
/** Who the sender is, for one connection. */
export const proof = 15;
/** Who the members are, signed by the broker. */
export const roster = 16;
/** New descriptions for the connection (negotiation-codec.ts). */
export const offer = 11;
export const answer = 12;
export const candidates = 13;
export const negotiationAck = 14;
export { fragment } from "../ports/packet-kind.ts";
