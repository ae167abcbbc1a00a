/** Smoothed round trip and its mean deviation, with the gains of RFC 6298 (1/8 and 1/4). All in ms. */
export class RttEstimator {
  rttMs = 0;
  /** Mean deviation of the samples from `rttMs`. */
  jitterMs = 0;
  #sampled = false;

  /** False until the first sample. */
  get known(): boolean {
    return this.#sampled;
  }

  /** A measured round trip; what clocks with coarse steps make negative counts as 0. */
  sample(roundTripMs: number): void {
    const measuredMs = Math.max(0, roundTripMs);
    if (!this.#sampled) {
      this.#sampled = true;
      this.rttMs = measuredMs;
      // RFC 6298 2.2: half of the first sample, until there is a spread to measure.
      this.jitterMs = measuredMs / 2;
      return;
    }
    this.jitterMs += (Math.abs(measuredMs - this.rttMs) - this.jitterMs) / 4;
    this.rttMs += (measuredMs - this.rttMs) / 8;
  }
}
