import { expect, it } from "vitest";
import type { ChannelLike } from "./late-channel.ts";
import { RtcChannels, type ConnectionLike } from "./rtc-channels.ts";

class FakeChannel extends EventTarget {
  readyState: RTCDataChannelState = "connecting";
  binaryType: BinaryType = "blob";
  readonly bufferedAmount = 0;

  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }

  send(): void {}
  close(): void {}
}

class FakeConnection extends EventTarget {
  readonly connectionState = "connected";
  oniceconnectionstatechange: ConnectionLike["oniceconnectionstatechange"] = null;
  ondatachannel: ConnectionLike["ondatachannel"] = null;
  signalingState: RTCSignalingState = "have-local-offer";
  readonly channels: FakeChannel[] = [];

  createDataChannel(): ChannelLike {
    const channel = new FakeChannel();
    this.channels.push(channel);
    return channel;
  }

  async getStats(): Promise<RTCStatsReport> {
    return new Map();
  }

  settle(): void {
    this.signalingState = "stable";
    this.dispatchEvent(new Event("signalingstatechange"));
  }
}

it("[TR34] channels are open once the descriptions are settled, and what came on the reliable ones has waited", () => {
  const connection = new FakeConnection();
  const heard: string[] = [];
  const channels = new RtcChannels(connection, {
    handleOpen: () => heard.push("open"),
    handleClosed: () => heard.push("closed"),
    handlePacket: (channel, bytes) => heard.push(`${channel} ${bytes.join()}`),
    handleRefused: () => heard.push("refused"),
  });
  channels.attachOwnReliable(connection.createDataChannel());
  for (const channel of connection.channels) channel.open();
  const reliable = connection.channels.at(-1);
  reliable?.dispatchEvent(new MessageEvent("message", { data: Uint8Array.of(1, 2).buffer }));
  expect([channels.isOpen, heard]).toEqual([false, []]);
  connection.settle();
  expect([channels.isOpen, heard]).toEqual([true, ["open", "reliable 1,2"]]);
  // A renegotiation later is none of its business.
  connection.signalingState = "have-local-offer";
  connection.settle();
  expect(heard).toHaveLength(2);
});
