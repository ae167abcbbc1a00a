import type { PeerId } from "@rollcall/netcode/lobby-protocol";
import type { Counters } from "./counters.ts";
import { CLOSE_CODE, type GuardedSocket, type SocketOffence, type SocketUser } from "./guarded-socket.ts";
import { parseSignalingMessage } from "./signaling-message.ts";
import { isSignalingProof } from "./signaling-proof.ts";

export interface SignalingDoorOptions {
  readonly peerId: PeerId;
  readonly nonce: string;
  readonly openedMs: number;
  readonly socket: GuardedSocket;
  readonly counters: Counters;
  /** Whose socket it is has been proved: who serves it from now on; `undefined`: no longer a member. A promise, where other nodes have to be asked; it does not reject. */
  readonly admit: () => SocketUser | undefined | Promise<SocketUser | undefined>;
  /** Once: nobody waits here any more. */
  readonly handlePassed: () => void;
}

/** An honest page answers within a round trip and a millisecond, or with its admission: where that takes longer, it comes again. */
const PROOF_MS_MAX = 10_000;

/**
 * A signaling socket of a member, or of a page that is being admitted, until the owner of the key has signed our nonce. Until then nothing is taken from it or sent to it, what others send to the member
 * goes where it went before, and an older socket of the member stays.
 */
export class SignalingDoor implements SocketUser {
  readonly #options: SignalingDoorOptions;

  constructor(options: SignalingDoorOptions) {
    this.#options = options;
    options.socket.send(JSON.stringify({ type: "CHALLENGE", nonce: options.nonce }));
  }

  handleText(text: string): void | Promise<void> {
    const { peerId, nonce, admit, handlePassed } = this.#options;
    if (isSignalingProof(text, peerId, nonce)) {
      handlePassed();
      const user = admit();
      return user instanceof Promise ? user.then((found) => this.#pass(found)) : this.#pass(user);
    }
    const message = parseSignalingMessage(text);
    // PeerJS says so from the start.
    if (!message.ok || message.value.type !== "HEARTBEAT") this.#refuse("no proof");
  }

  handleOffence(offence: SocketOffence): void {
    this.#refuse(offence);
  }

  handleSilence(): void {
    this.#options.socket.ping();
  }

  handleShutdown(): void {}

  handleClosed(): void {
    this.#options.handlePassed();
  }

  /** Who does not prove anything in time is sent away. */
  check(nowMs: number): void {
    if (nowMs - this.#options.openedMs > PROOF_MS_MAX) this.#refuse("no proof");
  }

  #pass(user: SocketUser | undefined): void {
    if (user === undefined) this.#refuse("not a member");
    else this.#options.socket.serve(user);
  }

  #refuse(reason: string): void {
    this.#options.counters.add("signaling:unproven");
    this.#options.socket.close(CLOSE_CODE.policyViolation, reason);
  }
}
