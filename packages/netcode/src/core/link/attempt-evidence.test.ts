import { describe, expect, it } from "vitest";
import { LINK_FAILURE_REASONS, type AttemptEvidence, type LinkFailureReason } from "../ports/link-failure.ts";
import { failureOf, failureReasonOf } from "./attempt-evidence.ts";

const NOTHING: AttemptEvidence = {
  stage: "signaling",
  attempts: 3,
  isBrokerReachable: true,
  isPeerAbsent: false,
  localCandidates: [],
  remoteCandidates: [],
  iceServerErrors: [],
  hasTurn: false,
  isConnectionRefused: false,
  isDescriptionBad: false,
};
const BEHIND_NATS: Partial<AttemptEvidence> = {
  stage: "checking",
  localCandidates: ["host/udp", "srflx/udp"],
  remoteCandidates: ["host/udp", "srflx/udp"],
};
const WITH_TURN: Partial<AttemptEvidence> = { ...BEHIND_NATS, hasTurn: true };

const CASES: readonly (readonly [LinkFailureReason, Partial<AttemptEvidence>])[] = [
  ["BROKER_LOST", { isBrokerReachable: false }],
  ["BROKER_LOST", { stage: "new", attempts: 0, isBrokerReachable: false, isPeerAbsent: true }],
  ["BROKER_LOST", { stage: "checking", localCandidates: ["host/udp"], isBrokerReachable: false }],
  ["PEER_ABSENT", { isPeerAbsent: true }],
  ["NO_ANSWER", {}],
  ["DESCRIPTION_BAD", { isDescriptionBad: true, stage: "answered" }],
  ["NO_CANDIDATES", { stage: "checking", localCandidates: ["host/udp"] }],
  ["NO_CANDIDATES", { stage: "checking", remoteCandidates: ["host/udp"], isBrokerReachable: false }],
  ["NO_CANDIDATES", { stage: "checking", isBrokerReachable: false }],
  // A browser without WebRTC has no signaling either.
  ["NO_CANDIDATES", { stage: "new", isConnectionRefused: true, isBrokerReachable: false }],
  ["NEEDS_TURN", BEHIND_NATS],
  [
    "TURN_UNAUTHORIZED",
    {
      ...WITH_TURN,
      iceServerErrors: [
        { code: 701, url: "turn:b?transport=tcp" },
        { code: 401, url: "turn:a" },
      ],
    },
  ],
  ["TURN_UNREACHABLE", { ...WITH_TURN, iceServerErrors: [{ code: 701, url: "turns:a" }] }],
  // A relay-only attempt whose server refuses has no candidate at all: the server is to blame.
  ["TURN_UNAUTHORIZED", { stage: "checking", hasTurn: true, iceServerErrors: [{ code: 437, url: "turn:a" }] }],
  // A STUN server that is silent is not a TURN server.
  ["NEEDS_TURN", { ...WITH_TURN, iceServerErrors: [{ code: 701, url: "stun:a" }] }],
  ["TURN_FAILED", { ...WITH_TURN, localCandidates: ["host/udp", "relay/udp"] }],
  ["DTLS_FAILED", { ...BEHIND_NATS, stage: "handshaking" }],
  ["CHANNELS_FAILED", { ...BEHIND_NATS, stage: "connected" }],
  ["CHANNELS_FAILED", { ...BEHIND_NATS, stage: "open" }],
];

describe("why a peer could not be reached", () => {
  it.each(CASES)("[LK93] %s is told by what was seen (%#)", (reason, seen) => {
    expect(failureReasonOf({ ...NOTHING, ...seen })).toBe(reason);
  });

  it("[LK93] a closed link has a reason where something failed", () => {
    expect(failureOf("unreachable", NOTHING)).toEqual({ reason: "NO_ANSWER", evidence: NOTHING });
    expect(failureOf("lost", NOTHING)?.reason).toBe("NO_ANSWER");
    expect(failureOf("version-mismatch", NOTHING)?.reason).toBe("VERSION_MISMATCH");
    expect(failureOf("protocol-error", NOTHING)?.reason).toBe("REFUSED");
    expect(failureOf("left", NOTHING)).toBeUndefined();
    expect(failureOf("removed", NOTHING)).toBeUndefined();
  });

  it("[LK93] every reason but those that the peer gives itself is told by some evidence", () => {
    const told = new Set(CASES.map(([reason]) => reason));
    expect(LINK_FAILURE_REASONS.filter((reason) => !told.has(reason))).toEqual(["VERSION_MISMATCH", "REFUSED"]);
  });
});
