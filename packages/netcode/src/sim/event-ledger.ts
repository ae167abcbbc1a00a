import type { SessionEvent } from "../core/ports/session.ts";
import type { GameEventStage } from "../core/rollback/game-event-log.ts";

/** What became of the events of a game, as one session told them. */
export class EventLedger {
  /** By frame, until that frame is settled. */
  readonly #frames = new Map<number, Map<string, GameEventStage>>();
  #settledFrame = -1;

  /** Takes an event in. Returns what is wrong with it. */
  add({ id, frame, name, stage }: SessionEvent & { readonly type: "game" }): string[] {
    const stages = this.#frames.get(frame) ?? new Map<string, GameEventStage>();
    this.#frames.set(frame, stages);
    const before = stages.get(id);
    const isExpected =
      stage === "predicted" ? before === undefined : before === "predicted" || (stage === "confirmed" && before === undefined);
    stages.set(id, stage);
    const wrong: string[] = [];
    if (!id.startsWith(`${frame}:${name}:`)) wrong.push(`${id} is not of ${name}`);
    if (!isExpected) wrong.push(`${id} is ${stage} after it was ${before ?? "never told"}`);
    if (frame <= this.#settledFrame) wrong.push(`${id} is ${stage} after its frame was confirmed`);
    return wrong;
  }

  /** `frame` was confirmed, and emitted `eventIds`. Returns what was told otherwise. */
  settle(frame: number, eventIds: readonly string[]): string[] {
    const told = this.#frames.get(frame);
    const wrong: string[] = [];
    for (const id of eventIds) if (told?.get(id) !== "confirmed") wrong.push(`${id} of a confirmed frame was not confirmed`);
    for (const [id, stage] of told ?? []) {
      if (stage === "predicted" || (stage === "confirmed" && !eventIds.includes(id)))
        wrong.push(`${id} of a confirmed frame, which did not happen, is ${stage}`);
    }
    this.forget(frame);
    return wrong;
  }

  /** Nothing is known of what `frame` emitted. */
  forget(frame: number): void {
    this.#frames.delete(frame);
    this.#settledFrame = Math.max(this.#settledFrame, frame);
  }

  /** A new life: the events of the one before are not told any more. */
  clear(): void {
    this.#frames.clear();
    this.#settledFrame = -1;
  }
}
