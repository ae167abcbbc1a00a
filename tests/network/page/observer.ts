/** Sees what the browser does for the library: loaded before it, so that every peer connection and every socket is made here. Changes nothing. */

import { note, traceChannel, traceConnection, traceFrame, traceSocket } from "./trace.ts";

/** The pair of candidates that a peer connection uses. */
export interface SelectedPair {
  readonly local: string;
  readonly remote: string;
  /** Between this page and its TURN server, where it uses one. */
  readonly relayProtocol: string | undefined;
}

const RealConnection = globalThis.RTCPeerConnection;
const connections: RTCPeerConnection[] = [];
let linked = 0;
const gathered = new Set<string>();
const frames: string[] = [];
const errors: number[] = [];

globalThis.RTCPeerConnection = class extends RealConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
    traceConnection(this);
    this.addEventListener("icecandidate", ({ candidate }) => {
      const type = candidate?.type ?? undefined;
      if (type !== undefined) gathered.add(type);
    });
    this.addEventListener("icecandidateerror", ({ errorCode }) => errors.push(errorCode));
    this.addEventListener("datachannel", ({ channel }) => traceChannel(this, channel));
  }

  override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
    const channel = super.createDataChannel(label, options);
    traceChannel(this, channel);
    if (label === "unreliable") {
      linked++;
      recordChannel(channel);
    }
    return channel;
  }

  override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    note(`told of ${candidate?.candidate ?? "all"}`);
    return super.addIceCandidate(candidate);
  }
};

const RealSocket = globalThis.WebSocket;
globalThis.WebSocket = class extends RealSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    traceSocket(this);
    this.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") frames.push(data);
    });
  }

  override send(data: string | BufferSource | Blob): void {
    if (typeof data === "string") frames.push(data);
    traceFrame(this, data);
    super.send(data);
  }
};

/** Peer connections to peers that were ever made (none that only looked for a server), and those that are connected now. */
export function connectionCounts(): { readonly made: number; readonly connected: number } {
  return { made: linked, connected: connections.filter(({ connectionState }) => connectionState === "connected").length };
}

/** Kinds of candidates that this page gathered. */
export function gatheredTypes(): readonly string[] {
  return [...gathered];
}

/** Every text that went to the broker or came from it. */
export function signaled(): readonly string[] {
  return frames;
}

/** Errors that STUN and TURN servers gave, by their code. */
export function iceErrors(): readonly number[] {
  return errors;
}

/** Of every connected peer connection. */
export async function selectedPairs(): Promise<readonly SelectedPair[]> {
  const pairs = await Promise.all(connections.filter(({ connectionState }) => connectionState === "connected").map(selectedPairOf));
  return pairs.filter((pair) => pair !== undefined);
}

async function selectedPairOf(connection: RTCPeerConnection): Promise<SelectedPair | undefined> {
  const report = new Map<string, Record<string, unknown>>();
  (await connection.getStats()).forEach((entry: Record<string, unknown>, id: string) => report.set(id, entry));
  const transport = [...report.values()].find(({ type }) => type === "transport");
  const pair = report.get(String(transport?.["selectedCandidatePairId"]));
  const local = report.get(String(pair?.["localCandidateId"]));
  const remote = report.get(String(pair?.["remoteCandidateId"]));
  if (local === undefined || remote === undefined) return undefined;
  const protocol = local["relayProtocol"];
  return {
    local: String(local["candidateType"]),
    remote: String(remote["candidateType"]),
    relayProtocol: typeof protocol === "string" ? protocol : undefined,
  };
}

/** One datagram of the `unreliable` channel: its bytes as text, and when it left or came (Unix time in ms, the same for all pages of the lab). */
export interface SeenDatagram {
  readonly bytes: string;
  readonly atMs: number;
}

const sentDatagrams: SeenDatagram[] = [];
const receivedDatagrams: SeenDatagram[] = [];
let isRecording = false;

/** From now on every datagram is kept; earlier ones are forgotten. */
export function recordDatagrams(): void {
  isRecording = true;
  sentDatagrams.length = 0;
  receivedDatagrams.length = 0;
}

export function recordedDatagrams(): { readonly sent: readonly SeenDatagram[]; readonly received: readonly SeenDatagram[] } {
  return { sent: sentDatagrams, received: receivedDatagrams };
}

function record(list: SeenDatagram[], bytes: Uint8Array): void {
  if (isRecording) list.push({ bytes: bytes.join(), atMs: performance.timeOrigin + performance.now() });
}

function recordChannel(channel: RTCDataChannel): void {
  const send = channel.send.bind(channel);
  channel.send = (data: unknown) => {
    if (data instanceof Uint8Array) record(sentDatagrams, data);
    send(data as never);
  };
  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) record(receivedDatagrams, new Uint8Array(data));
  });
}
