import { describe, expect, it } from "vitest";
import { isRelayedCandidate, withoutOwnAddresses, withoutRelatedAddress } from "./hidden-addresses.ts";

const HOST = "candidate:1 1 udp 2122260223 192.168.1.7 50000 typ host generation 0 ufrag abcd";
const SERVER = "candidate:2 1 udp 1686052607 203.0.113.9 61000 typ srflx raddr 192.168.1.7 rport 50000 generation 0";
const RELAY = "candidate:3 1 udp 41885439 198.51.100.2 3500 typ relay raddr 203.0.113.9 rport 61000 generation 0";
const DESCRIPTION = [
  "v=0",
  "o=- 1 2 IN IP4 127.0.0.1",
  "m=application 61000 UDP/DTLS/SCTP webrtc-datachannel",
  "c=IN IP4 203.0.113.9",
  "a=rtcp:61001 IN IP6 2001:db8::7",
  `a=${HOST}`,
  `a=${SERVER}`,
  `a=${RELAY}`,
  "a=ice-ufrag:abcd",
  "",
].join("\r\n");

describe("what leaves a page of a relay-only lobby", () => {
  it("[TR58] names no address but the relay's", () => {
    const hidden = withoutOwnAddresses(DESCRIPTION);
    for (const address of ["192.168.1.7", "203.0.113.9", "2001:db8::7"]) expect(hidden).not.toContain(address);
    expect(hidden).toContain("198.51.100.2 3500 typ relay raddr 0.0.0.0 rport 0");
    expect(hidden.split("\r\n").length).toBe(DESCRIPTION.split("\r\n").length - 2);
    expect(withoutOwnAddresses(hidden)).toBe(hidden);
    expect([HOST, SERVER, RELAY].map(isRelayedCandidate)).toEqual([false, false, true]);
    expect(withoutRelatedAddress(RELAY)).not.toContain("203.0.113.9");
  });
});
