import * as LOBBY_TIMES from "../ports/lobby-times.ts";

/** Counted from the ping, not from the last frame: after a stall of this page the broker gets its time to answer. */
const PONG_TIMEOUT_MS = LOBBY_TIMES.socketDeadMs - LOBBY_TIMES.pingIntervalMs;

/** Decides when a quiet socket must be pinged and when it is dead: a browser never says that its network is gone. Pure. */
export class SocketLiveness {
  #heardMs = 0;
  /** When the ping that is not answered yet went out. */
  #pingedMs: number | undefined;

  /** The socket opened, or a frame came in. */
  handleHeard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#pingedMs = undefined;
  }

  /** What to do now: `ping` (and call counts it as sent), give the socket up, or nothing. */
  check(nowMs: number): "ping" | "dead" | "fine" {
    if (nowMs < this.pollTimeoutMs()) return "fine";
    if (this.#pingedMs !== undefined) return "dead";
    this.#pingedMs = nowMs;
    return "ping";
  }

  pollTimeoutMs(): number {
    return this.#pingedMs === undefined ? this.#heardMs + LOBBY_TIMES.pingIntervalMs : this.#pingedMs + PONG_TIMEOUT_MS;
  }
}
