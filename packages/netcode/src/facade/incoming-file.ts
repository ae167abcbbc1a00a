import type { BulkAbout, BulkEndReason } from "../core/bulk/bulk-codec.ts";
import type { PeerId } from "../core/base/units.ts";
import type { IncomingTransfer, TransferFailure, TransferState } from "./content-types.ts";
import { Deferred } from "./deferred.ts";
import { Listeners } from "./listeners.ts";
import { transferError } from "./transfer-error.ts";

export interface IncomingFileOptions {
  readonly from: PeerId;
  readonly sizeBytes: number;
  readonly about: BulkAbout;
  readonly reportError: (error: unknown) => void;
  readonly accept: () => void;
  readonly stop: () => void;
  readonly isConnected: () => boolean;
}

/** A file that another member sends us. */
export class IncomingFile implements IncomingTransfer {
  receivedBytes = 0;
  readonly #options: IncomingFileOptions;
  readonly #listeners: Listeners<{ progress: () => void }>;
  readonly #file = new Deferred<Uint8Array>();
  #phase: "offered" | "moving" | "done" | "failed" = "offered";
  #failure: TransferFailure | undefined;

  constructor(options: IncomingFileOptions) {
    this.#options = options;
    this.#listeners = new Listeners("progress", options.reportError);
    this.#file.promise.catch(() => {});
  }

  get from(): PeerId {
    return this.#options.from;
  }

  get name(): string {
    return this.#options.about.name;
  }

  get type(): string {
    return this.#options.about.type;
  }

  get metadata(): unknown {
    return this.#options.about.metadata;
  }

  get sizeBytes(): number {
    return this.#options.sizeBytes;
  }

  get state(): TransferState {
    const isLive = this.#phase === "offered" || this.#phase === "moving";
    return isLive && !this.#options.isConnected() ? "waiting" : this.#phase;
  }

  get failure(): TransferFailure | undefined {
    return this.#failure;
  }

  accept(): Promise<Uint8Array> {
    if (this.#phase === "offered") {
      this.#phase = "moving";
      this.#options.accept();
    }
    return this.#file.promise;
  }

  refuse(): void {
    if (this.#phase === "offered" || this.#phase === "moving") this.#options.stop();
  }

  on(name: "progress", listener: () => void): () => void {
    return this.#listeners.on(name, listener);
  }

  handleProgress(bytes: number): void {
    this.receivedBytes = bytes;
    this.#listeners.emit("progress");
  }

  handleReceived(file: Uint8Array): void {
    this.receivedBytes = file.length;
    this.#file.resolve(file);
  }

  handleEnded(reason: BulkEndReason): void {
    this.#phase = reason === "complete" ? "done" : "failed";
    if (reason !== "complete") {
      this.#failure = reason;
      this.#file.reject(transferError(reason));
    }
    this.#listeners.emit("progress");
  }
}
