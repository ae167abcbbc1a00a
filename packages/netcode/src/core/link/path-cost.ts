/**
 * What a loss ratio of one half costs, in ms of delay. A lost datagram's inputs come with the next one, a frame later, but losses come in bursts, and
 * rollback depth follows the worst of a second: one in ten is worth a detour of 22 ms, one in five of 50.
 */
const LOSS_COST_MS = 200;
const LOSS_RATIO_MAX = 0.95;
/** A member in the middle forwards when its event loop gets to it. */
const FORWARD_MS = 4;

/** Cost of a path with this one-way delay (spread included) and loss: after ETX, the expected number of transmissions, each at a price in ms. */
export function pathCostMs(delayMs: number, lossRatio: number): number {
  const loss = Math.min(LOSS_RATIO_MAX, lossRatio);
  return delayMs + (LOSS_COST_MS * loss) / (1 - loss);
}

/** Cost of two paths, one after the other. */
export function detourCostMs(firstDelayMs: number, firstLossRatio: number, secondDelayMs: number, secondLossRatio: number): number {
  return FORWARD_MS + pathCostMs(firstDelayMs + secondDelayMs, 1 - (1 - firstLossRatio) * (1 - secondLossRatio));
}
