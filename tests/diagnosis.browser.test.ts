import { describe, expect, inject, test } from "vitest";
import { CHECK_IDS, diagnose, type DiagnosisStep } from "@rollcall/netcode/doctor";

const connections: RTCPeerConnection[] = [];
const RealConnection = globalThis.RTCPeerConnection;
globalThis.RTCPeerConnection = class extends RealConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

describe("the check of connections in a real page", () => {
  test("[CD30] with a lobby server and no ICE servers: what is there works, and the rest is said", async () => {
    connections.length = 0;
    const steps: DiagnosisStep[] = [];
    const { lines, verdict, report } = await diagnose({ broker: inject("brokerUrl"), onStep: (step) => steps.push(step) });
    expect(lines.map(({ id }) => id)).toEqual(CHECK_IDS);
    const byStatus = Object.fromEntries(lines.map(({ id, status }) => [id, status]));
    expect(byStatus).toMatchObject({
      "broker-http": "ok",
      "broker-lobby": "ok",
      stun: "warn",
      nat: "skipped",
      "turn-udp": "skipped",
      channel: "ok",
    });
    expect(lines.find(({ id }) => id === "channel")?.details["unreliable"]).toBe(true);
    expect(lines.find(({ id }) => id === "path")?.details["sent"]).toBeGreaterThan(20);
    expect(verdict.reach).toBe("few");
    expect(report).toContain("[ ok ] channel");
    for (const id of CHECK_IDS) expect(steps.filter((step) => step.id === id && step.state === "done")).toHaveLength(1);
    expect(connections.length).toBeGreaterThan(1);
    expect(connections.map(({ signalingState }) => signalingState).filter((state) => state !== "closed")).toEqual([]);
  });

  test("[CD31] a lobby server that is not there is told, and the browser is checked all the same", async () => {
    const { lines, verdict } = await diagnose({ broker: "http://127.0.0.1:1" });
    const byStatus = Object.fromEntries(lines.map(({ id, status }) => [id, status]));
    expect(byStatus).toMatchObject({ "broker-http": "fail", "broker-lobby": "fail", stun: "skipped", channel: "ok" });
    expect(verdict.reach).toBe("nobody");
  });

  test("[CD5] a check that is stopped ends at once and frees everything", async () => {
    connections.length = 0;
    const stop = new AbortController();
    const iceServers = [{ urls: "stun:192.0.2.77:3478" }];
    const onStep = ({ id, state }: DiagnosisStep): void =>
      void (id === "stun" && state === "running" ? setTimeout(() => stop.abort(), 100) : 0);
    const { lines, verdict, elapsedMs } = await diagnose({ broker: inject("brokerUrl"), iceServers, signal: stop.signal, onStep });
    expect(elapsedMs).toBeLessThan(4_000);
    expect(verdict.reach).toBe("unknown");
    expect(lines.find(({ id }) => id === "channel")?.status).toBe("skipped");
    expect(connections.length).toBeGreaterThan(0);
    expect(connections.map(({ signalingState }) => signalingState).filter((state) => state !== "closed")).toEqual([]);
  });
});
