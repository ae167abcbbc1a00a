import { NULL_FRAME } from "../base/units.ts";
import { PAUSE_LEAD_FRAMES } from "../wire/limits.ts";

/** Pauses that take effect in one match: beyond these the match only goes on. Bounds what a hostile member can write into the timeline. */
const PAUSES_MAX = 1000;

/** A member's wish that the game stand still, or go on, from `frame` on. */
export interface PauseWish {
  readonly frame: number;
  readonly slot: number;
  readonly pauses: boolean;
}

/**
 * In which frames the game stands still. Wishes count in order of their frame; of several for one frame the lowest rank's last one counts. What asks for the state that is
 * there already has no effect. A wish whose carrier is known is used at once, as a prediction; which others come before it is certain once its carrying frame is confirmed.
 */
export class PauseSchedule {
  /** In order. Those of confirmed frames are folded into the base: all of them changed something. */
  readonly #wishes: PauseWish[] = [];
  #basePaused = false;
  #basePauses = 0;

  /** A member's wish that frame `carrierFrame` carries. Returns the frame from which it may have an effect. */
  add(carrierFrame: number, slot: number, pauses: boolean): number {
    const frame = carrierFrame + PAUSE_LEAD_FRAMES;
    const wishes = this.#wishes;
    let place = wishes.length;
    for (; place > 0; place--) {
      const before = wishes[place - 1];
      if (before === undefined || before.frame < frame || (before.frame === frame && before.slot <= slot)) break;
    }
    wishes.splice(place, 0, { frame, slot, pauses });
    return frame;
  }

  /** For frames that are not confirmed yet. */
  isPaused(frame: number): boolean {
    let isPaused = this.#basePaused;
    let pauses = this.#basePauses;
    for (let index = 0; index < this.#wishes.length; index++) {
      const wish = this.#wishes[index];
      if (wish === undefined || wish.frame > frame) break;
      if (!this.#changes(index, isPaused, pauses)) continue;
      isPaused = wish.pauses;
      if (isPaused) pauses++;
    }
    return isPaused;
  }

  /** The wishes carried by `carrierFrame`, which is confirmed, that change anything; the others are forgotten. */
  settle(carrierFrame: number): readonly PauseWish[] {
    const wishes = this.#wishes;
    if (wishes.length === 0) return wishes;
    const effective: PauseWish[] = [];
    let isPaused = this.#basePaused;
    let pauses = this.#basePauses;
    for (let index = 0; index < wishes.length; index++) {
      const wish = wishes[index];
      if (wish === undefined || wish.frame > carrierFrame + PAUSE_LEAD_FRAMES) break;
      if (!this.#changes(index, isPaused, pauses)) {
        wishes.splice(index--, 1);
        continue;
      }
      isPaused = wish.pauses;
      if (isPaused) pauses++;
      if (wish.frame === carrierFrame + PAUSE_LEAD_FRAMES) effective.push(wish);
    }
    return effective;
  }

  /** Frames before `frame` are confirmed: nobody asks for them any more. */
  forgetBefore(frame: number): void {
    while (this.#wishes[0] !== undefined && this.#wishes[0].frame < frame) {
      const [wish] = this.#wishes.splice(0, 1);
      if (wish === undefined) return;
      this.#basePaused = wish.pauses;
      if (wish.pauses) this.#basePauses++;
    }
  }

  /** Takes back what `slot` wished in frames after `lastFrame`: these inputs do not count. Returns the first frame that this may change, or `NULL_FRAME`. */
  withdraw(slot: number, lastFrame: number): number {
    let first = NULL_FRAME;
    for (let index = this.#wishes.length - 1; index >= 0; index--) {
      const wish = this.#wishes[index];
      if (wish === undefined || wish.slot !== slot || wish.frame - PAUSE_LEAD_FRAMES <= lastFrame) continue;
      first = wish.frame;
      this.#wishes.splice(index, 1);
    }
    return first;
  }

  /** Of several wishes for one frame the last counts. */
  #changes(index: number, isPaused: boolean, pauseCount: number): boolean {
    const wish = this.#wishes[index];
    if (wish === undefined || this.#wishes[index + 1]?.frame === wish.frame) return false;
    return wish.pauses !== isPaused && !(wish.pauses && pauseCount >= PAUSES_MAX);
  }
}
