/** Every time of a link, in ms. */
export const LINK_TIMES = {
  /** Nothing sent on `unreliable` for this long: a ping. At half the cost doubles (93 B each); at double, 1 s of silence is 10 packets only, and 20 % loss in bursts can take them. */
  pingIntervalMs: 50,
  /** Silence that makes a link suspect. At half, a stalled SCTP association (RTO of 400 ms and more) is a false alarm; at double people wonder for two seconds. */
  suspectMs: 1_000,
  /** Open channels that stay silent this long are given up and dialed anew. SCTP's retransmission timer is capped at 3 s in Chromium: below that a stall would be taken for a death. */
  stalledMs: 4_000,
  /** A suspect link is closed as lost after this silence: time for four attempts. The acceptor uses it too, since it cannot dial. */
  lostMs: 20_000,
  /** From the first attempt to `unreachable`. Chromium's own ICE gives up at 15–16 s. */
  connectDeadlineMs: 16_000,
  /** The pause after an attempt that failed at once (no signaling, no such peer), doubled each time up to `retryPauseMsMax`. */
  retryPauseMs: 300,
  retryPauseMsMax: 2_000,
  /** A member that could not be reached is tried again this often. */
  slowRetryMs: 10_000,
  /** While greeting: a probe this often until answered. Nothing tells an end that the other has opened. */
  probeIntervalMs: 100,
  /** While greeting: the hello again, in case a transport lost it. */
  helloIntervalMs: 1_000,
  /** Open channels over which no greeting succeeds are a failed attempt after this. */
  greetingMs: 5_000,
  /** A refusal stays on the wire this long before we hang up. */
  refusalFlushMs: 500,
  /** An own timer this late means that our own process stood still. Browsers' timers are late by up to 100 ms under load. */
  ownStallMs: 200,
  /** How long an ack of the reliable stream may wait for company. */
  streamAckMs: 100,
} as const;

/**
 * How long an attempt may take, by number, and all further ones. Signaling is repeated within an attempt: what it outlives is an ICE or DTLS handshake
 * that loss has put to sleep. At half, TURN over a slow line would never finish; at double, there would be no second attempt before the deadline.
 */
export const ATTEMPTS_MS = [4_000, 5_500] as const;
export const ATTEMPTS_MS_REST = 7_500;
