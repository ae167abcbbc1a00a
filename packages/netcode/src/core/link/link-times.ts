/** Every time of a link, in ms. */

/** Nothing sent on `unreliable` for this long: a ping. At half the cost doubles (93 B each); at double, 1 s of silence is 10 packets only, and 20 % loss in bursts can take them. */
export const pingIntervalMs = 50;
/** The same to a peer that is suspect. SCTP takes what is sent to nobody, and holds a new packet back until it has made up for it: at half, that takes longer once the path is back; at double, the path is there for half a second before anybody notices. */
export const suspectPingIntervalMs = 250;
/** A session's datagram this often to a peer that is suspect: it may hear us, though we do not hear it, and must learn that its seat was given away. At half, ten of the longest fill SCTP's window of one packet between two of its tries. */
export const suspectDatagramIntervalMs = 500;
/** Silence from which on no more than a few small parts of the reliable stream are handed to a connection. At half, jitter holds messages back; at double, so much more waits in SCTP when the path is back. */
export const streamHeldMs = 300;
/** Silence that makes a link suspect. At half, a stalled SCTP association (RTO of 400 ms and more) is a false alarm; at double people wonder for two seconds. */
export const suspectMs = 1_000;
/** Where ICE cannot be restarted: open channels that stay silent this long are given up and dialed anew. SCTP's retransmission timer is capped at 3 s in Chromium: below that a stall would be taken for a death. */
export const stalledMs = 4_000;
/** The first restart of ICE begins with `suspectMs`; the pause before the next one, doubled up to the second figure. At half, one that gathers relays over a slow line would be cut short. */
export const restartPauseMs = 2_500;
export const restartPauseMsMax = 10_000;
/** The end that yields when both restart at once lets the other begin. */
export const restartCourtesyMs = 200;
/** After an event that may have changed our path, so much silence is enough: six pings. For so long. */
export const hurriedSilenceMs = 300;
export const hurryMs = 5_000;
/** An exchange that took so long was made while the network was away: Chromium gives STUN up after 9.5 s, so its addresses are stale. Then the next one follows soon. */
export const restartOldMs = 5_000;
export const restartAgainMs = 1_000;
/** Silence after which a connection is given up for a new one although its ends talk (by way of the broker) and ICE has a path. */
export const rebuildMs = 12_000;
/** A path brings something within this time: SCTP's timer is capped at 3 s. */
export const connectedMs = 5_000;
/** The same where there is no path, or nobody was reached. The seat is kept as long. */
export const rebuildMsMax = 90_000;
/**
 * Descriptions and candidates that were not acked are sent again; a fifth as often in an exchange that is older than `restartOldMs`. At half, a lobby of eight that returns at once reaches the broker's 50 messages a
 * second. A broker keeps what it cannot deliver, and hands over all of it when the peer is back: were old ones not sent less often, a busy machine would read twenty copies of an offer before it sends its own.
 */
export const negotiationResendMs = 400;
/** Heard within this time, the connection itself carries the exchange. */
export const negotiationHeardMs = 300;
/** A suspect link is closed as lost after this silence: time for four attempts. The acceptor uses it too, since it cannot dial. */
export const lostMs = 20_000;
/** From the first attempt to `unreachable`: 16 s with what a page takes to tell. Chromium's own ICE gives up at 15–16 s. */
export const connectDeadlineMs = 15_900;
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
/** So late a timer is a page that was frozen or a machine that slept: its network may be another one. */
export const wakeMs = 2_000;
/** Messages are taken and kept for who is lost for so long, since it may come back: the seat is kept for the same time. */
export const graceMs = 90_000;
/** How long an ack of the reliable stream may wait for company. */
export const streamAckMs = 100;

/** Over a relay, what is unacked for so long is sent again: a round trip of 300 ms, the ack's wait, and a frame in the middle. */
export const streamResendMs = 500;

/** Over a connection, the oldest part that was not acked is sent once more after this, doubled up to the second figure: longer than SCTP's timer, which is capped at 3 s. */
export const streamNudgeMs = 4_000;
export const streamNudgeMsMax = 32_000;

/** A ping this often where others could relay, whatever a session sends: 4 % of a match's datagrams. At half they cost double, at double a path is judged a second late. */
export const measureIntervalMs = 200;
/** A ping this often on a path that is kept beside the one in use. */
export const spareIntervalMs = 100;
/** A path that brought nothing for so long does not work: 6 pings, or 18 frames. At half, a garbage collection moves a match; at double, the prediction window is used up twice. */
export const pathSilentMs = 300;
/** The same for answers to what we send, longer by the round trip: five pings, which 20 % loss takes once in 170 of such times. */
export const pathUnansweredMs = 1_000;
/** The same where the peer asks for another path, as it hears nothing of us. */
export const pathDoubtedMs = 450;
/** A relay that is silent, or answers nothing, for so long does not work: it is pinged every `spareIntervalMs`. */
export const relaySilentMs = 500;
/** A path that is kept because the peer asks for it is let go after this. */
export const relayKeptMs = 1_000;
/** A pair without a connection of its own yet is relayed after this, so that a match that has started meanwhile makes nobody suspect. Slow connections are relayed for a moment. */
export const relayAfterMs = 600;
/** Paths are compared this often. */
export const routeIntervalMs = 100;
/** A relay that brings no answer for so long is passed over, and avoided for `relayPenaltyMs` where there is another. */
export const relayTryMs = 1_000;
export const relayPenaltyMs = 10_000;
/** A peer that was heard on its own connection within this time, and did not say within the second one that its packets may come another way, sends none by others. Pings come each 50–100 ms; at half, jitter would let others speak for it. */
export const onlyWayMs = 200;
export const detourKeptMs = 1_000;
/** A better path must be so for this long. */
export const routeDwellMs = 2_000;
/** The own connection must be good for this long before a pair turns to it for the first time. */
export const firstDwellMs = 500;
/** The same before a pair returns to one that had failed; doubled up to the second figure each time that it did not last `routeSettledMs`. */
export const returnDwellMs = 3_000;
export const returnDwellMsMax = 48_000;
export const routeSettledMs = 30_000;
/** What a member measures of its neighbours leaves so often, and at most so often when it changes. */
export const reportIntervalMs = 1_000;
export const reportIntervalMsMin = 100;
/** A report counts for so long: three in a row may be lost. */
export const reportValidMs = 3_500;

/**
 * How long an attempt may take, by number, and all further ones. Signaling is repeated within an attempt: what it outlives is an ICE or DTLS handshake
 * that loss has put to sleep. Four fit into the deadline, since a transport may try TURN over UDP, TCP and TLS one after the other. At half, TURN over a slow line would
 * never finish; at double, there would be no second attempt before the deadline.
 */
export const attemptsMs = [4_000, 3_500, 3_500, 5_000] as const;
export const attemptsMsRest = 7_500;

/** A pair that no member could bring together is carried by the broker after this: time for two ways of ICE, TURN among them. */
export const brokerAfterMs = 3_000;
/** What the way over the broker is said to cost: more than any other that works, so that it is the last. */
export const brokerCostMs = 1_000;
