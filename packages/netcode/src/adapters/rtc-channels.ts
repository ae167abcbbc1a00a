import { assert } from "../core/base/assert.ts";
import type { ChannelLike } from "./late-channel.ts";
import { CHANNEL_BYTES_MAX, DATAGRAM_BYTES_MAX, type Channel, type SendOutcome } from "../core/ports/transport.ts";

/** Stream ids of the channels that both ends create by themselves. Above the in-band one (0 or 1), and below 1,024, the most that Firefox opens. */
export const CHANNEL_IDS = { unreliable: 100, control: 101, bulk: 102 } as const;

/** Label of the one channel that is announced in-band: PeerJS makes it at the end that dials. */
export const RELIABLE_LABEL = "reliable";

/**
 * Bytes that may wait in a channel before `send` says "full". Of the reliable ones: the link's own window is far smaller; Chromium breaks a channel at 16 MiB.
 * `bulk` holds back at most two of the longest messages, since all that waits delays datagrams too.
 */
const BUFFER_BYTES_MAX: Readonly<Record<Channel, number>> = {
  unreliable: 2 * DATAGRAM_BYTES_MAX,
  reliable: 1_048_576,
  control: 1_048_576,
  bulk: 32_768,
};
/**
 * Datagrams of its own size that may wait before one on `unreliable`: each repeats what is unacked, so older ones only delay it. At half, the frames that a
 * slow page catches up on in one task would be turned away; at double, a tenth of a second at 60 a second is stale.
 */
const DATAGRAMS_WAITING_MAX = 4;
/** Below this a buffer is empty enough, however small the datagram. */
const BUFFER_BYTES_MIN = 128;

/** One datagram passes a full buffer this often: an association that stalled only starts again when something new is sent (up to 3 s otherwise). */
const PASS_INTERVAL_MS = 125;

/** Bytes that the other end may send before this end is open: its hello, and no more. */
const EARLY_BYTES_MAX = 65_536;

/** No further datagram is kept beyond this: they take no room from what must arrive. */
const EARLY_DATAGRAM_BYTES_MAX = 4_096;

/** `path` is asked of the browser again after this time: ICE may move to another pair. */
const PATH_MS_MAX = 1_000;

/** What is asked of the browser when channels open waits so long: it takes milliseconds that the greeting needs. */
const PATH_DELAY_MS = 100;

/** All of these make a connection; `bulk` is not waited for. */
const NEEDED_CHANNELS: readonly Channel[] = ["unreliable", "control", "reliable"];

/** What is needed of a peer connection. A game that brings its own gives a part of it. */
export interface ConnectionLike extends Pick<RTCPeerConnection, "connectionState" | "oniceconnectionstatechange" | "ondatachannel"> {
  /** Left out where there are no descriptions to wait for. */
  readonly signalingState?: RTCSignalingState;
  addEventListener(type: "connectionstatechange" | "signalingstatechange", listener: () => void, options: AddEventListenerOptions): void;
  createDataChannel(label: string, options: RTCDataChannelInit): ChannelLike;
  getStats(): Promise<RTCStatsReport>;
}

/** What the channels tell; never from inside a call. */
export interface RtcChannelsListener {
  handleOpen(): void;
  /** Gone for good, open or not. Once; not after `close`. */
  handleClosed(wasOpen: boolean): void;
  handlePacket(channel: Channel, bytes: Uint8Array): void;
  /** A message that no peer of ours sends: text, empty, too long, or too much before we are open. */
  handleRefused(): void;
}

/**
 * The channels of one peer connection. Both ends construct it right when their peer connection exists, so that the negotiated channels are
 * there before a packet can be; the reliable one comes with `attachReliable` (where it was made) or by itself (where it is announced).
 */
export class RtcChannels {
  readonly #connection: ConnectionLike;
  readonly #isHealable: boolean;
  readonly #listener: RtcChannelsListener;
  readonly #channels = new Map<Channel, ChannelLike>();
  readonly #abort = new AbortController();
  #early: { readonly channel: Channel; readonly bytes: Uint8Array }[] = [];
  #earlyBytes = 0;
  #state: "opening" | "open" | "closed" = "opening";
  #passedMs = -Infinity;
  #path: "direct" | "turn" | undefined;
  #pathMs = -Infinity;

  /** `isHealable`: ICE can be restarted, so that what has failed may live again. */
  constructor(connection: ConnectionLike, listener: RtcChannelsListener, isHealable = false) {
    this.#connection = connection;
    this.#isHealable = isHealable;
    this.#listener = listener;
    // PeerJS closes on ICE "failed", which Chromium never reports, and would take any in-band channel for its own.
    connection.oniceconnectionstatechange = null;
    connection.ondatachannel = (event) => this.#takeIncoming(event.channel);
    connection.addEventListener("connectionstatechange", () => this.#checkConnection(), { signal: this.#abort.signal });
    connection.addEventListener("signalingstatechange", () => this.#checkOpen(), { signal: this.#abort.signal });
    this.#attach(
      "unreliable",
      connection.createDataChannel("unreliable", { negotiated: true, id: CHANNEL_IDS.unreliable, ordered: false, maxRetransmits: 0 }),
    );
    this.#attach("control", connection.createDataChannel("control", { negotiated: true, id: CHANNEL_IDS.control, ordered: true }));
    this.#attach("bulk", connection.createDataChannel("bulk", { negotiated: true, id: CHANNEL_IDS.bulk, ordered: true }));
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The in-band channel, at the end that made it. */
  attachReliable(channel: RTCDataChannel): void {
    // PeerJS's own handlers: they would close the connection behind our back.
    channel.onopen = null;
    channel.onmessage = null;
    channel.onclose = null;
    this.#attach("reliable", channel);
  }

  /** The same for one that is nobody else's. */
  attachOwnReliable(channel: ChannelLike): void {
    this.#attach("reliable", channel);
  }

  send(name: Channel, bytes: Uint8Array): SendOutcome {
    assert(bytes.length > 0 && bytes.length <= CHANNEL_BYTES_MAX[name], "a message within the limit of its channel");
    const channel = this.#channels.get(name);
    if (this.#state !== "open" || channel === undefined) return "closed";
    if (channel.bufferedAmount + bytes.length > bufferLimit(name, bytes.length) && !this.#mayPass(name)) return "full";
    try {
      channel.send(isOnArrayBuffer(bytes) ? bytes : new Uint8Array(bytes));
    } catch {
      // The state changed a moment ago and its event is on the way, or the browser's own buffer is full.
      return channel.readyState === "open" ? "full" : "closed";
    }
    return "sent";
  }

  bufferedBytes(name: Channel): number {
    return this.#channels.get(name)?.bufferedAmount ?? 0;
  }

  /** The last known path; asks the browser again in the background when that is old. */
  path(): "direct" | "turn" | undefined {
    const nowMs = performance.now();
    if (this.#state === "open" && nowMs - this.#pathMs > PATH_MS_MAX) {
      this.#pathMs = nowMs;
      this.#connection.getStats().then(
        (report) => (this.#path = selectedPath(report) ?? this.#path),
        () => {}, // Closed meanwhile.
      );
    }
    return this.#state === "open" ? this.#path : undefined;
  }

  /** Lets go of everything without a word to the listener. The peer connection is its owner's to close. */
  close(): void {
    this.#state = "closed";
    this.#abort.abort();
    this.#early = [];
    this.#connection.ondatachannel = null;
  }

  /** On `unreliable` something always gets through, however full the buffer. */
  #mayPass(name: Channel): boolean {
    if (name !== "unreliable") return false;
    const nowMs = performance.now();
    if (nowMs - this.#passedMs < PASS_INTERVAL_MS) return false;
    this.#passedMs = nowMs;
    return true;
  }

  /** The other end announced a channel: the reliable one, once; anything else is an intruder. */
  #takeIncoming(channel: RTCDataChannel): void {
    const isOurs =
      channel.label === RELIABLE_LABEL && channel.ordered && channel.maxRetransmits === null && channel.maxPacketLifeTime === null;
    if (!isOurs || this.#channels.has("reliable")) {
      channel.close();
      this.#listener.handleRefused();
      return;
    }
    this.#attach("reliable", channel);
  }

  #attach(name: Channel, channel: ChannelLike): void {
    // One for each channel: Node takes more than ten listeners of one signal for a leak, and says so.
    const abort = new AbortController();
    this.#abort.signal.addEventListener("abort", () => abort.abort());
    const { signal } = abort;
    channel.binaryType = "arraybuffer";
    this.#channels.set(name, channel);
    channel.addEventListener("open", () => this.#checkOpen(), { signal });
    // Without `bulk` a match plays on.
    if (name !== "bulk") channel.addEventListener("close", () => this.#fail(), { signal });
    channel.addEventListener("message", (event) => this.#receive(name, (event as MessageEvent<unknown>).data), { signal });
    // An announced channel may be open already.
    this.#checkOpen();
  }

  #checkOpen(): void {
    if (this.#state !== "opening" || !NEEDED_CHANNELS.every((name) => this.#channels.get(name)?.readyState === "open")) return;
    // A busy page hears of its channels before it hears that its description was taken (1 of 30 in Chromium), and could not say whose certificates they are under.
    if ((this.#connection.signalingState ?? "stable") !== "stable") return;
    this.#state = "open";
    this.#listener.handleOpen();
    setTimeout(() => this.path(), PATH_DELAY_MS);
    for (const { channel, bytes } of this.#early.splice(0)) {
      if (this.isOpen) this.#listener.handlePacket(channel, bytes);
    }
  }

  #checkConnection(): void {
    const state = this.#connection.connectionState;
    const isFailed = state === "failed" && !(this.#isHealable && this.isOpen);
    if (isFailed || state === "closed") this.#fail();
  }

  #fail(): void {
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.close();
    this.#listener.handleClosed(wasOpen);
  }

  #receive(name: Channel, data: unknown): void {
    if (!(data instanceof ArrayBuffer) || data.byteLength === 0 || data.byteLength > CHANNEL_BYTES_MAX[name])
      return this.#listener.handleRefused();
    const bytes = new Uint8Array(data);
    if (this.#state === "open") return this.#listener.handlePacket(name, bytes);
    if (this.#state === "closed") return;
    // The other end's probe comes beside the announcement of the reliable channel, and as often before it: lost, it would be missed for a tenth of a second.
    if (name === "unreliable" && this.#earlyBytes > EARLY_DATAGRAM_BYTES_MAX) return;
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > EARLY_BYTES_MAX) return this.#listener.handleRefused();
    this.#early.push({ channel: name, bytes });
  }
}

function bufferLimit(name: Channel, sizeBytes: number): number {
  if (name !== "unreliable") return BUFFER_BYTES_MAX[name];
  return Math.min(BUFFER_BYTES_MAX[name], Math.max(BUFFER_BYTES_MIN, (DATAGRAMS_WAITING_MAX + 1) * sizeBytes));
}

/** Whether the pair that ICE chose goes through a relay. Firefox has no `selectedCandidatePairId`, but marks the pair itself. */
function selectedPath(report: RTCStatsReport): "direct" | "turn" | undefined {
  const entries = new Map<string, Record<string, unknown>>();
  report.forEach((entry: Record<string, unknown>, id: string) => entries.set(id, entry));
  let pair: Record<string, unknown> | undefined;
  for (const entry of entries.values()) {
    if (entry["type"] === "transport") pair = entries.get(String(entry["selectedCandidatePairId"])) ?? pair;
    else if (
      entry["type"] === "candidate-pair" &&
      (entry["selected"] === true || (entry["nominated"] === true && entry["state"] === "succeeded"))
    )
      pair ??= entry;
  }
  if (pair === undefined) return undefined;
  const ends = [entries.get(String(pair["localCandidateId"])), entries.get(String(pair["remoteCandidateId"]))];
  return ends.some((end) => end?.["candidateType"] === "relay") ? "turn" : "direct";
}

/** False for memory that is shared with a worker, which a data channel does not take. */
function isOnArrayBuffer(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
