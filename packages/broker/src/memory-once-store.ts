import type { OnceStore } from "./once-store.ts";
import { RollingSweep } from "./rolling-sweep.ts";

/**
 * Ids that are remembered at a time, about 150 bytes each. The oldest give way: at half, a busy hour with 30 closed lobbies a second forgets some of
 * them before their time; at double, 30 MB.
 */
const IDS_MAX = 100_000;

/** What happened in one process. It is forgotten with it. */
export class MemoryOnceStore implements OnceStore {
  readonly #nowMs: () => number;
  readonly #idsMax: number;
  /** When each id is free again; oldest first. */
  readonly #untilMs = new Map<string, number>();
  readonly #sweep: RollingSweep<string, number> = new RollingSweep(this.#untilMs, {
    isOver: (untilMs) => untilMs <= this.#nowMs(),
    forget: (id) => this.#untilMs.delete(id),
  });

  constructor(nowMs: () => number, idsMax: number = IDS_MAX) {
    this.#nowMs = nowMs;
    this.#idsMax = idsMax;
  }

  get size(): number {
    return this.#untilMs.size;
  }

  take(id: string, lifeMs: number): Promise<boolean> {
    this.#sweep.step();
    if (this.#isTaken(id)) return Promise.resolve(false);
    this.#untilMs.delete(id);
    this.#untilMs.set(id, this.#nowMs() + lifeMs);
    for (const oldest of this.#untilMs.keys()) {
      if (this.#untilMs.size <= this.#idsMax) break;
      this.#untilMs.delete(oldest);
    }
    return Promise.resolve(true);
  }

  has(id: string): Promise<boolean> {
    return Promise.resolve(this.#isTaken(id));
  }

  #isTaken(id: string): boolean {
    return (this.#untilMs.get(id) ?? 0) > this.#nowMs();
  }
}
