import type { ServerResponse } from "node:http";
import { monotonicMs } from "./monotonic-ms.ts";

/**
 * What a reader of a file has to take, as a rule. A phone on 2G gets 2,500 bytes a second, and asks for six files at once. At half, who reads a byte a second holds a file open for twice as
 * long; at double, such a phone is cut off.
 */
const LEAST_BYTES_PER_SECOND = 256;
/**
 * So much it may be behind: what Node hands to the system at once (64 KiB) is counted when all of it is taken, and a slow line takes as much as its buffers hold in one go, nothing for minutes
 * before. At half, such lines are cut; double is for nobody.
 */
const BEHIND_BYTES_MAX = 131_072;
/** Each has a file open, and some 128 KiB waiting. At half, forty phones that load a game at once are too many; at double, readers that do not read fill another 64 MiB. */
const READERS_MAX = 512;
const LOOK_EVERY_MS = 5_000;

/** Whether somebody reads fast enough, by all that it took until now. What it took at once counts until then, not for later: else whoever took a lot could read nothing for hours. */
export class ReadingPace {
  readonly #sinceMs: number;
  readonly #fromBytes: number;
  #atMs: number;
  #takenBytes: number;
  #behindBytes = 0;

  constructor(nowMs: number, takenBytes: number) {
    this.#sinceMs = this.#atMs = nowMs;
    this.#fromBytes = this.#takenBytes = takenBytes;
  }

  /** False: it is too slow. */
  keeps(nowMs: number, takenBytes: number): boolean {
    const dueBytes = ((nowMs - this.#atMs) * LEAST_BYTES_PER_SECOND) / 1_000;
    this.#behindBytes = Math.max(0, this.#behindBytes + dueBytes - (takenBytes - this.#takenBytes));
    this.#atMs = nowMs;
    this.#takenBytes = takenBytes;
    return this.#behindBytes <= BEHIND_BYTES_MAX;
  }

  /** Bytes a second since it began; of who just began nobody knows. */
  get rate(): number {
    const tookMs = this.#atMs - this.#sinceMs;
    return tookMs === 0 ? Infinity : ((this.#takenBytes - this.#fromBytes) * 1_000) / tookMs;
  }
}

/** What is used of an answer. */
export type FileAnswer = Pick<ServerResponse, "socket" | "destroy" | "once">;

/** Who reads files: each holds one open, and memory. Who reads next to nothing is ended; of too many, who reads least. */
export class FileReaders {
  readonly #paces = new Map<FileAnswer, ReadingPace>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = monotonicMs) {
    this.#nowMs = nowMs;
  }

  /** Watches over an answer until it is closed. False: there are too many. */
  admit(answer: FileAnswer): boolean {
    const { socket } = answer;
    if (socket === null || (this.#paces.size >= READERS_MAX && !this.#endSlowest())) return false;
    const takenBytes = (): number => socket.bytesWritten - socket.writableLength;
    const pace = new ReadingPace(this.#nowMs(), takenBytes());
    this.#paces.set(answer, pace);
    const timer = setInterval(() => pace.keeps(this.#nowMs(), takenBytes()) || answer.destroy(), LOOK_EVERY_MS).unref();
    answer.once("close", () => {
      clearInterval(timer);
      this.#paces.delete(answer);
    });
    return true;
  }

  #endSlowest(): boolean {
    const slowest = [...this.#paces].reduce((least, each) => (each[1].rate < least[1].rate ? each : least));
    if (slowest[1].rate === Infinity) return false;
    this.#paces.delete(slowest[0]);
    slowest[0].destroy();
    return true;
  }
}
