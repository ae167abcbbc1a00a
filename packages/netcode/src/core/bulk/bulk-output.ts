import type { PeerId } from "../base/units.ts";
import type { BulkAbout, BulkEndReason } from "./bulk-codec.ts";

/** What the transfers tell. A transfer is named by its peer, its direction and its number. */
export type BulkEvent =
  /** A peer wants to send us a file: answer with `accept` or `refuse`. */
  | { readonly type: "offer"; readonly from: PeerId; readonly transfer: number; readonly sizeBytes: number; readonly about: BulkAbout }
  /** More of a file was received, here or there. */
  | {
      readonly type: "progress";
      readonly peerId: PeerId;
      readonly direction: "out" | "in";
      readonly transfer: number;
      readonly bytes: number;
    }
  /** A whole file from `peerId`. The receiver owns `file`. */
  | { readonly type: "received"; readonly peerId: PeerId; readonly transfer: number; readonly file: Uint8Array }
  /** The end of a transfer, in whatever way; `received` came before where we got the file. Once. */
  | {
      readonly type: "ended";
      readonly peerId: PeerId;
      readonly direction: "out" | "in";
      readonly transfer: number;
      readonly reason: BulkEndReason;
    };

/** Why a message was refused. */
export type BulkRefusal =
  | "malformed"
  | "not-connected" // a message while there is no connection
  | "unknown-transfer" // of a transfer that is over, or never was
  | "bad-state" // an answer to nothing, or twice
  | "bad-offset" // a gap, or more than was announced
  | "bad-ack"; // of pieces that were never sent

/** Answers that wait for one peer: more than this, and the oldest is dropped. A peer that offers without end reads none of them. */
const SAID_MAX = 64;

/** What sender and receiver of one peer want said and told. */
export class BulkOutput {
  readonly peerId: PeerId;
  readonly said: Uint8Array[] = [];
  readonly #events: BulkEvent[];
  readonly #refusals: Map<BulkRefusal, number>;

  constructor(peerId: PeerId, events: BulkEvent[], refusals: Map<BulkRefusal, number>) {
    this.peerId = peerId;
    this.#events = events;
    this.#refusals = refusals;
  }

  say(message: Uint8Array): void {
    this.said.push(message);
    if (this.said.length > SAID_MAX) this.said.shift();
  }

  tell(event: BulkEvent): void {
    this.#events.push(event);
  }

  end(direction: "out" | "in", transfer: number, reason: BulkEndReason): void {
    this.#events.push({ type: "ended", peerId: this.peerId, direction, transfer, reason });
  }

  progress(direction: "out" | "in", transfer: number, bytes: number): void {
    this.#events.push({ type: "progress", peerId: this.peerId, direction, transfer, bytes });
  }

  refuse(reason: BulkRefusal): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }
}
