import { afterEach, describe, expect, it } from "vitest";
import { DescriptionExchange } from "../src/adapters/description-exchange.ts";
import type { NegotiationReport } from "../src/core/ports/negotiation.ts";
import { untilInRealTime } from "./real-time-world.ts";

const connections: RTCPeerConnection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close();
});

/** Two peer connections that know each other, without the network in between. */
async function pair(): Promise<[RTCPeerConnection, RTCPeerConnection]> {
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  connections.push(near, far);
  near.createDataChannel("reliable");
  await near.setLocalDescription();
  await far.setRemoteDescription(near.localDescription!);
  await far.setLocalDescription();
  await near.setRemoteDescription(far.localDescription!);
  return [near, far];
}

async function restartOffer(connection: RTCPeerConnection): Promise<string> {
  const { sdp = "" } = await connection.createOffer({ iceRestart: true });
  return sdp;
}

describe("descriptions of an open connection", () => {
  it("[TR53] of another session or certificate are refused, and leave the connection as it is", async () => {
    const [near, far] = await pair();
    const reports: NegotiationReport[] = [];
    const exchange = new DescriptionExchange(far, { isRelayOnly: false, report: (report) => reports.push(report) });
    const offer = await restartOffer(near);
    const [other] = await pair();
    const otherOffer = await restartOffer(other);
    const fingerprint = /^a=fingerprint:.*$/m.exec(otherOffer)?.[0] ?? "";
    const swapped = offer.replace(/^a=fingerprint:.*$/m, fingerprint);
    const added = offer.replace(/^(a=fingerprint:.*)$/m, `$1\r\n${fingerprint}`);
    expect(new Set([offer, swapped, added]).size).toBe(3);
    const before = far.remoteDescription?.sdp;
    for (const [index, description] of [otherOffer, swapped, added, "nonsense"].entries()) {
      exchange.run({ type: "accept-offer", generation: index + 1, description });
      await untilInRealTime(() => reports.length === index + 1);
    }
    expect(reports).toEqual([1, 2, 3, 4].map((generation) => ({ type: "failed", generation })));
    expect([far.signalingState, far.remoteDescription?.sdp]).toEqual(["stable", before]);
    exchange.run({ type: "accept-offer", generation: 5, description: offer });
    await untilInRealTime(() => reports.length >= 5);
    expect(reports[4]).toMatchObject({ type: "description", generation: 5 });
    expect(far.remoteDescription?.sdp).not.toBe(before);
    // What is older than what was done last is not done at all.
    exchange.run({ type: "accept-offer", generation: 2, description: "nonsense" });
    exchange.run({ type: "accept-offer", generation: 6, description: "nonsense" });
    await untilInRealTime(() => reports.some((report) => report.type === "failed" && report.generation === 6));
    expect(reports.filter((report) => report.type === "failed" && report.generation === 2).length).toBe(1);
    exchange.close();
  });
});
