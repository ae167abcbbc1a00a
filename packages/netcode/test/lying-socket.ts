/** Stands in for `WebSocket` on a page: its other end is the test. */
export class LyingSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  /** Who serves the sockets that the page opens from now on. */
  static serve: (socket: LyingSocket) => void = () => {};

  readonly url: URL;
  readyState: number = LyingSocket.CONNECTING;
  readonly bufferedAmount = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  /** What the page sends. */
  onSent: (text: string) => void = () => {};

  constructor(url: string | URL) {
    super();
    this.url = new URL(url);
    queueMicrotask(() => {
      if (this.readyState !== LyingSocket.CONNECTING) return;
      this.readyState = LyingSocket.OPEN;
      LyingSocket.serve(this);
      this.#fire("open", new Event("open"));
    });
  }

  /** From the page. */
  send(text: string): void {
    queueMicrotask(() => this.onSent(text));
  }

  /** From the page. */
  close(): void {
    if (this.readyState === LyingSocket.CLOSED) return;
    this.readyState = LyingSocket.CLOSED;
    queueMicrotask(() => this.#fire("close", new CloseEvent("close")));
  }

  /** To the page: a text as it is, anything else as JSON. */
  say(message: unknown): void {
    if (this.readyState !== LyingSocket.OPEN) return;
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.#fire("message", new MessageEvent("message", { data }));
  }

  #fire(name: "open" | "message" | "close", event: Event): void {
    if (name === "message") this.onmessage?.(event as MessageEvent);
    else if (name === "open") this.onopen?.(event);
    else this.onclose?.(event);
    this.dispatchEvent(event);
  }
}
