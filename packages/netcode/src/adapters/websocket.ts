/** What a control socket tells. After `handleClose` nothing follows. */
export interface ControlSocketHandler {
  handleOpen(): void;
  handleFrame(text: string): void;
  /** Closed by the other side or the network, or never opened. Not called after our own `close`. */
  handleClose(): void;
}

/** A socket of text frames to the broker. */
export interface ControlSocket {
  /** Does nothing when the socket is not open. */
  send(text: string): void;
  /** What was sent before still goes out. Idempotent. */
  close(): void;
}

export type OpenControlSocket = (url: string, handler: ControlSocketHandler) => ControlSocket;

/** A control socket over the `WebSocket` of the browser (or what stands in for it on `globalThis`). Binary frames are ignored: the protocol has none. */
export const openWebSocket: OpenControlSocket = (url, handler) => {
  const socket = new WebSocket(url);
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
    if (!over && typeof message.data === "string") handler.handleFrame(message.data);
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  return {
    send: (text) => {
      if (!over && socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      over = true;
      socket.close();
    },
  };
};
