/** What a transport needs of a data channel. */
export interface ChannelLike {
  binaryType: BinaryType;
  readonly bufferedAmount: number;
  readonly readyState: RTCDataChannelState;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: "open" | "close" | "message", listener: (event: Event) => void, options: AddEventListenerOptions): void;
}

/**
 * A channel that the other end makes, and that comes by itself a moment later: until then it connects. Whoever listens here hears the real one from its
 * first message on.
 */
export class LateChannel implements ChannelLike {
  binaryType: BinaryType = "arraybuffer";
  #listeners: Parameters<ChannelLike["addEventListener"]>[] = [];
  #channel: ChannelLike | undefined;
  #isClosed = false;

  get readyState(): RTCDataChannelState {
    return this.#channel?.readyState ?? "connecting";
  }

  get bufferedAmount(): number {
    return this.#channel?.bufferedAmount ?? 0;
  }

  /** It is there. Call it while it is announced, before a message can come. */
  bind(channel: ChannelLike): void {
    if (this.#isClosed) return channel.close();
    this.#channel = channel;
    channel.binaryType = this.binaryType;
    const listeners = this.#listeners.splice(0);
    for (const listener of listeners) channel.addEventListener(...listener);
    // Engines differ in whether "open" still follows then.
    if (channel.readyState !== "open") return;
    for (const [type, listener] of listeners) if (type === "open") listener(new Event("open"));
  }

  get isBound(): boolean {
    return this.#channel !== undefined;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#channel === undefined) throw new Error("expected: a channel that is there");
    this.#channel.send(bytes);
  }

  close(): void {
    this.#isClosed = true;
    this.#channel?.close();
  }

  addEventListener(...listener: Parameters<ChannelLike["addEventListener"]>): void {
    if (this.#channel === undefined) this.#listeners.push(listener);
    else this.#channel.addEventListener(...listener);
  }
}
