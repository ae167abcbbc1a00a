/** A node whose signs of life stay away for so long is dead. At half, a long pause for garbage moves its lobbies' hosts; at double, who was on it and does not come back stays a host too long. */
export const NODE_SILENCE_MS = 5_000;

/** Which nodes live, by their signs of life. Says nothing of anybody while this node itself does not hear well. */
export class NodeWatch {
  readonly #heardAtMs = new Map<string, number>();
  #hearsSinceMs: number;

  constructor(nowMs: number) {
    this.#hearsSinceMs = nowMs;
  }

  /** Signs of life may have been missed until now. */
  startOver(nowMs: number): void {
    this.#hearsSinceMs = nowMs;
  }

  hear(nowMs: number, node: string): void {
    this.#heardAtMs.set(node, nowMs);
  }

  /** It says that it stops. */
  leave(node: string): void {
    this.#heardAtMs.set(node, -Infinity);
  }

  isDead(nowMs: number, node: string): boolean {
    const heardAtMs = this.#heardAtMs.get(node);
    if (heardAtMs === -Infinity) return true;
    return nowMs - Math.max(this.#hearsSinceMs, heardAtMs ?? 0) >= NODE_SILENCE_MS;
  }

  /** Nodes that live, without this one. */
  count(nowMs: number): number {
    return [...this.#heardAtMs.values()].filter((heardAtMs) => nowMs - heardAtMs < NODE_SILENCE_MS).length;
  }

  /** Forgets nodes of long ago: each start has a name of its own. */
  sweep(nowMs: number): void {
    for (const [node, heardAtMs] of this.#heardAtMs) if (nowMs - heardAtMs > 10 * NODE_SILENCE_MS) this.#heardAtMs.delete(node);
  }
}
