/** A timeline of what the page did and met on its connections, for tests that ask where the time went. */

/** Something that happened, and when (Unix time in ms, the same for all pages of the lab). */
export interface TraceEntry {
  readonly atMs: number;
  readonly what: string;
}

/** A minute of a match, with what is said beside it. */
const ENTRIES_MAX = 20_000;

/** First bytes of what two ends say to each other to restart ICE. */
const NEGOTIATION = new Map([
  [0x0b, "offer"],
  [0x0c, "answer"],
  [0x0d, "candidates"],
  [0x0e, "ack"],
]);
const GENERATION_AT = 5;

const entries: TraceEntry[] = [];

export function note(what: string): void {
  entries.push({ atMs: performance.timeOrigin + performance.now(), what });
  if (entries.length > ENTRIES_MAX) entries.splice(0, ENTRIES_MAX / 2);
}

export function traceSince(sinceMs: number): TraceEntry[] {
  return entries.filter(({ atMs }) => atMs >= sinceMs);
}

for (const type of ["online", "offline"]) globalThis.addEventListener(type, () => note(`browser ${type}`));
const network: unknown = Object(navigator).connection;
if (network instanceof EventTarget) network.addEventListener("change", () => note("browser another network"));

export function traceConnection(connection: RTCPeerConnection): void {
  connection.addEventListener("iceconnectionstatechange", () => note(`ice ${connection.iceConnectionState}`));
  connection.addEventListener("connectionstatechange", () => note(`connection ${connection.connectionState}`));
  connection.addEventListener("icegatheringstatechange", () => note(`gathering ${connection.iceGatheringState}`));
  connection.addEventListener("signalingstatechange", () => note(`signaling state ${connection.signalingState}`));
  connection.addEventListener("icecandidate", ({ candidate }) => note(`gathered ${candidate?.candidate ?? "all"}`));
  connection.addEventListener("icecandidateerror", ({ errorCode, url }) => note(`no answer of ${url}: ${errorCode}`));
}

/** Once there is a transport. */
function tracePath({ sctp }: RTCPeerConnection): void {
  const ice = sctp?.transport.iceTransport;
  ice?.addEventListener("selectedcandidatepairchange", () => {
    const pair = ice.getSelectedCandidatePair();
    note(`path ${pair?.local?.candidate ?? "?"} => ${pair?.remote?.candidate ?? "?"}`);
  });
}

export function traceChannel(connection: RTCPeerConnection, channel: RTCDataChannel): void {
  const { label } = channel;
  if (label === "unreliable") channel.addEventListener("open", () => tracePath(connection));
  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) note(`heard ${label} ${packetName(new Uint8Array(data))}`);
  });
  const send = channel.send.bind(channel);
  channel.send = (data: unknown) => {
    if (data instanceof Uint8Array) note(`said ${label} ${packetName(data)}, ${channel.bufferedAmount} bytes wait`);
    send(data as never);
  };
}

export function traceSocket(socket: WebSocket): void {
  const name = new URL(socket.url).pathname;
  note(`socket ${name} asked for`);
  socket.addEventListener("open", () => note(`socket ${name} open`));
  socket.addEventListener("close", () => note(`socket ${name} closed`));
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => note(`socket ${name} brought ${frameName(data)}`));
}

export function traceFrame({ url }: WebSocket, data: unknown): void {
  note(`socket ${new URL(url).pathname} took ${frameName(data)}`);
}

function packetName(bytes: Uint8Array): string {
  const kind = bytes[0] ?? 0;
  const name = NEGOTIATION.get(kind);
  if (name !== undefined)
    return `${name} ${(bytes[GENERATION_AT] ?? 0) | ((bytes[GENERATION_AT + 1] ?? 0) << 8)} ${bytes[GENERATION_AT + 2] ?? ""}`;
  return `${kind.toString(16).padStart(2, "0")} of ${bytes.length} bytes`;
}

/** The type of a text; of a link's bytes, what they are. */
function frameName(data: unknown): string {
  if (typeof data !== "string") return "bytes";
  try {
    const { type, event, payload } = JSON.parse(data) as { type?: string; event?: { type?: string }; payload?: { sdp?: { sdp?: string } } };
    const bytes = /^[A-Za-z0-9_-]+$/.exec(payload?.sdp?.sdp ?? "")?.[0];
    if (bytes !== undefined)
      return packetName(Uint8Array.from(atob(bytes.replaceAll("-", "+").replaceAll("_", "/")), (unit) => unit.charCodeAt(0)));
    return `${type ?? "?"} ${event?.type ?? ""}`;
  } catch {
    return "a text";
  }
}
