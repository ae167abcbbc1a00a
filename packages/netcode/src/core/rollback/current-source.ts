import { NULL_FRAME } from "../base/units.ts";
import type { SessionSnapshot, SettledSource } from "./settled-source.ts";
import type { TimelineEntry } from "./timeline.ts";

/** Whatever is the source of a match at the moment: one plays it, follows it, and plays it again. */
export class CurrentSource implements SettledSource {
  readonly #current: () => SettledSource | undefined;

  constructor(current: () => SettledSource | undefined) {
    this.#current = current;
  }

  get settledFrame(): number {
    return this.#current()?.settledFrame ?? NULL_FRAME;
  }

  get oldestFrame(): number {
    return this.#current()?.oldestFrame ?? 0;
  }

  copyRow(frame: number, into: Uint8Array): void {
    this.#current()?.copyRow(frame, into);
  }

  entriesFrom(frame: number): readonly TimelineEntry[] {
    return this.#current()?.entriesFrom(frame) ?? [];
  }

  checksum(frame: number): number | undefined {
    return this.#current()?.checksum(frame);
  }

  takeSnapshot(): SessionSnapshot | undefined {
    return this.#current()?.takeSnapshot();
  }
}
