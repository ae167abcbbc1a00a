/** What the unreliable channel adds to a data channel: echoes over both, by turns, each over a pair of connections of its own. */
import { RtcTransport, type Transport } from "@rollcall/netcode/transport";

/** A datagram with inputs and acks of a match of four. */
const BYTES = 64;
const WARM_UP = 60;
/** By turns and a frame apart: 8 s. */
const ECHOES = 480;
const PAUSE_MS = 8;

type Echo = (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

async function connect(): Promise<[RTCPeerConnection, RTCPeerConnection, RTCDataChannel, RTCDataChannel]> {
  const [first, second] = [new RTCPeerConnection(), new RTCPeerConnection()];
  const init = { negotiated: true, id: 7, ordered: false, maxRetransmits: 0 };
  const ends = [first.createDataChannel("bare", init), second.createDataChannel("bare", init)] as const;
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const)
    from.addEventListener("icecandidate", ({ candidate }) => void (candidate && to.addIceCandidate(candidate)));
  await first.setLocalDescription();
  await second.setRemoteDescription(first.localDescription ?? { type: "offer" });
  await second.setLocalDescription();
  await first.setRemoteDescription(second.localDescription ?? { type: "answer" });
  for (const end of ends)
    if (end.readyState !== "open") await new Promise((resolve) => end.addEventListener("open", resolve, { once: true }));
  return [first, second, ...ends];
}

async function bareEcho(): Promise<Echo> {
  const [, , here, there] = await connect();
  here.binaryType = "arraybuffer";
  there.binaryType = "arraybuffer";
  there.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => there.send(data));
  let answer = (): void => {};
  here.addEventListener("message", () => answer());
  return (bytes) =>
    new Promise((resolve) => {
      answer = resolve;
      here.send(bytes);
    });
}

async function transportEcho(): Promise<Echo> {
  const [first, second] = await connect();
  const [here, there] = [new RtcTransport({ peerId: "here" }), new RtcTransport({ peerId: "there" })];
  here.setConnection("there", first);
  there.setConnection("here", second);
  let answer = (): void => {};
  const opens = [here, there].map(
    (transport) =>
      new Promise<void>((resolve) => {
        transport.setHandler({
          handleChannelsOpen: () => resolve(),
          handleChannelsClosed: () => {},
          handlePacket: (peer, _channel, bytes) => (transport === there ? send(there, peer, bytes) : answer()),
        });
      }),
  );
  there.accept(here.localPeerId);
  here.dial(there.localPeerId);
  await Promise.all(opens);
  return (bytes) =>
    new Promise((resolve) => {
      answer = resolve;
      send(here, there.localPeerId, bytes);
    });
}

function send(transport: Transport, peer: Transport["localPeerId"], bytes: Uint8Array): void {
  transport.send(peer, "unreliable", bytes);
}

/** Round trips in ms, of a bare channel and of ours. */
Object.assign(globalThis, {
  measureEchoes: async (): Promise<{ readonly bareMs: number[]; readonly ourMs: number[] }> => {
    const pairs = [
      { echo: await bareEcho(), tripsMs: [] as number[] },
      { echo: await transportEcho(), tripsMs: [] as number[] },
    ];
    const bytes = new Uint8Array(BYTES);
    for (let count = 0; count < WARM_UP + ECHOES; count++) {
      // Whoever is first finds the processor woken by nobody: they take turns at that too.
      for (const { echo, tripsMs } of count % 2 === 0 ? pairs : pairs.toReversed()) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        const sentMs = performance.now();
        await echo(bytes);
        if (count >= WARM_UP) tripsMs.push(performance.now() - sentMs);
      }
    }
    return { bareMs: pairs[0]?.tripsMs ?? [], ourMs: pairs[1]?.tripsMs ?? [] };
  },
});
