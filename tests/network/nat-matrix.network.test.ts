import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { LabPage } from "./lab/lab-page.ts";
import { NetworkLab, PUBLIC_ADDRESS } from "./lab/network-lab.ts";
import { turnCredentials } from "./lab/turn-server.ts";

type HostName = "cone1" | "cone2" | "symmetric1" | "symmetric2" | "tcpOnly";

let lab: NetworkLab<HostName>;

beforeAll(async () => {
  lab = await NetworkLab.open({
    hosts: { cone1: "cone", cone2: "cone", symmetric1: "symmetric", symmetric2: "symmetric", tcpOnly: "cone" },
    pageFolder: inject("labPageFolder"),
    chromium: inject("chromiumPath"),
  });
  lab.hosts.tcpOnly.setUdpBlocked(true);
});

afterAll(() => lab?.close());

const STUN: RTCIceServer = { urls: `stun:${PUBLIC_ADDRESS}:3478` };
const TURN = {
  udp: turn(`turn:${PUBLIC_ADDRESS}:3478?transport=udp`),
  tcp: turn(`turn:${PUBLIC_ADDRESS}:3478?transport=tcp`),
  tls: turn(`turns:${PUBLIC_ADDRESS}:443?transport=tcp`),
};

function turn(urls: string): RTCIceServer {
  return { urls, ...turnCredentials(3_600) };
}

/** Two members of a lobby, who have not met yet. */
async function twoMembers(first: HostName, second: HostName, iceServers: readonly RTCIceServer[]): Promise<readonly [LabPage, LabPage]> {
  const pages = await Promise.all([lab.page(first), lab.page(second)]);
  const code = await pages[0].host({ iceServers });
  await pages[1].join(code, { iceServers });
  return pages;
}

/** The one pair of candidates of a page, as `local to remote`. */
async function pairOf(page: LabPage): Promise<string> {
  const pairs = await page.pairs();
  return pairs.map(({ local, remote, relayProtocol }) => `${relayProtocol ?? ""} ${local} to ${remote}`.trim()).join(", ");
}

async function closeAll(pages: readonly LabPage[]): Promise<void> {
  await Promise.all(pages.map((page) => page.close()));
}

// A failure takes as long as the browser tries: the rows run side by side.
describe.concurrent("the matrix of NATs", () => {
  test("[NW1] two cone NATs meet by STUN", async () => {
    const pages = await twoMembers("cone1", "cone2", [STUN]);
    for (const page of pages) {
      await page.open();
      expect((await page.peers())[0]?.path).toBe("direct");
      // Whose first packet came through is a matter of luck: the other end's address is known from it, or from signaling.
      expect(await pairOf(page)).toMatch(/^(srflx|prflx) to (srflx|prflx)$/);
    }
    await closeAll(pages);
  });

  test.each([
    ["[NW2] a symmetric and a cone NAT do not meet by STUN", "symmetric1", "cone1", [STUN]],
    ["[NW3] two symmetric NATs do not meet by STUN", "symmetric1", "symmetric2", [STUN]],
    ["[NW8] where UDP is blocked, TURN over UDP does not help", "tcpOnly", "cone1", [STUN, TURN.udp]],
  ] as const)("%s", async (_title, first, second, iceServers) => {
    const pages = await twoMembers(first, second, iceServers);
    for (const page of pages) {
      expect(await page.event("peer-unreachable")).toMatchObject({ code: "PEER_UNREACHABLE" });
      expect(await page.pairs()).toEqual([]);
    }
    await closeAll(pages);
  });

  test.each([
    ["[NW4] a symmetric and a cone NAT meet by TURN over UDP", "symmetric1", "cone1", TURN.udp, "udp"],
    ["[NW5] two symmetric NATs meet by TURN over UDP", "symmetric1", "symmetric2", TURN.udp, "udp"],
    ["[NW6] where UDP is blocked, TURN over TCP helps", "tcpOnly", "cone1", TURN.tcp, "tcp"],
    ["[NW7] where UDP is blocked, TURN over TLS at port 443 helps", "tcpOnly", "cone1", TURN.tls, "tls"],
  ] as const)("%s", async (_title, first, second, turn, relayProtocol) => {
    const pages = await twoMembers(first, second, [STUN, turn]);
    for (const page of pages) {
      await page.open();
      expect((await page.peers())[0]?.path).toBe("turn");
    }
    // One of the two ends reaches its TURN server in this way; the other one may use its own, or be reached directly.
    const pairs = await Promise.all(pages.map(pairOf));
    expect(pairs).toContainEqual(expect.stringMatching(new RegExp(`^${relayProtocol} relay to `)));
    for (const pair of pairs) expect(pair).toMatch(/relay/);
    await closeAll(pages);
  });
});
