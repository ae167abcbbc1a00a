import type * as polyfill from "node-datachannel/polyfill";

type NodeConnection = InstanceType<typeof polyfill.RTCPeerConnection>;
type WebRtc = Pick<typeof polyfill, "RTCPeerConnection" | "RTCSessionDescription">;

/**
 * The peer connection of `node-datachannel` whose offering end tells its candidates only once the answer is applied.
 *
 * libdatachannel 0.24.5 answers connectivity checks as soon as it has made an offer, so that an acceptor that knows the candidates is connected, and
 * starts DTLS, before the offering end has the answer. That end then races with itself, twice. `setRemoteDescription` gives the answer to ICE before it
 * stores it (peerconnection.cpp): ICE may connect in between, on its own thread, and the handshake fails for want of a fingerprint to compare. And
 * `DtlsTransport::start` takes the ClientHello that waited before it is in the state that reads it (dtlstransport.cpp): it lies there until it is sent
 * again, after a second. Without candidates nobody checks early, and the offering end, which has the answer first, is connected first.
 *
 * And `close` closes channels that never opened: with one of these, a connection that is closed keeps the process alive (node-datachannel 0.33.4).
 *
 * Credentials of a TURN server become parts of one address there, which is taken apart again at its colons: what a broker makes out has some, so that they are written as in a URL.
 */
export function createPeerConnectionConstructor({ RTCPeerConnection, RTCSessionDescription }: WebRtc): WebRtc["RTCPeerConnection"] {
  return class extends RTCPeerConnection {
    #held: Event[] = [];
    #channels: Pick<RTCDataChannel, "close" | "readyState">[] = [];

    constructor({ iceServers = [], ...configuration }: RTCConfiguration = {}) {
      super({ ...configuration, iceServers: iceServers.map(withWrittenCredentials) });
    }

    override createDataChannel(
      ...[label, options]: Parameters<NodeConnection["createDataChannel"]>
    ): ReturnType<NodeConnection["createDataChannel"]> {
      const channel = super.createDataChannel(label, options);
      this.#channels.push(channel);
      return channel;
    }

    override close(): void {
      for (const channel of this.#channels.splice(0)) if (channel.readyState === "connecting") channel.close();
      super.close();
    }

    /** The offer repeated before its answer must not tell the candidates either. */
    override get localDescription(): globalThis.RTCSessionDescription {
      const description = super.localDescription;
      if (!this.#isUnanswered) return description;
      return new RTCSessionDescription({ type: description.type, sdp: withoutCandidates(description.sdp) });
    }

    override dispatchEvent(event: Event): boolean {
      if (event.type !== "icecandidate" || !this.#isUnanswered) return super.dispatchEvent(event);
      this.#held.push(event);
      return true;
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      await super.setRemoteDescription(description);
      for (const event of this.#held.splice(0)) super.dispatchEvent(event);
    }

    get #isUnanswered(): boolean {
      return this.signalingState === "have-local-offer";
    }
  };
}

function withWrittenCredentials(server: RTCIceServer): RTCIceServer {
  const { username, credential } = server;
  if (username === undefined || credential === undefined) return server;
  return { ...server, username: encodeURIComponent(username), credential: encodeURIComponent(credential) };
}

function withoutCandidates(sdp: string): string {
  const lines = sdp.split(/(?<=\n)/);
  return lines.filter((line) => !/^a=(?:candidate:|end-of-candidates)/.test(line)).join("");
}
