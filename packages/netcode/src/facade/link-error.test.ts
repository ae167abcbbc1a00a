import { expect, test } from "vitest";
import { LINK_FAILURE_REASONS, type LinkFailure } from "../core/ports/link-failure.ts";
import { errorOfLink } from "./link-error.ts";

const EVIDENCE: LinkFailure["evidence"] = {
  stage: "signaling",
  attempts: 1,
  isBrokerReachable: true,
  isPeerAbsent: false,
  localCandidates: [],
  remoteCandidates: [],
  iceServerErrors: [],
  hasTurn: false,
  isConnectionRefused: false,
  isDescriptionBad: false,
};

test("[CD40] each reason why a peer cannot be reached has a sentence, a remedy and an anchor of its own", () => {
  const errors = LINK_FAILURE_REASONS.map((reason) => errorOfLink("unreachable", { reason, evidence: EVIDENCE }));
  for (const error of errors) {
    expect(error?.code).toBe("PEER_UNREACHABLE");
    expect(error?.message).toMatch(/^[A-Z].*\.$/);
    expect(error?.remedy).toMatch(/^[A-Z].*[.?]$/);
  }
  expect(new Set(errors.map((error) => error?.message)).size).toBe(LINK_FAILURE_REASONS.length);
  expect(new Set(errors.map((error) => error?.anchor)).size).toBe(LINK_FAILURE_REASONS.length);
  expect(errorOfLink("lost", undefined)?.anchor).toBe("troubleshooting.md#peer-unreachable");
  expect(errorOfLink("identity-mismatch", undefined)?.code).toBe("IDENTITY_MISMATCH");
  expect(errorOfLink("not-invited", undefined)?.code).toBe("NOT_INVITED");
  expect([errorOfLink("left", undefined), errorOfLink("removed", undefined)]).toEqual([undefined, undefined]);
});
