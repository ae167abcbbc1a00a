import type { PeerLinks } from "./peer-links.ts";

/** Figures of the links change all the time; a lobby screen needs them this often. */
const FIGURES_INTERVAL_MS = 1_000;

/** Whether the figures of the links, as a lobby screen shows them, are others than before. */
export class ShownFigures {
  #shown = "";
  #dueMs = 0;

  /** Looks at them when it is time: true where they changed. */
  tick(nowMs: number, links: PeerLinks): boolean {
    if (nowMs < this.#dueMs) return false;
    this.#dueMs = nowMs + FIGURES_INTERVAL_MS;
    links.refreshPaths();
    const figures = links
      .stats()
      .map(({ peerId, path, rttMs, lossRatio }) => `${peerId} ${path} ${Math.round(rttMs)} ${Math.round(lossRatio * 100)}`)
      .join();
    const isChanged = figures !== this.#shown;
    this.#shown = figures;
    return isChanged;
  }
}
