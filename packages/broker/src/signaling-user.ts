import { unreachable } from "@rollcall/netcode/lobby-protocol";
import type { Counters } from "./counters.ts";
import { CLOSE_CODE, type GuardedSocket, type SocketOffence, type SocketUser } from "./guarded-socket.ts";
import type { BrokerLimits } from "./limits.ts";
import { parseSignalingMessage, type Signal } from "./signaling-message.ts";

/** The same for all clients of a guard. */
export interface SignalingUserOptions<Client> {
  readonly counters: Counters;
  readonly limits: BrokerLimits;
  /** `frame`: as it was written, if it may be passed on so. */
  readonly relay: (client: Client, signal: Signal, frame: string | undefined) => void;
  /** Once: it has closed. */
  readonly close: (client: Client) => void;
}

/** As PeerJS writes it: most of what clients say that wait. Written otherwise it is read like any other message. */
const HEARTBEAT = '{"type":"HEARTBEAT"}';
const PONG = JSON.stringify({ type: "PONG" });

/** The frames of one signaling socket. */
export class SignalingUser<Client extends { readonly socket: GuardedSocket }> implements SocketUser {
  readonly #client: Client;
  readonly #options: SignalingUserOptions<Client>;
  #refusedMessages = 0;

  constructor(client: Client, options: SignalingUserOptions<Client>) {
    this.#client = client;
    this.#options = options;
  }

  handleText(text: string): void {
    // A PeerJS client has no use for an answer. Its sign of life was noted when the frame came.
    if (text === HEARTBEAT) return;
    const { counters, limits, relay } = this.#options;
    const { socket } = this.#client;
    const parsed = parseSignalingMessage(text);
    if (!parsed.ok) {
      counters.add(`signaling:${parsed.reason}`);
      if (++this.#refusedMessages >= limits.refusedMessages) socket.close(CLOSE_CODE.policyViolation, parsed.reason);
      return;
    }
    const message = parsed.value;
    switch (message.type) {
      case "HEARTBEAT":
        if (message.echo) socket.send(PONG);
        return;
      case "LEAVE":
        // Leaving altogether ends the socket: an id that is free while its socket still speaks would be a ghost.
        if (message.dst === undefined) socket.close(CLOSE_CODE.normal, "");
        else relay(this.#client, { ...message, dst: message.dst }, undefined);
        return;
      case "OFFER":
      case "ANSWER":
      case "CANDIDATE":
        relay(this.#client, message, parsed.isExact ? text : undefined);
        return;
      default:
        unreachable(message);
    }
  }

  handleOffence(offence: SocketOffence): void {
    this.#options.counters.add(`signaling:${offence}`);
    this.#client.socket.close(offence === "binary" ? CLOSE_CODE.unsupportedData : CLOSE_CODE.policyViolation, offence);
  }

  handleSilence(): void {
    this.#client.socket.ping();
  }

  /** The close code says it: PeerJS has no message for this. */
  handleShutdown(): void {}

  handleClosed(): void {
    this.#options.close(this.#client);
  }
}
