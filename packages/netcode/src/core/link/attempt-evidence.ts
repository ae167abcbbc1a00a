import {
  ATTEMPT_STAGES,
  type AttemptEvidence,
  type AttemptStage,
  type LinkFailure,
  type LinkFailureReason,
} from "../ports/link-failure.ts";
import type { LinkCloseReason } from "../ports/link.ts";

/** Why a link closed, with the evidence; `undefined` where nothing failed. */
export function failureOf(closed: LinkCloseReason, evidence: AttemptEvidence): LinkFailure | undefined {
  if (closed === "unreachable" || closed === "lost") return { reason: failureReasonOf(evidence), evidence };
  if (closed === "version-mismatch") return { reason: "VERSION_MISMATCH", evidence };
  return closed === "protocol-error" ? { reason: "REFUSED", evidence } : undefined;
}

/** The reason that the evidence of failed attempts speaks for: what was never reached first. Pure. */
export function failureReasonOf(evidence: AttemptEvidence): LinkFailureReason {
  const { localCandidates, remoteCandidates, isConnectionRefused, isDescriptionBad, isPeerAbsent, isBrokerReachable } = evidence;
  if (isAtLeast(evidence.stage, "connected")) return "CHANNELS_FAILED";
  if (isAtLeast(evidence.stage, "handshaking")) return "DTLS_FAILED";
  if (isDescriptionBad) return "DESCRIPTION_BAD";
  if (isConnectionRefused) return "NO_CANDIDATES";
  if (!isAtLeast(evidence.stage, "answered")) {
    if (!isBrokerReachable) return "BROKER_LOST";
    return isPeerAbsent ? "PEER_ABSENT" : "NO_ANSWER";
  }
  // The addresses of the other end come by the lobby server, too.
  if (!isBrokerReachable && localCandidates.length > 0 && remoteCandidates.length === 0) return "BROKER_LOST";
  if (localCandidates.length === 0 || remoteCandidates.length === 0) return turnReasonOf(evidence) ?? "NO_CANDIDATES";
  const hasRelay = [...localCandidates, ...remoteCandidates].some((kind) => kind.startsWith("relay/"));
  if (hasRelay) return "TURN_FAILED";
  return turnReasonOf(evidence) ?? "NEEDS_TURN";
}

/** Where TURN was given and no address came of it: whether it refused us or did not answer. A refusal says more. */
function turnReasonOf({ hasTurn, iceServerErrors }: AttemptEvidence): LinkFailureReason | undefined {
  if (!hasTurn) return undefined;
  const codes = iceServerErrors.filter(({ url }) => url.startsWith("turn")).map(({ code }) => code);
  if (codes.some((code) => code === 401 || code === 403 || code === 437 || code === 438)) return "TURN_UNAUTHORIZED";
  return codes.length > 0 ? "TURN_UNREACHABLE" : undefined;
}

/** True when `stage` is `least` or further. */
export function isAtLeast(stage: AttemptStage, least: AttemptStage): boolean {
  return ATTEMPT_STAGES.indexOf(stage) >= ATTEMPT_STAGES.indexOf(least);
}
