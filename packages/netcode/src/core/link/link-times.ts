/** Every time of a link, in ms. */

/** Nothing sent on `unreliable` for this long: a ping. At half the cost doubles (93 B each); at double, 1 s of silence is 10 packets only, and 20 % loss in bursts can take them. */
export const pingIntervalMs = 50;
/** Silence that makes a link suspect. At half, a stalled SCTP association (RTO of 400 ms and more) is a false alarm; at double people wonder for two seconds. */
export const suspectMs = 1_000;
/** Open channels that stay silent this long are given up and dialed anew. SCTP's retransmission timer is capped at 3 s in Chromium: below that a stall would be taken for a death. */
export const stalledMs = 4_000;
/** A suspect link is closed as lost after this silence: time for four attempts. The acceptor uses it too, since it cannot dial. */
export const lostMs = 20_000;
/** From the first attempt to `unreachable`. Chromium's own ICE gives up at 15–16 s. */
export const connectDeadlineMs = 16_000;
/** The pause after an attempt that failed at once (no signaling, no such peer), doubled each time up to `retryPauseMsMax`. */
export const retryPauseMs = 300;
export const retryPauseMsMax = 2_000;
/** A member that could not be reached is tried again this often. */
export const slowRetryMs = 10_000;
/** While greeting: a probe this often until answered. Nothing tells an end that the other has opened. */
export const probeIntervalMs = 100;
/** While greeting: the hello again, in case a transport lost it. */
export const helloIntervalMs = 1_000;
/** Open channels over which no greeting succeeds are a failed attempt after this. */
export const greetingMs = 5_000;
/** A refusal stays on the wire this long before we hang up. */
export const refusalFlushMs = 500;
/** An own timer this late means that our own process stood still. Browsers' timers are late by up to 100 ms under load. */
export const ownStallMs = 200;
/** How long an ack of the reliable stream may wait for company. */
export const streamAckMs = 100;

/**
 * How long an attempt may take, by number, and all further ones. Signaling is repeated within an attempt: what it outlives is an ICE or DTLS handshake
 * that loss has put to sleep. At half, TURN over a slow line would never finish; at double, there would be no second attempt before the deadline.
 */
export const attemptsMs = [4_000, 5_500] as const;
export const attemptsMsRest = 7_500;
