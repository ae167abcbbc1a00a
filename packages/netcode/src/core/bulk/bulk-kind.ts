/** First byte of each message on `bulk`, inside the range that `PACKET_KIND` gives it. */

export const offer = 0x11;
export const accept = 0x12;
export const piece = 0x13;
export const ack = 0x14;
export const end = 0x15;
