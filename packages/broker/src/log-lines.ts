import { writeSync } from "node:fs";

/** Writes to a file or a pipe, as `fs.writeSync` does. */
export type WriteBytes = (bytes: Buffer) => number;

/**
 * Lines of the log on the standard output, written at once. One that cannot be written (the disk is full, nobody reads the pipe) is lost and counted: a broker that ended or waited
 * for it would take everybody's lobby along.
 */
export class LogLines {
  readonly #write: WriteBytes;
  /** The last line stands there in part. */
  #isTorn = false;
  #lost = 0;
  #isWriting = true;

  // A pipe or a socket that Node opens says when it is full, where a plain 1 would wait for whoever reads it.
  constructor(write: WriteBytes = (bytes) => writeSync(process.stdout.fd, bytes)) {
    this.#write = write;
  }

  /** The last line was written. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** How many were lost since it was asked last. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  write(line: string): void {
    let rest = Buffer.from(this.#isTorn ? `\n${line}` : line);
    try {
      while (rest.length > 0) {
        rest = rest.subarray(this.#write(rest));
        this.#isTorn = rest.length > 0;
      }
      this.#isWriting = true;
    } catch {
      this.#isWriting = false;
      this.#lost++;
    }
  }
}
