/** What a control socket tells. After `handleClose` nothing follows. */
export interface ControlSocketHandler {
  handleOpen(): void;
  handleFrame(text: string): void;
  /** A binary frame; `bytes` are the handler's. Left out: they are ignored. */
  handleBinary?(bytes: Uint8Array): void;
  /** Closed by the other side or the network, or never opened. Not called after our own `close`. */
  handleClose(): void;
}

/** A socket of text frames to the broker. */
export interface ControlSocket {
  /** Does nothing when the socket is not open. */
  send(text: string): void;
  /** False: dropped, since the socket is not open or is behind. Left out where there are no binary frames. */
  sendBinary?(bytes: Uint8Array<ArrayBuffer>): boolean;
  /** What was sent before still goes out. Idempotent. */
  close(): void;
}

export type OpenControlSocket = (url: string, handler: ControlSocketHandler) => ControlSocket;

/** With so much unsent, what is late by then is better dropped: a second of a match of eight. At half, one large message of a session would hold the rest back. */
const BEHIND_BYTES = 32_768;

/** A control socket over the `WebSocket` of the browser (or what stands in for it on `globalThis`). */
export const openWebSocket: OpenControlSocket = (url, handler) => {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    handler.handleClose();
  };
  socket.addEventListener("open", () => {
    if (!over) handler.handleOpen();
  });
  socket.addEventListener("message", (message: MessageEvent<unknown>) => {
    if (over) return;
    if (typeof message.data === "string") handler.handleFrame(message.data);
    else if (message.data instanceof ArrayBuffer) handler.handleBinary?.(new Uint8Array(message.data));
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  return {
    send: (text) => {
      if (!over && socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    sendBinary: (bytes) => {
      if (over || socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > BEHIND_BYTES) return false;
      socket.send(bytes);
      return true;
    },
    close: () => {
      over = true;
      socket.close();
    },
  };
};
