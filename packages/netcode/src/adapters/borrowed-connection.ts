import type { ChannelLike } from "./late-channel.ts";
import type { ConnectionLike } from "./rtc-channels.ts";

/** Channels that a game has made itself, one pair of ends each: `unreliable` unordered without retransmits, the others ordered and reliable. */
export interface GivenChannels {
  readonly unreliable: RTCDataChannel;
  readonly reliable: RTCDataChannel;
  readonly control: RTCDataChannel;
  readonly bulk?: RTCDataChannel;
}

/** How `createDataChannel` gets its channel: made, given, or awaited. */
export type ProvideChannel = (label: string, options: RTCDataChannelInit) => ChannelLike;

/** What `RtcChannels` may do with a connection that is not ours: have channels of it, and watch its state. Its handlers stay the game's. */
export class BorrowedConnection implements ConnectionLike {
  oniceconnectionstatechange: ConnectionLike["oniceconnectionstatechange"] = null;
  ondatachannel: ConnectionLike["ondatachannel"] = null;
  readonly createDataChannel: ProvideChannel;
  readonly #connection: RTCPeerConnection | undefined;

  constructor(connection: RTCPeerConnection | undefined, provideChannel: ProvideChannel) {
    this.#connection = connection;
    this.createDataChannel = provideChannel;
  }

  /** Of channels alone, their own states tell. */
  get connectionState(): RTCPeerConnectionState {
    return this.#connection?.connectionState ?? "connected";
  }

  addEventListener(type: "connectionstatechange" | "signalingstatechange", listener: () => void, options: AddEventListenerOptions): void {
    this.#connection?.addEventListener(type, listener, options);
  }

  getStats(): Promise<RTCStatsReport> {
    return this.#connection === undefined ? Promise.resolve(new Map()) : this.#connection.getStats();
  }
}
