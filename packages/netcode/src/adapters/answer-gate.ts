import type { PeerId } from "../core/base/units.ts";
import { CANDIDATES_MAX } from "./signal-message.ts";
import type { SocketProof } from "./signaling-proof.ts";

/** Signs answers, and checks those of others. */
export interface AnswerSeals {
  seal(text: string): Promise<SocketProof>;
  /** Whether `peer` itself signed `text`. False for any nonsense. */
  isSealed(peer: PeerId, text: string, seal: SocketProof): Promise<boolean>;
}

/** Whose answer to whom it is, and to which offer. */
export interface AnswerPlace {
  readonly from: PeerId;
  readonly to: PeerId;
  readonly connectionId: string;
}

/** What is signed: an answer is of no use to anybody else, or for another offer. */
export function answerText({ from, to, connectionId }: AnswerPlace, sdp: string): string {
  return `rollcall/answer/1\n${connectionId}\n${from}\n${to}\n${sdp}`;
}

/** Where there was a lie before, an answer that nobody signed waits so long for one that the peer did. At half, the peer's own would come too late over a slow line; at double, whoever cannot sign waits. */
const DOUBT_MS = 600;
/** Checks under way. A liar can make up any number, and each takes a millisecond; the peer's own answer is repeated. */
const CHECKS_MAX = 4;

export interface AnswerGateOptions {
  readonly connection: Pick<RTCPeerConnection, "signalingState" | "setRemoteDescription">;
  /** Left out where nobody signs: then the first answer is taken. */
  readonly isSealed: ((sdp: string, seal: SocketProof) => Promise<boolean>) | undefined;
  /** An answer was made up before: the next one is taken once it is checked. */
  readonly isStrict: boolean;
  /** The connection was given this description, which it may refuse yet. */
  readonly handleGiven: (sdp: string) => void;
  /** It has taken it; these candidates came before. */
  readonly handleTaken: (early: readonly RTCIceCandidateInit[]) => void;
  /** What was taken is not the peer's: the peer's own is another. Not where the gate is strict. */
  readonly handleForged: () => void;
  readonly handleRefused: (reason: "unsigned-answer" | "bad-description") => void;
}

/**
 * What comes back for one offer. The broker can make up answers in the peer's name, and a peer connection takes one alone. The first is taken at once, since signing and checking take
 * time; the peer's own signature, which follows, shows whether that was right.
 */
export class AnswerGate {
  readonly #options: AnswerGateOptions;
  #answer: string | undefined;
  #isOver = false;
  #checks = 0;
  /** The newest that nobody signed. */
  #doubted = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #early: RTCIceCandidateInit[] = [];

  constructor(options: AnswerGateOptions) {
    this.#options = options;
  }

  /** What the connection was given. */
  get answer(): string | undefined {
    return this.#answer;
  }

  async handle(sdp: string, seal: SocketProof | undefined): Promise<void> {
    const { isSealed, isStrict, handleForged, handleRefused } = this.#options;
    const isFirst = this.#answer === undefined;
    if (isFirst && (isSealed === undefined || !isStrict)) return this.#give(sdp);
    // A repeated one.
    if (this.#answer !== undefined && endOf(sdp) === endOf(this.#answer)) return;
    const isOwn = await this.#isOwn(sdp, seal);
    if (this.#isOver) return;
    if (!isOwn) {
      handleRefused("unsigned-answer");
      this.#doubted = sdp;
      if (isFirst) this.#timer ??= setTimeout(() => void this.#give(this.#doubted), DOUBT_MS);
    } else if (isStrict) await this.#give(sdp);
    else handleForged();
  }

  /** True: these candidates wait for the answer, as many as find room; the repeated answer lists them all. */
  keep(candidates: readonly RTCIceCandidateInit[]): boolean {
    if (this.#options.connection.signalingState !== "have-local-offer") return false;
    this.#early.push(...candidates.slice(0, CANDIDATES_MAX - this.#early.length));
    return true;
  }

  /** The attempt is over, or open: what comes changes nothing. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #isOwn(sdp: string, seal: SocketProof | undefined): Promise<boolean> {
    const { isSealed } = this.#options;
    if (seal === undefined || isSealed === undefined || this.#checks >= CHECKS_MAX) return false;
    this.#checks++;
    const isOwn = await isSealed(sdp, seal);
    this.#checks--;
    return isOwn;
  }

  async #give(sdp: string): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isOver || this.#answer !== undefined) return;
    this.#answer = sdp;
    this.#options.handleGiven(sdp);
    try {
      await this.#options.connection.setRemoteDescription({ type: "answer", sdp });
    } catch {
      // Of nobody who wants to connect: the peer's own may come yet.
      this.#answer = undefined;
      return this.#options.handleRefused("bad-description");
    }
    this.#options.handleTaken(this.#early.splice(0));
  }
}

/** What tells one end from another. The lines about addresses differ each time that an answer is repeated. */
function endOf(sdp: string): string {
  return [...sdp.matchAll(/^a=(?:fingerprint|ice-ufrag|ice-pwd):.*$/gm)].map(([line]) => line.trim()).join("\n");
}
