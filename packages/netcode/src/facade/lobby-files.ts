import type { PeerId } from "../core/base/units.ts";
import type { SendOptions, SentTransfer } from "./content-types.ts";
import type { FileExchange, FileExchangeOptions } from "./file-exchange.ts";
import { LaterPart } from "./later-part.ts";
import { NetcodeError, badArgument } from "./netcode-error.ts";

/** Messages that came before the code for them was there: offers, and nothing else, since nothing was accepted. */
const EARLY_MAX = 32;

const part = new LaterPart(async () => (await import("./file-exchange.ts")).FileExchange);

/** Stands in for the exchange of files until one is sent or offered: most lobbies never load it. */
export class LobbyFiles {
  readonly #options: FileExchangeOptions;
  #exchange: FileExchange | undefined;
  #isWanted = false;
  #early: { readonly from: PeerId; readonly bytes: Uint8Array }[] = [];
  #isClosed = false;

  constructor(options: FileExchangeOptions) {
    this.#options = options;
  }

  /** True while pieces flow. */
  get isBusy(): boolean {
    return this.#exchange?.isBusy === true;
  }

  async send(to: readonly PeerId[], data: Blob | ArrayBuffer | Uint8Array, options: SendOptions): Promise<SentTransfer> {
    const bytes = await bytesOf(data);
    let FileExchange;
    try {
      FileExchange = await part.wait();
    } catch (cause) {
      throw new NetcodeError("TRANSFER_FAILED", { message: "A part of this page could not be loaded.", cause });
    }
    if (this.#isClosed) throw new NetcodeError("CLOSED");
    this.#exchange ??= new FileExchange(this.#options);
    return this.#exchange.send(to, { data, bytes }, options);
  }

  /** A message on `bulk`. */
  handlePacket(nowMs: number, from: PeerId, bytes: Uint8Array): void {
    const exchange = this.#open();
    if (exchange !== undefined) exchange.handlePacket(nowMs, from, bytes);
    else if (this.#early.length < EARLY_MAX) this.#early.push({ from, bytes: bytes.slice() });
  }

  /** `peerIds`: everybody else in the lobby. */
  tick(nowMs: number, peerIds: readonly PeerId[]): void {
    if (this.#isWanted) this.#open();
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    for (const { from, bytes } of this.#early.splice(0)) if (peerIds.includes(from)) exchange.handlePacket(nowMs, from, bytes);
    exchange.tick(nowMs, peerIds);
  }

  removePeer(peerId: PeerId): void {
    this.#exchange?.removePeer(peerId);
  }

  close(peerIds: readonly PeerId[]): void {
    this.#isClosed = true;
    this.#exchange?.close(peerIds);
  }

  #open(): FileExchange | undefined {
    this.#isWanted = true;
    const FileExchange = this.#exchange === undefined ? part.get() : undefined;
    if (FileExchange !== undefined) this.#exchange = new FileExchange(this.#options);
    return this.#exchange;
  }
}

async function bytesOf(data: Blob | ArrayBuffer | Uint8Array): Promise<Uint8Array> {
  if (data instanceof Blob) return new Uint8Array(await data.arrayBuffer());
  // A copy: the caller may use its buffer again.
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  if (!ArrayBuffer.isView(data)) throw badArgument("a file as a Blob, an ArrayBuffer or a Uint8Array");
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}
