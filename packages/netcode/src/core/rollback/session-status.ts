import { assert } from "../base/assert.ts";

/** Time without any call counts as at most so much silence of the others: a page that was frozen must not drop everybody when it wakes. */
const UNOBSERVED_MS_MAX = 250;

/** How far a session is. */
export class SessionStatus {
  /** When the match ended here; `undefined` while it runs. */
  endedMs: number | undefined = undefined;
  /** Nobody can play the match to another end any more. */
  isEndSettled = false;
  /** The others go on without us. */
  isDropped = false;
  /** We said goodbye. */
  hasLeft = false;

  /** Nothing more is played here: the match ended, or goes on without us. */
  get isOver(): boolean {
    return this.endedMs !== undefined || this.isOut;
  }

  /** We belong to the match no more. */
  get isOut(): boolean {
    return this.isDropped || this.hasLeft;
  }
}

/** The two clocks of a session. */
export class SessionClock {
  /** As the caller tells it. */
  nowMs: number;
  /** Stands still while nobody calls: what nobody could hear was no silence. Whole ms: a fraction would be boxed wherever it is handed on. */
  observedMs = 0;
  #exactMs = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  observe(nowMs: number): void {
    assert(nowMs >= this.nowMs, "a clock that never goes back");
    this.#exactMs += Math.min(nowMs - this.nowMs, UNOBSERVED_MS_MAX);
    this.observedMs = Math.floor(this.#exactMs);
    this.nowMs = nowMs;
  }
}
