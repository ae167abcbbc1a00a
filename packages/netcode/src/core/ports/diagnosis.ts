/** What `diagnose()` finds out about one page's way to other players. */
import type { CandidateKind, IceServerError } from "./link-failure.ts";
import type { IceServer } from "./lobby-protocol.ts";

/** The checks, in the order in which they are made. */
export const CHECK_IDS = [
  "page",
  "broker-http",
  "broker-lobby",
  "stun",
  "nat",
  "turn-udp",
  "turn-tcp",
  "turn-tls",
  "channel",
  "path",
  "clock",
] as const;
export type CheckId = (typeof CHECK_IDS)[number];

/** `skipped`: it could not be made, or there is nothing to check; the sentence says which. */
export type CheckStatus = "ok" | "warn" | "fail" | "skipped";

/** Plain values, for a report. Addresses are cut to their first half unless whoever asked wanted them whole; credentials are never in it. */
export type CheckDetails = Readonly<Record<string, string | number | boolean>>;

export interface DiagnosisLine {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** What was found, for the person. */
  readonly sentence: string;
  /** What can be done about it; there when the status is `warn` or `fail`. */
  readonly remedy?: string;
  /** Where the documentation explains it: `troubleshooting.md#check-…`. */
  readonly anchor: string;
  readonly details: CheckDetails;
}

/** `anybody`; `most`: some pairs of networks will not meet; `few`: only players nearby, or with luck; `nobody`. `unknown`: not checked far enough. */
export type ReachLevel = "anybody" | "most" | "few" | "nobody" | "unknown";

export interface Verdict {
  readonly reach: ReachLevel;
  readonly sentence: string;
  readonly remedy?: string;
}

/** A NAT between this page and the internet: `none`; `independent`: one public address for all destinations; `dependent`: another for each, so that only a relay helps. */
export type NatKind = "none" | "independent" | "dependent" | "blocked" | "unknown";

export interface PageFinding {
  readonly isSecure: boolean;
  readonly isHttps: boolean;
  readonly hasWebRtc: boolean;
  readonly hasWebSocket: boolean;
  readonly isOnline: boolean;
  readonly userAgent: string;
}

export type HttpFinding =
  | {
      readonly outcome: "answered";
      readonly elapsedMs: number;
      /** Missing where the browser hides it from another origin. */
      readonly status?: number;
    }
  | { readonly outcome: "failed" };

export type LobbyFinding =
  | { readonly outcome: "admitted"; readonly elapsedMs: number; readonly iceServers: readonly IceServer[] }
  /** `code`: of a `NetcodeError`. */
  | { readonly outcome: "refused"; readonly code: string };

/** One address that the browser found for itself. */
export interface FoundCandidate {
  readonly kind: CandidateKind;
  /** An mDNS name where the browser hides it. */
  readonly address: string;
  readonly port: number;
  readonly atMs: number;
}

export interface Gathering {
  readonly candidates: readonly FoundCandidate[];
  readonly errors: readonly IceServerError[];
  /** The browser has tried everything. */
  readonly isComplete: boolean;
}

export type PairFinding =
  | {
      readonly outcome: "open";
      readonly elapsedMs: number;
      /** As the channel at the accepting end says of itself. */
      readonly isUnreliable: boolean;
      readonly sent: number;
      readonly answered: number;
      readonly rttMs: number;
      readonly jitterMs: number;
    }
  | { readonly outcome: "failed"; readonly stage: "gathering" | "checking" | "handshaking" | "opening" };

export interface TurnFinding {
  readonly gathering: Gathering;
  /** Not there when no address was given. */
  readonly pair?: PairFinding;
}

export interface ClockFinding {
  /** Calls of a worker's timer while it was listened to; `undefined` where no worker may start. */
  readonly workerTicks: number | undefined;
  /** How often it should have called in that time. */
  readonly expectedTicks: number;
  /** The longest that the page itself was late. */
  readonly pageLateMs: number;
  readonly cores: number;
  readonly isHidden: boolean;
}
