/** In which limits a match finds its input delay and its prediction window. */
export const MATCH_LIMITS = {
  /** At most a fifth of a second at 60 Hz: beyond, a stall now and then is less of a nuisance than the delay. */
  inputDelayFrames: { min: 1, max: 12 },
  /** GGPO's eight frames, 133 ms: what is wrong for longer cannot be corrected without a visible jump. Down to lockstep where the machine is too slow for rollbacks. */
  predictionWindowFrames: { min: 0, max: 8 },
} as const;
