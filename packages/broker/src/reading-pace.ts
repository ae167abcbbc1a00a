import type { ServerResponse } from "node:http";
import { monotonicMs } from "./monotonic-ms.ts";

/**
 * What a reader of a file has to take, as a rule. A phone on 2G gets 2,500 bytes a second, and asks for six files at once. At half, who reads a byte a second holds a file open for twice as
 * long; at double, such a phone is cut off.
 */
const LEAST_BYTES_PER_SECOND = 256;
/** So much it may be behind: what Node hands to the system at once (64 KiB) is counted when all of it is taken, and a slow line takes as much as its buffers hold in one go. At half, eight minutes are four, and a line with long buffers is cut; double is for nobody. */
const BEHIND_BYTES_MAX = 131_072;
const LOOK_EVERY_MS = 5_000;

/** Whether somebody reads fast enough, by all that it took until now. What it took at once counts until then, not for later: else whoever took a lot could read nothing for hours. */
export class ReadingPace {
  #atMs: number;
  #takenBytes: number;
  #behindBytes = 0;

  constructor(nowMs: number, takenBytes: number) {
    this.#atMs = nowMs;
    this.#takenBytes = takenBytes;
  }

  /** False: it is too slow. */
  keeps(nowMs: number, takenBytes: number): boolean {
    const dueBytes = ((nowMs - this.#atMs) * LEAST_BYTES_PER_SECOND) / 1_000;
    this.#behindBytes = Math.max(0, this.#behindBytes + dueBytes - (takenBytes - this.#takenBytes));
    this.#atMs = nowMs;
    this.#takenBytes = takenBytes;
    return this.#behindBytes <= BEHIND_BYTES_MAX;
  }
}

/** Ends an answer whose reader is too slow: it holds a file open. */
export function keepPace(response: Pick<ServerResponse, "socket" | "destroy" | "once">, nowMs: () => number = monotonicMs): void {
  const { socket } = response;
  if (socket === null) return;
  const takenBytes = (): number => socket.bytesWritten - socket.writableLength;
  const pace = new ReadingPace(nowMs(), takenBytes());
  const timer = setInterval(() => pace.keeps(nowMs(), takenBytes()) || response.destroy(), LOOK_EVERY_MS).unref();
  response.once("close", () => clearInterval(timer));
}
