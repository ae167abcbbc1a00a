/** First byte of each message of the application, inside the range that `PACKET_KIND` gives them. */

export const reliable = 0x18;
export const unreliable = 0x19;
