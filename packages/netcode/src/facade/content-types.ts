import type { MessageTypes, PayloadOf } from "../core/base/message-type.ts";
import type { PeerId } from "../core/base/units.ts";
import type { Json, Member } from "../core/ports/lobby-protocol.ts";

/** Who is meant: everybody else who is in the lobby now, or one, or some. */
export type Recipients = "all" | PeerId | readonly PeerId[];

/** What the receiver of a file learns before a byte of it travels. All together at most 1,024 bytes. */
export interface SendOptions {
  /** A file name, or what the game calls it. Default: that of a `File`, else empty. */
  readonly name?: string;
  /** A media type. Default: that of a `Blob`, else empty. */
  readonly type?: string;
  /** Whatever the game adds: plain data. Default: `null`. */
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
  /** Of the file on its way to this one. */
  readonly state: TransferState;
  /** Bytes that have arrived there. */
  readonly receivedBytes: number;
  /** There once `state` is `failed`. */
  readonly failure: TransferFailure | undefined;
}

/** A file on its way from us. */
export interface SentTransfer {
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** In the order in which they were named. */
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
  /** Who sends it. */
  readonly from: PeerId;
  /** A file name, or what the sender calls it; may be empty. */
  readonly name: string;
  /** A media type, by the sender's word; may be empty. */
  readonly type: string;
  /** Plain data, of any shape. */
  readonly metadata: unknown;
  /** Of the whole file. */
  readonly sizeBytes: number;
  readonly state: TransferState;
  /** Bytes that are here. */
  readonly receivedBytes: number;
  /** There once `state` is `failed`. */
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

/**
 * What became of a message of ours. `rate-limited`: more than was declared, nothing was sent. `nobody`: none of those whom it was for has an open link to us now. `sent` says no more
 * than that it left.
 */
export type MessageOutcome = "sent" | "rate-limited" | "nobody";

/** The messages that the game declares. They go over the links, in the room and during a match. */
export interface LobbyMessages<Messages extends MessageTypes> {
  /** Default: to everybody else. A payload that the declaration does not allow, and a peer id of nobody here, is a `BAD_ARGUMENT` that is thrown. */
  send<Name extends keyof Messages & string>(
    name: Name,
    payload: PayloadOf<Messages[Name]["fields"]>,
    options?: { readonly to?: Recipients },
  ): MessageOutcome;
  /** `from`: the member as it is now. Nothing comes from who is muted. Returns the way to stop listening. */
  on<Name extends keyof Messages & string>(
    name: Name,
    listener: (payload: PayloadOf<Messages[Name]["fields"]>, from: Member) => void,
  ): () => void;
}

/** What somebody wrote, as this page shows it. */
export interface ChatMessage {
  /** Rises by one with each message that this page shows. */
  readonly number: number;
  /** Who wrote it, as they were then. */
  readonly from: Member;
  /** We wrote it. */
  readonly isOwn: boolean;
  /** One line without anything that cannot be seen, at most 300 graphemes. Not escaped: another's text, so show it as text and never as HTML. */
  readonly text: string;
}

/** Text between members, in the room and during a match. Who joins later does not get what was said before. */
export interface LobbyChat {
  /** The last 100, our own included, oldest first; another list after each message. */
  readonly messages: readonly ChatMessage[];
  /** To everybody else. Cut to 300 graphemes. `empty`: nothing was left to be sent. At most 5 at once, and one a second. */
  send(text: string): "sent" | "rate-limited" | "empty";
  /** A message was added, our own included. Returns the way to stop listening. */
  on(name: "message", listener: (message: ChatMessage) => void): () => void;
}
