import type { AttemptEvidence, AttemptStage, CandidateKind, IceServerError } from "../core/ports/link-failure.ts";
import { ATTEMPT_STAGES } from "../core/ports/link-failure.ts";

/** A server that is asked by name and address, over several interfaces, fails as often; more than these say nothing new. */
const ERRORS_MAX = 8;
const TYPES = ["host", "srflx", "prflx", "relay"] as const;
const PROTOCOLS = ["udp", "tcp", "tls"] as const;

/** Sees what the attempts to reach one peer come to, until it is open. */
export class AttemptWitness {
  /** Of the newest attempt. */
  attemptStage: AttemptStage = "new";
  isPeerAbsent = false;
  /** A browser without WebRTC. */
  isConnectionRefused: boolean = typeof RTCPeerConnection === "undefined";
  isDescriptionBad = false;
  #stage: AttemptStage = "new";
  #attempts = 0;
  readonly #local = new Set<CandidateKind>();
  readonly #remote = new Set<CandidateKind>();
  readonly #errors = new Map<string, IceServerError>();

  /** An attempt begins with this peer connection. `signal`: it is over. */
  watch(connection: RTCPeerConnection, signal: AbortSignal): void {
    this.#attempts++;
    this.attemptStage = "new";
    this.reach("signaling");
    connection.addEventListener("icecandidate", ({ candidate }) => this.#seeLocal(candidate), { signal });
    connection.addEventListener("icecandidateerror", (event) => this.#seeError(event), { signal });
    connection.addEventListener("iceconnectionstatechange", () => this.#seeIce(connection.iceConnectionState), { signal });
    connection.addEventListener("connectionstatechange", () => this.#seeConnection(connection.connectionState), { signal });
  }

  /** The newest attempt got at least so far. */
  reach(stage: AttemptStage): void {
    this.attemptStage = furthest(this.attemptStage, stage);
    this.#stage = furthest(this.#stage, stage);
  }

  /** Candidate lines of the other end. */
  seeRemote(lines: readonly string[]): void {
    for (const line of lines) {
      const kind = kindOf(line, undefined);
      if (kind !== undefined) this.#remote.add(kind);
    }
  }

  evidence(isBrokerReachable: boolean, hasTurn: boolean): AttemptEvidence {
    return {
      stage: this.#stage,
      attempts: this.#attempts,
      isBrokerReachable,
      isPeerAbsent: this.isPeerAbsent,
      localCandidates: [...this.#local].toSorted(),
      remoteCandidates: [...this.#remote].toSorted(),
      iceServerErrors: [...this.#errors.values()],
      hasTurn,
      isConnectionRefused: this.isConnectionRefused,
      isDescriptionBad: this.isDescriptionBad,
    };
  }

  #seeLocal(candidate: RTCIceCandidate | null): void {
    if (candidate === null) return;
    // Not in the types of the DOM; Firefox has none.
    const relayProtocol: unknown = "relayProtocol" in candidate ? candidate.relayProtocol : undefined;
    const kind = kindOf(candidate.candidate, relayProtocol);
    if (kind !== undefined) this.#local.add(kind);
  }

  #seeError({ errorCode, url }: RTCPeerConnectionIceErrorEvent): void {
    const key = `${errorCode} ${url}`;
    if (this.#errors.size < ERRORS_MAX) this.#errors.set(key, { code: errorCode, url });
  }

  #seeIce(state: RTCIceConnectionState): void {
    if (state === "checking") this.reach("checking");
    if (state === "connected" || state === "completed") this.reach("handshaking");
  }

  #seeConnection(state: RTCPeerConnectionState): void {
    if (state === "connected") this.reach("connected");
  }
}

function furthest(first: AttemptStage, second: AttemptStage): AttemptStage {
  return ATTEMPT_STAGES.indexOf(first) >= ATTEMPT_STAGES.indexOf(second) ? first : second;
}

/** Of a candidate line; `relayProtocol`: how this end talks to its TURN server, which only it knows. */
function kindOf(line: string, relayProtocol: unknown): CandidateKind | undefined {
  const [, , transport = ""] = line.split(" ");
  const typeName = / typ (\S+)/.exec(line)?.[1];
  const type = TYPES.find((name) => name === typeName);
  const protocolName = typeof relayProtocol === "string" && relayProtocol !== "" ? relayProtocol : transport.toLowerCase();
  const protocol = PROTOCOLS.find((name) => name === protocolName);
  return type === undefined || protocol === undefined ? undefined : `${type}/${protocol}`;
}
