import { SIGNALING_NONCE_PATTERN } from "../core/ports/lobby-protocol.ts";

/** What opens a member's signaling socket: key and signature in base64url. */
export interface SocketProof {
  readonly key: string;
  readonly signature: string;
}

/** Signs the broker's nonce. */
export type ProveSocket = (nonce: string) => Promise<SocketProof>;

/** Where the answers go. */
export interface SignalingProofOutput {
  /** On the socket that asked. */
  send(message: { readonly type: "PROOF" } & SocketProof): void;
  /** Whatever is sent from now on comes behind the proof: we may act as if the broker had welcomed us, and save a round trip. */
  welcome(): void;
}

/**
 * Answers the broker's `CHALLENGE` on the signaling socket, once each time that the socket opens: who sends more of them is not our broker, and signing
 * costs time. PeerJS knows neither message.
 */
export class SignalingProof {
  readonly #prove: ProveSocket;
  readonly #output: SignalingProofOutput;
  #state: "waiting" | "signing" | "passed" = "waiting";
  /** Counts sockets: what was signed for an older one is of no use. */
  #socket = 0;

  constructor(prove: ProveSocket, output: SignalingProofOutput) {
    this.#prove = prove;
    this.#output = output;
  }

  /** A new socket is on its way. */
  restart(): void {
    this.#socket++;
    this.#state = "waiting";
  }

  /** True: the message is dealt with. */
  handleMessage(message: unknown): boolean {
    if (typeof message !== "object" || message === null || !("type" in message)) return false;
    // The welcome that we did not wait for.
    if (message.type === "OPEN") return this.#state === "passed";
    if (message.type !== "CHALLENGE") return false;
    const nonce = "nonce" in message ? message.nonce : undefined;
    if (this.#state === "waiting" && typeof nonce === "string" && SIGNALING_NONCE_PATTERN.test(nonce)) void this.#answer(nonce);
    return true;
  }

  async #answer(nonce: string): Promise<void> {
    const socket = this.#socket;
    this.#state = "signing";
    const proof = await this.#prove(nonce);
    if (this.#socket !== socket) return;
    this.#state = "passed";
    this.#output.send({ type: "PROOF", ...proof });
    this.#output.welcome();
  }
}
