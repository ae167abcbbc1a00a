/** First bytes of a rollback session's messages, inside the range that `PACKET_KIND` gives it. */

export const input = 0x20;
export const dropVote = 0x21;
export const lastInput = 0x22;
