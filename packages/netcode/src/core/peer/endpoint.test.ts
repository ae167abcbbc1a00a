import { describe, expect, it } from "vitest";
import { NULL_FRAME, parsePeerId } from "../base/units.ts";
import { Endpoint } from "./endpoint.ts";

function endpoint(): Endpoint {
  const peerId = parsePeerId("ada");
  if (peerId === undefined) throw new Error("not a peer id");
  return new Endpoint(peerId, 0);
}

describe("an endpoint", () => {
  it("[PE1] measures the round trip from the first sending of a frame to its ack, less the time that the peer held it", () => {
    const peer = endpoint();
    peer.frameSent(4, 1000, 1000);
    peer.frameAcked(4, 12, 1092, 1092);
    expect(peer.rtt.rttMs).toBe(80);
    expect(peer.ackedFrame).toBe(4);
  });

  it("[PE2] does not measure by a frame that was sent twice, nor by an ack that was held for long", () => {
    const peer = endpoint();
    peer.frameSent(4, 1000, 1000);
    peer.frameSent(4, 1050, 1050);
    peer.frameAcked(4, 0, 1100, 1100);
    expect(peer.ackedFrame).toBe(4);
    expect(peer.rtt.known).toBe(false);
    peer.frameSent(5, 1100, 1100);
    peer.frameAcked(5, 255, 1500, 1500);
    expect(peer.rtt.known).toBe(false);
  });

  it("[PE2] takes nothing from an ack that is older than one before", () => {
    const peer = endpoint();
    for (let frame = 0; frame < 4; frame++) peer.frameSent(frame, frame, frame);
    peer.frameAcked(3, 0, 60, 60);
    peer.frameAcked(1, 0, 500, 500);
    expect(peer.ackedFrame).toBe(3);
    expect(peer.rtt.rttMs).toBe(57);
  });

  it("[PE4] is silent since its last packet, and deaf since our oldest frame without an ack", () => {
    const peer = endpoint();
    expect(peer.ackedFrame).toBe(NULL_FRAME);
    expect(peer.heard).toBe(false);
    peer.frameSent(0, 100, 100);
    peer.frameSent(1, 200, 200);
    peer.packetArrived(700);
    expect(peer.heard).toBe(true);
    expect([300, 301].map((ms) => peer.isSilent({ observedMs: 1000 }, ms))).toEqual([true, false]);
    expect([900, 901].map((ms) => peer.isDeaf({ observedMs: 1000 }, ms))).toEqual([true, false]);
    peer.frameAcked(0, 0, 1000, 1000);
    expect([200, 201].map((ms) => peer.isDeaf({ observedMs: 1200 }, ms))).toEqual([true, false]);
    peer.frameAcked(1, 0, 1300, 1300);
    expect(peer.isDeaf({ observedMs: 9000 }, 0)).toBe(false);
    peer.frameSent(2, 9000, 9000);
    expect([100, 101].map((ms) => peer.isDeaf({ observedMs: 9100 }, ms))).toEqual([true, false]);
  });

  it("[PE1] tells how long an acknowledgement was held, up to 255 ms", () => {
    const peer = endpoint();
    expect(peer.ackHeldMs(10)).toBe(255);
    peer.inputsArrived(100);
    expect(peer.ackHeldMs(112.4)).toBe(12);
    expect(peer.ackHeldMs(9000)).toBe(255);
  });
});
