/** First byte of each of the link's own messages, inside the range that `PACKET_KIND` gives it. */

export const hello = 1;
export const refusal = 2;
export const probe = 3;
export const probeAck = 4;
export const ping = 5;
export const goodbye = 6;
export const streamAck = 7;
export { fragment } from "../ports/packet-kind.ts";
