import { joinBytes } from "../core/base/bytes.ts";
import type { Piece } from "./association-end.ts";

/** The receiving side of a reliable channel: pieces come in any order, whole messages leave in the order in which they were sent. */
export class StreamInbox {
  readonly #early = new Map<number, Piece>();
  #expected = 0;
  #parts: Uint8Array[] = [];

  /** Takes a piece that was not taken before. */
  add(piece: Piece): void {
    this.#early.set(piece.number, piece);
  }

  /** The next whole message, or `undefined`: a piece is missing. */
  take(): Uint8Array | undefined {
    for (;;) {
      const piece = this.#early.get(this.#expected);
      if (piece === undefined) return undefined;
      this.#early.delete(this.#expected++);
      this.#parts.push(piece.bytes);
      if (!piece.isLast) continue;
      const parts = this.#parts;
      this.#parts = [];
      return joinBytes(parts);
    }
  }
}
