import type { PeerId } from "../core/base/units.ts";
import type { Json } from "../core/ports/lobby-protocol.ts";

/** Who is meant: everybody else who is in the lobby now, or one, or some. */
export type Recipients = "all" | PeerId | readonly PeerId[];

/** What the receiver of a file learns before a byte of it travels. All together at most 1,024 bytes. */
export interface SendOptions {
  /** A file name, or what the game calls it. Default: that of a `File`, else empty. */
  readonly name?: string;
  /** A media type. Default: that of a `Blob`, else empty. */
  readonly type?: string;
  readonly metadata?: Json;
}

/**
 * Where a file is. `offered`: the receiver has not answered. `waiting`: there is no connection of the pair's own just now; it goes on by itself where it was, when one is back.
 * `moving`: pieces flow. `done` and `failed` are final.
 */
export type TransferState = "offered" | "waiting" | "moving" | "done" | "failed";

/**
 * Why a file did not arrive. `refused`, `too-large`, `too-many`: by the receiver, before anything was sent. `cancelled`: by either end. `corrupt`: what came is not what was
 * announced. `gone`: the other one left the lobby, or reloaded its page.
 */
export type TransferFailure = "refused" | "too-large" | "too-many" | "cancelled" | "corrupt" | "gone";

/** One receiver of a file that we send. */
export interface TransferRecipient {
  readonly peerId: PeerId;
  readonly state: TransferState;
  /** Bytes that have arrived there. */
  readonly receivedBytes: number;
  readonly failure: TransferFailure | undefined;
}

/** A file on its way from us. */
export interface SentTransfer {
  readonly sizeBytes: number;
  readonly recipients: readonly TransferRecipient[];
  /** 0–1, over all recipients that did not fail. */
  readonly progress: number;
  /** Something of the above changed. Returns the way to stop listening. */
  on(name: "progress", listener: () => void): () => void;
  /** For all recipients, or one. Who has it all keeps it. */
  cancel(peerId?: PeerId): void;
  /** Resolves when every recipient has the whole file; rejects with `TRANSFER_FAILED` once all are decided and one has not. Nobody has to wait for it. */
  readonly done: Promise<void>;
}

/** A file that another member wants to send us. Name, type and metadata are another's words: check and escape them. */
export interface IncomingTransfer {
  readonly from: PeerId;
  readonly name: string;
  readonly type: string;
  readonly metadata: unknown;
  readonly sizeBytes: number;
  readonly state: TransferState;
  readonly receivedBytes: number;
  readonly failure: TransferFailure | undefined;
  /** Lets the bytes come. Resolves with the whole file, whose checksum was right; rejects with `TRANSFER_FAILED`. */
  accept(): Promise<Uint8Array>;
  /** Refuses the offer, or cancels what was accepted. */
  refuse(): void;
  /** Something of the above changed. Returns the way to stop listening. */
  on(name: "progress", listener: () => void): () => void;
}

/** What this page takes of others' files. */
export interface TransferLimits {
  /** Of one file; default 16 MiB. */
  readonly sizeBytes?: number;
  /** Of all unfinished files of one member; default 32 MiB. */
  readonly peerBytes?: number;
  /** Of all unfinished files together; default 64 MiB. */
  readonly totalBytes?: number;
  /** Files of one member at once; default 4. */
  readonly atOnce?: number;
}
