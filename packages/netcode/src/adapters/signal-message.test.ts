import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesOf, linkPayload, parseSignalMessage } from "./signal-message.ts";

/** What every description of ours has. */
const SDP = "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 00\r\n";
const offer = {
  type: "OFFER",
  src: "bob",
  payload: {
    type: "data",
    connectionId: "dc_1",
    reliable: true,
    serialization: "raw",
    metadata: { attempt: 3 },
    sdp: { type: "offer", sdp: SDP },
  },
};

function withPayload(change: Record<string, unknown>): unknown {
  return { ...offer, payload: { ...offer.payload, ...change } };
}

describe("messages of the signaling socket", () => {
  it("[TR30] offers, answers and candidates are read; the broker's own word goes to PeerJS; the rest is unused", () => {
    expect(parseSignalMessage(offer)).toEqual({ type: "offer", from: "bob", connectionId: "dc_1", attempt: 3, sdp: SDP });
    const answer = { type: "ANSWER", src: "bob", payload: { type: "data", connectionId: "dc_1", sdp: { type: "answer", sdp: SDP } } };
    expect(parseSignalMessage(answer)).toEqual({ type: "answer", from: "bob", connectionId: "dc_1", sdp: SDP });
    const init = { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0 };
    const candidate = {
      type: "CANDIDATE",
      src: "bob",
      payload: { type: "data", connectionId: "dc_1", candidate: { ...init, usernameFragment: "x" } },
    };
    expect(parseSignalMessage(candidate)).toEqual({ type: "candidate", from: "bob", connectionId: "dc_1", candidate: init });
    expect(["OPEN", "ID-TAKEN", "INVALID-KEY"].map((type) => parseSignalMessage({ type }).type)).toEqual(["broker", "broker", "broker"]);
    expect(parseSignalMessage({ type: "ERROR", payload: { msg: "no" } })).toEqual({ type: "broker" });
    // A closed socket is not a departure, and an unanswered offer is the link's to judge.
    expect(["LEAVE", "PONG"].map((type) => parseSignalMessage({ type, src: "bob" }).type)).toEqual(["unused", "unused"]);
    expect(parseSignalMessage({ type: "EXPIRE", src: "bob" })).toEqual({ type: "absent", peer: "bob" });
  });

  it("[TR50] a link's bytes travel as an answer of no connection", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const payload = linkPayload(bytes);
        expect(parseSignalMessage({ type: "ANSWER", src: "bob", payload })).toEqual({ type: "link", from: "bob", bytes });
      }),
    );
    const withText = (sdp: string): unknown => ({
      type: "ANSWER",
      src: "bob",
      payload: { ...linkPayload(Uint8Array.of(1)), sdp: { type: "answer", sdp } },
    });
    for (const text of ["", "=", "A", "AB\n", "\u00e9\u00e9", SDP])
      expect(parseSignalMessage(withText(text))).toEqual({ type: "malformed" });
  });

  it.each([
    ["nothing", undefined],
    ["no object", "OFFER"],
    ["an unknown type", { ...offer, type: "OFFERS" }],
    ["an error without a payload", { type: "ERROR" }],
    ["no sender", { ...offer, src: undefined }],
    ["no payload", { ...offer, payload: null }],
    ["media", withPayload({ type: "media" })],
    ["another serialization", withPayload({ serialization: "binary" })],
    ["a serialization that every object has", withPayload({ serialization: "constructor" })],
    ["an unreliable channel", withPayload({ reliable: false })],
    ["no number of the attempt", withPayload({ metadata: null })],
    ["an attempt that is no number", withPayload({ metadata: { attempt: "1" } })],
    ["a strange connection id", withPayload({ connectionId: "../x" })],
    ["an answer's description", withPayload({ sdp: { type: "answer", sdp: SDP } })],
    ["a description without a certificate", withPayload({ sdp: { type: "offer", sdp: SDP.replace("fingerprint", "") } })],
    ["a description without credentials", withPayload({ sdp: { type: "offer", sdp: SDP.replace("ice-ufrag", "") } })],
    ["a description of media", withPayload({ sdp: { type: "offer", sdp: SDP.replace("application", "audio") } })],
    ["nobody that expired", { type: "EXPIRE" }],
    ["no description", withPayload({ sdp: undefined })],
    ["an endless description", withPayload({ sdp: { type: "offer", sdp: "x".repeat(40_000) } })],
  ])("[TR31] %s is malformed", (_what, message) => {
    expect(parseSignalMessage(message)).toEqual({ type: "malformed" });
  });

  it("[TR31] anything at all is read without a throw", () => {
    fc.assert(fc.property(fc.anything(), (message) => parseSignalMessage(message).type !== undefined));
    fc.assert(
      fc.property(
        fc.anything(),
        fc.constantFrom("OFFER", "ANSWER", "CANDIDATE", "ERROR"),
        (payload, type) => parseSignalMessage({ type, src: "bob", payload }).type !== undefined,
      ),
    );
  });

  it("[TR32] the candidates of a description are found with its medium, at most 64", () => {
    const sdp = [
      "v=0",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
      "a=mid:data",
      "a=candidate:1 1 udp 1 10.0.0.1 5 typ host",
      "a=candidate:2 1 udp 1 10.0.0.2 6 typ host",
      "",
    ].join("\r\n");
    expect(candidatesOf(sdp)).toEqual([
      { candidate: "candidate:1 1 udp 1 10.0.0.1 5 typ host", sdpMid: "data", sdpMLineIndex: 0 },
      { candidate: "candidate:2 1 udp 1 10.0.0.2 6 typ host", sdpMid: "data", sdpMLineIndex: 0 },
    ]);
    expect(candidatesOf("a=candidate:1\n".repeat(100)).length).toBe(64);
    expect(candidatesOf("")).toEqual([]);
  });
});
