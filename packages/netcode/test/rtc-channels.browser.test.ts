import { expect, it } from "vitest";
import { CHANNEL_IDS, RELIABLE_LABEL, RtcChannels } from "../src/adapters/rtc-channels.ts";
import { connectPair } from "./connect-pair.ts";
import { untilInRealTime } from "./real-time-world.ts";

it("[TR61] a datagram that came before this end was open is handed over when it opens, and no more than a few are kept", async () => {
  const [there, here] = await connectPair();
  let arrived = 0;
  const create = here.createDataChannel.bind(here);
  here.createDataChannel = (label, options) => {
    const channel = create(label, options);
    channel.addEventListener("message", () => arrived++);
    return channel;
  };
  const told: string[] = [];
  const channels = new RtcChannels(here, {
    handleOpen: () => told.push("open"),
    handleClosed: () => told.push("closed"),
    handlePacket: (channel, bytes) => told.push(`${channel} ${bytes.length}`),
    // The pair's own channel.
    handleRefused: () => {},
  });
  const datagrams = there.createDataChannel("unreliable", {
    negotiated: true,
    id: CHANNEL_IDS.unreliable,
    ordered: false,
    maxRetransmits: 0,
  });
  there.createDataChannel("control", { negotiated: true, id: CHANNEL_IDS.control });
  datagrams.addEventListener("open", () => {
    datagrams.send(new Uint8Array(9));
    for (let count = 0; count < 8; count++) datagrams.send(new Uint8Array(1_000));
  });
  await untilInRealTime(() => arrived === 9);
  expect([channels.isOpen, told]).toEqual([false, []]);
  there.createDataChannel(RELIABLE_LABEL);
  await untilInRealTime(() => channels.isOpen);
  expect(told).toEqual(["open", "unreliable 9", ...Array.from({ length: 5 }, () => "unreliable 1000")]);
  channels.close();
  there.close();
  here.close();
});
