import type { CheckId, Diagnosis } from "@rollcall/netcode/doctor";
import { beforeAll, expect, test } from "vitest";
import { ICE_URLS, PUBLIC_ADDRESS } from "./lab/network-lab.ts";
import { turnCredentials } from "./lab/turn-server.ts";
import { useLab } from "./lab/use-lab.ts";

type HostName = "cone" | "symmetric" | "tcpOnly";

const lab = useLab({ cone: "cone", symmetric: "symmetric", tcpOnly: "cone" });

beforeAll(() => lab.current.hosts.tcpOnly.setUdpBlocked(true));

/** Two ports of one STUN server are two destinations for a NAT. */
const STUN: RTCIceServer = { urls: [ICE_URLS.stun, `stun:${PUBLIC_ADDRESS}:3480`] };
const TURN_URLS = [ICE_URLS.udp, ICE_URLS.tcp, ICE_URLS.tls];

async function diagnoseAt(name: HostName, iceServers: readonly RTCIceServer[]): Promise<Diagnosis> {
  const page = await lab.current.page(name);
  const diagnosis = await page.page.evaluate((servers) => globalThis.lab.diagnose(servers), iceServers);
  await page.close();
  return diagnosis;
}

function statuses({ lines }: Diagnosis): Partial<Record<CheckId, string>> {
  return Object.fromEntries(lines.map(({ id, status }) => [id, status]));
}

function natOf({ lines }: Diagnosis): unknown {
  return lines.find(({ id }) => id === "nat")?.details["nat"];
}

test.each([
  ["cone", "independent", "ok"],
  ["symmetric", "dependent", "warn"],
] as const)("[CD32] behind a %s NAT with TURN of all ways", async (name, kind, status) => {
  const diagnosis = await diagnoseAt(name, [STUN, { urls: TURN_URLS, ...turnCredentials(600) }]);
  expect(statuses(diagnosis)).toMatchObject({
    "broker-http": "ok",
    "broker-lobby": "ok",
    stun: "ok",
    nat: status,
    "turn-udp": "ok",
    "turn-tcp": "ok",
    "turn-tls": "ok",
    channel: "ok",
  });
  expect(natOf(diagnosis)).toBe(kind);
  expect(diagnosis.verdict.reach).toBe("anybody");
});

test("[CD32] where UDP is blocked", async () => {
  const diagnosis = await diagnoseAt("tcpOnly", [STUN, { urls: TURN_URLS, ...turnCredentials(600) }]);
  expect(statuses(diagnosis)).toMatchObject({
    stun: "fail",
    nat: "fail",
    "turn-udp": "fail",
    "turn-tcp": "ok",
    "turn-tls": "ok",
  });
  expect(diagnosis.verdict).toMatchObject({ reach: "anybody", sentence: expect.stringMatching(/over TCP/) });
});

test("[CD33] behind a symmetric NAT without TURN, and with one that refuses us", async () => {
  const without = await diagnoseAt("symmetric", [STUN]);
  expect(without.verdict).toMatchObject({ reach: "few", sentence: expect.stringMatching(/open networks.*no TURN/) });
  const refused = await diagnoseAt("symmetric", [STUN, { urls: TURN_URLS, username: "1:lab", credential: "wrong" }]);
  expect(statuses(refused)["turn-udp"]).toBe("fail");
  expect(refused.lines.find(({ id }) => id === "turn-udp")?.sentence).toMatch(/refuses our credentials/);
  expect(refused.verdict).toMatchObject({ reach: "few", sentence: expect.stringMatching(/TURN server does not work/) });
});
