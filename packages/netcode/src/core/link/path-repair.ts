import * as LINK_TIMES from "./link-times.ts";

/** When to restart ICE on a connection that is silent, and when to give it up for a new one. Pure times; a part of `Healing`. */
export class PathRepair {
  /** Since when ICE says that it has a path; `Infinity`: it has none. */
  connectedMs: number = -Infinity;
  #pauseMs: number = LINK_TIMES.restartPauseMs;
  /** Restarts wait for this; before the first one of a silence, for the silence alone. */
  #nextMs = -Infinity;
  #hurriedUntilMs = -Infinity;
  /** When the first exchange of this silence was whole at this end; the peer lives, and what it could do it did. */
  #exchangedMs = Infinity;
  /** Who yields in a glare waits a moment longer, so that there is none. */
  readonly #courtesyMs: number;

  constructor(isPolite: boolean) {
    this.#courtesyMs = isPolite ? LINK_TIMES.restartCourtesyMs : 0;
  }

  /** Nothing happened since the last `settle`. */
  get isSettled(): boolean {
    return this.#nextMs === -Infinity && this.#exchangedMs === Infinity;
  }

  /** Packets come: all is well. */
  settle(): void {
    this.#pauseMs = LINK_TIMES.restartPauseMs;
    this.#nextMs = -Infinity;
    this.#exchangedMs = Infinity;
  }

  /** Something happened that may have changed our path (network, wake-up, a dead socket), or the end of a silence is told by something else than packets. The next restart is due from `fromMs` on. */
  hurry(nowMs: number, fromMs: number): void {
    this.#hurriedUntilMs = nowMs + LINK_TIMES.hurryMs;
    this.#pauseMs = LINK_TIMES.restartPauseMs;
    this.#nextMs = Math.min(this.#nextMs, fromMs);
  }

  /** An exchange began, here or at the other end. */
  handleStarted(nowMs: number): void {
    this.#nextMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, LINK_TIMES.restartPauseMsMax);
    this.#hurriedUntilMs = -Infinity;
  }

  /**
   * Both descriptions are there. What was gathered long ago, in the dark, knows nothing of the network that has come back: then the next restart is soon.
   */
  handleExchanged(nowMs: number, startedMs: number): void {
    this.#exchangedMs = Math.min(this.#exchangedMs, nowMs);
    if (nowMs - startedMs < LINK_TIMES.restartOldMs) return;
    this.#pauseMs = LINK_TIMES.restartPauseMs;
    this.#nextMs = Math.min(this.#nextMs, nowMs + LINK_TIMES.restartAgainMs);
  }

  /** When the next restart is due. */
  restartMs(lastHeardMs: number): number {
    const isHurried = this.#hurriedUntilMs >= lastHeardMs + LINK_TIMES.hurriedSilenceMs;
    const silenceMs = isHurried ? LINK_TIMES.hurriedSilenceMs : LINK_TIMES.suspectMs;
    return Math.max(lastHeardMs + silenceMs + this.#courtesyMs, this.#nextMs);
  }

  /**
   * When the connection is given up for a new one: its ends talk, by way of the broker, and ICE has a path, but nothing comes. In all other cases late: what is open
   * survives any outage, and checks of a restart find a path that returns sooner than a new connection does.
   */
  rebuildMs(lastHeardMs: number): number {
    const hopelessMs = Math.max(lastHeardMs + LINK_TIMES.rebuildMs, Math.max(this.connectedMs, this.#exchangedMs) + LINK_TIMES.connectedMs);
    return Math.min(hopelessMs, lastHeardMs + LINK_TIMES.rebuildMsMax);
  }
}
