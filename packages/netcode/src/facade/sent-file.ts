import type { BulkEndReason } from "../core/bulk/bulk-codec.ts";
import type { PeerId } from "../core/base/units.ts";
import type { SentTransfer, TransferFailure, TransferRecipient, TransferState } from "./content-types.ts";
import { Deferred } from "./deferred.ts";
import { Listeners } from "./listeners.ts";
import { transferError } from "./transfer-error.ts";

export interface SentFileOptions {
  readonly sizeBytes: number;
  readonly reportError: (error: unknown) => void;
  readonly cancel: (peerId: PeerId, transfer: number) => void;
  readonly isConnected: (peerId: PeerId) => boolean;
}

interface Recipient {
  readonly peerId: PeerId;
  /** `undefined`: it was never offered. */
  readonly transfer: number | undefined;
  phase: "offered" | "moving" | "done" | "failed";
  receivedBytes: number;
  failure: TransferFailure | undefined;
}

/** A file that we send, to everybody whom it is for. */
export class SentFile implements SentTransfer {
  readonly #options: SentFileOptions;
  readonly #recipients: Recipient[] = [];
  readonly #listeners: Listeners<{ progress: () => void }>;
  readonly #done = new Deferred<void>();

  constructor(options: SentFileOptions) {
    this.#options = options;
    this.#listeners = new Listeners("progress", options.reportError);
    // Nobody has to wait.
    this.done.catch(() => {});
  }

  get sizeBytes(): number {
    return this.#options.sizeBytes;
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  get recipients(): readonly TransferRecipient[] {
    return this.#recipients.map((recipient) => {
      const { peerId, receivedBytes, failure } = recipient;
      return { peerId, state: this.#stateOf(recipient), receivedBytes, failure };
    });
  }

  get progress(): number {
    const living = this.#recipients.filter(({ phase }) => phase !== "failed");
    const bytes = living.reduce((sum, { phase, receivedBytes }) => sum + (phase === "done" ? this.sizeBytes : receivedBytes), 0);
    const total = living.length * this.sizeBytes;
    return total === 0 ? (living.every(({ phase }) => phase === "done") ? 1 : 0) : bytes / total;
  }

  on(name: "progress", listener: () => void): () => void {
    return this.#listeners.on(name, listener);
  }

  cancel(peerId?: PeerId): void {
    for (const recipient of this.#recipients) {
      const { transfer } = recipient;
      if (transfer !== undefined && (peerId === undefined || recipient.peerId === peerId)) this.#options.cancel(recipient.peerId, transfer);
    }
  }

  /** `transfer`: `undefined` when too many files wait for it already. */
  add(peerId: PeerId, transfer: number | undefined): void {
    const isOffered = transfer !== undefined;
    this.#recipients.push({
      peerId,
      transfer,
      phase: isOffered ? "offered" : "failed",
      receivedBytes: 0,
      failure: isOffered ? undefined : "too-many",
    });
  }

  /** All recipients were added. */
  start(): void {
    this.#settle();
  }

  handleProgress(peerId: PeerId, bytes: number): void {
    const recipient = this.#find(peerId);
    if (recipient === undefined) return;
    recipient.phase = "moving";
    recipient.receivedBytes = bytes;
    this.#listeners.emit("progress");
  }

  handleEnded(peerId: PeerId, reason: BulkEndReason): void {
    const recipient = this.#find(peerId);
    if (recipient === undefined) return;
    recipient.phase = reason === "complete" ? "done" : "failed";
    recipient.failure = reason === "complete" ? undefined : reason;
    this.#listeners.emit("progress");
    this.#settle();
  }

  #find(peerId: PeerId): Recipient | undefined {
    return this.#recipients.find((recipient) => recipient.peerId === peerId);
  }

  #stateOf({ peerId, phase }: Recipient): TransferState {
    const isLive = phase === "offered" || phase === "moving";
    return isLive && !this.#options.isConnected(peerId) ? "waiting" : phase;
  }

  #settle(): void {
    if (this.#recipients.some(({ phase }) => phase !== "done" && phase !== "failed")) return;
    const failure = this.#recipients.find((recipient) => recipient.failure !== undefined)?.failure;
    if (failure === undefined) this.#done.resolve();
    else this.#done.reject(transferError(failure));
  }
}
