import type { LobbyPeer } from "./types.ts";

/** Figures of the links change all the time; a lobby screen needs them this often. */
export const FIGURES_INTERVAL_MS = 1_000;

/** Whether the figures of the links, as a lobby screen shows them, are others than before. */
export class ShownFigures {
  #shown = "";

  changed(peers: readonly LobbyPeer[]): boolean {
    const figures = peers
      .map(({ peerId, path, rttMs, lossRatio }) => `${peerId} ${path} ${Math.round(rttMs)} ${Math.round(lossRatio * 100)}`)
      .join();
    const isChanged = figures !== this.#shown;
    this.#shown = figures;
    return isChanged;
  }
}
