/** First bytes of a rollback session's messages, inside the range that `PACKET_KIND` gives it. */

export const input = 0x20;
export const dropVote = 0x21;
export const lastInput = 0x22;
export const follow = 0x23;
export const feed = 0x24;
export const feedAck = 0x25;
export const snapshot = 0x26;
export const checksumLog = 0x27;
export const stateRequest = 0x28;
export const stateReply = 0x29;
export const seatRequest = 0x2a;
