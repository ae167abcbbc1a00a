/** Peer connections that only look: which addresses there are, and whether two of this page meet. */
import type { FoundCandidate, Gathering, PairFinding } from "../core/ports/diagnosis.ts";
import type { CandidateKind, IceServerError } from "../core/ports/link-failure.ts";
import type { GatherOptions, PairOptions } from "./diagnosis-probes.ts";
import { toRtcIceServer } from "./rtc-ice-server.ts";

/** The id of the link's own channel, see `rtc-channels.ts`. */
const CHANNEL_ID = 100;
/** As often as a game sends. */
const DATAGRAM_MS = 20;
/** The last answers get this long. */
const LAST_ANSWER_MS = 400;
/** Most of what is kept of a browser that finds ever more. */
const FOUND_MAX = 64;

type Stage = (PairFinding & { outcome: "failed" })["stage"];

/** Collects a page's addresses. Resolves when the browser has tried everything, with the first relay (`policy: "relay"`), or when the signal says so. */
export async function gatherCandidates(options: GatherOptions): Promise<Gathering> {
  const candidates: FoundCandidate[] = [];
  const errors: IceServerError[] = [];
  let isComplete = false;
  let connection: RTCPeerConnection | undefined;
  try {
    const opened = open(options);
    connection = opened;
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      options.signal.addEventListener("abort", () => resolve());
      if (options.signal.aborted) resolve();
      opened.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate === null) {
          isComplete = true;
          return resolve();
        }
        const found = readCandidate(candidate, performance.now() - startMs);
        if (found !== undefined && candidates.length < FOUND_MAX) candidates.push(found);
        if (options.policy === "relay" && found?.kind.startsWith("relay/") === true) resolve();
      });
      opened.addEventListener("icecandidateerror", ({ errorCode, url }) => {
        if (errors.length < FOUND_MAX) errors.push({ code: errorCode, url });
      });
      opened.createDataChannel("probe");
      opened.setLocalDescription().catch(() => resolve());
    });
  } catch {
    // The browser does not take one of the servers: what was found counts.
  }
  connection?.close();
  return { candidates, errors, isComplete };
}

/** Connects two ends in this page and sends datagrams to and fro. */
export async function measurePair(options: PairOptions): Promise<PairFinding> {
  const connections: RTCPeerConnection[] = [];
  let stage: Stage = "gathering";
  try {
    const [near, far] = [open(options), open(options)];
    connections.push(near, far);
    const settings = { negotiated: true, id: CHANNEL_ID, ordered: false, maxRetransmits: 0 };
    const [channel, echo] = [near.createDataChannel("probe", settings), far.createDataChannel("probe", settings)];
    near.addEventListener("iceconnectionstatechange", () => (stage = stageOf(near)));
    near.addEventListener("connectionstatechange", () => (stage = stageOf(near)));
    const startMs = performance.now();
    const opened = whenOpen([channel, echo], options.signal);
    await connect(near, far);
    if (!(await opened)) return { outcome: "failed", stage };
    const elapsedMs = performance.now() - startMs;
    echo.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => sendQuietly(echo, data));
    const isUnreliable = !echo.ordered && echo.maxRetransmits === 0;
    return { outcome: "open", elapsedMs, isUnreliable, ...(await measure(channel, options.measureMs, options.signal)) };
  } catch {
    return { outcome: "failed", stage };
  } finally {
    for (const connection of connections) connection.close();
  }
}

function open({ servers, policy }: GatherOptions): RTCPeerConnection {
  return new RTCPeerConnection({
    iceServers: servers.map(toRtcIceServer),
    iceTransportPolicy: policy,
  });
}

function stageOf({ iceConnectionState, connectionState }: RTCPeerConnection): Stage {
  if (connectionState === "connected") return "opening";
  if (iceConnectionState === "connected" || iceConnectionState === "completed") return "handshaking";
  return iceConnectionState === "new" ? "gathering" : "checking";
}

async function connect(near: RTCPeerConnection, far: RTCPeerConnection): Promise<void> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    // One that comes too late for a connection that is closed already is of no interest.
    from.addEventListener("icecandidate", ({ candidate }) => void to.addIceCandidate(candidate ?? undefined).catch(() => {}));
  }
  await near.setLocalDescription();
  if (near.localDescription !== null) await far.setRemoteDescription(near.localDescription);
  await far.setLocalDescription();
  if (far.localDescription !== null) await near.setRemoteDescription(far.localDescription);
}

/** False when the signal comes first. */
function whenOpen(channels: readonly RTCDataChannel[], signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    signal.addEventListener("abort", () => resolve(false));
    for (const channel of channels) {
      channel.binaryType = "arraybuffer";
      channel.addEventListener("open", () => {
        if (channels.every(({ readyState }) => readyState === "open")) resolve(true);
      });
    }
  });
}

interface Measured {
  readonly sent: number;
  readonly answered: number;
  readonly rttMs: number;
  readonly jitterMs: number;
}

function measure(channel: RTCDataChannel, measureMs: number, signal: AbortSignal): Promise<Measured> {
  const sentMs: number[] = [];
  const roundTripsMs = new Map<number, number>();
  channel.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
    const sequence = data.byteLength >= 4 ? new DataView(data).getUint32(0) : -1;
    const atMs = sentMs[sequence];
    if (atMs !== undefined && !roundTripsMs.has(sequence)) roundTripsMs.set(sequence, performance.now() - atMs);
  });
  return new Promise((resolve) => {
    const startMs = performance.now();
    const finish = (): void => {
      clearInterval(timer);
      signal.removeEventListener("abort", finish);
      const trips = [...roundTripsMs.values()].toSorted((left, right) => left - right);
      const rttMs = trips[Math.floor(trips.length / 2)] ?? 0;
      const jitterMs = trips.length === 0 ? 0 : trips.reduce((sum, each) => sum + Math.abs(each - rttMs), 0) / trips.length;
      resolve({ sent: sentMs.length, answered: roundTripsMs.size, rttMs, jitterMs });
    };
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - startMs;
      // Until the last answer is there, or would have been.
      if (elapsedMs > measureMs && (roundTripsMs.size === sentMs.length || elapsedMs > measureMs + LAST_ANSWER_MS)) return finish();
      if (elapsedMs > measureMs) return;
      // As large as a game's datagram.
      const bytes = new DataView(new ArrayBuffer(64));
      bytes.setUint32(0, sentMs.length);
      if (sendQuietly(channel, bytes.buffer)) sentMs.push(performance.now());
    }, DATAGRAM_MS);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}

/** False when the channel is closed. */
function sendQuietly(channel: RTCDataChannel, bytes: ArrayBuffer): boolean {
  if (channel.readyState !== "open") return false;
  channel.send(bytes);
  return true;
}

/** `undefined` for what says nothing, such as the end of candidates. */
function readCandidate(candidate: RTCIceCandidate, atMs: number): FoundCandidate | undefined {
  const { type, protocol, address, port } = candidate;
  if (type === null || protocol === null || address === null || port === null) return undefined;
  const relayProtocol = "relayProtocol" in candidate && typeof candidate.relayProtocol === "string" ? candidate.relayProtocol : "udp";
  const way: CandidateKind =
    type === "relay" ? `relay/${relayProtocol === "tcp" || relayProtocol === "tls" ? relayProtocol : "udp"}` : `${type}/${protocol}`;
  return { kind: way, address, port, atMs };
}
