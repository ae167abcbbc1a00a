/** One hostile client of `bench --only flood`, in a process of its own: `PORT KIND ADDRESS`. It sends as fast as it is let, comes back when it is thrown out, and says nothing. */
import { get } from "node:http";
import { connect } from "node:net";
import { WebSocket } from "ws";

const [portText, kind = "", localAddress = ""] = process.argv.slice(2);
const port = Number(portText);
const PAYLOAD = { sdp: { type: "offer", sdp: "v=0" }, type: "data", connectionId: "dc_flood" };
let count = 0;

/** Messages of one socket. */
const MESSAGES: Readonly<Record<string, () => string>> = {
  heartbeats: () => '{"type":"HEARTBEAT"}',
  "offers to nobody": () => JSON.stringify({ type: "OFFER", dst: `nobody-${++count}`, payload: PAYLOAD }),
  "large offers": () => JSON.stringify({ type: "OFFER", dst: "nobody", payload: { ...PAYLOAD, metadata: METADATA } }),
  malformed: () => "{",
};
/** Slow to parse for its size: many small values. */
const METADATA = Array.from({ length: 8_000 }, () => 1);

/** Unsent bytes above which it waits for the broker to read. */
const UNSENT_MAX = 1_048_576;

function flood(say: (socket: WebSocket) => void): void {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/peerjs?key=peerjs&id=flood-${process.pid}-${++count}&token=t`, { localAddress });
  socket.on("error", () => undefined);
  socket.on("close", () => setTimeout(() => flood(say), 1));
  const send = (): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    for (let index = 0; index < 100 && socket.bufferedAmount < UNSENT_MAX; index++) say(socket);
    setImmediate(send);
  };
  socket.on("open", send);
}

/** Eight at a time, again and again; `patienceMs`: then it gives up waiting for an answer. */
function connections(patienceMs?: number): void {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.on("error", () => undefined);
  socket.on("close", () => setTimeout(() => connections(patienceMs), 1));
  if (patienceMs !== undefined) setTimeout(() => socket.destroy(), patienceMs);
  // Unread, it would never be closed.
  socket.resume();
  socket.on("connect", () =>
    socket.write("GET /peerjs?key=peerjs&id=a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
  );
}

function requests(): void {
  const request = get({ host: "127.0.0.1", port, path: "/peerjs/id", localAddress, agent: false });
  request.on("error", () => undefined);
  request.on("response", (response) => response.resume());
  request.on("close", () => setTimeout(requests, 1));
}

/** Nothing is sent: what any busy program costs who shares a machine with it. */
function keepBusy(): void {
  const endMs = performance.now() + 5;
  while (performance.now() < endMs);
  setImmediate(keepBusy);
}

const PARALLEL = 8;
const OTHERS: Readonly<Record<string, () => void>> = {
  connections: () => connections(),
  "impatient connections": () => connections(2),
  requests,
};

const message = MESSAGES[kind];
if (message !== undefined) flood((socket) => socket.send(message()));
else if (kind === "pings") flood((socket) => socket.ping("x"));
else if (kind === "nothing") keepBusy();
else for (let index = 0; index < PARALLEL; index++) OTHERS[kind]?.();
