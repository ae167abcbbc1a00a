import { beforeAll, describe, expect, test } from "vitest";
import type { LabPage } from "./lab/lab-page.ts";
import { ICE_URLS } from "./lab/network-lab.ts";
import { turnCredentials } from "./lab/turn-server.ts";
import { closeAll, enterLobby, figure, useLab } from "./lab/use-lab.ts";

const lab = useLab({ cone1: "cone", cone2: "cone", symmetric1: "symmetric", symmetric2: "symmetric", tcpOnly: "cone" });

beforeAll(() => lab.current.hosts.tcpOnly.setUdpBlocked(true));

const STUN: RTCIceServer = { urls: ICE_URLS.stun };

function turn(urls: string): RTCIceServer {
  return { urls, ...turnCredentials(3_600) };
}

/** The one pair of candidates of a page, as `local to remote`. */
async function pairOf(page: LabPage): Promise<string> {
  const pairs = await page.pairs();
  return pairs.map(({ local, remote, relayProtocol }) => `${relayProtocol ?? ""} ${local} to ${remote}`.trim()).join(", ");
}

// A failure takes as long as the browser tries: the rows run side by side.
describe.concurrent("the matrix of NATs", () => {
  test("[NW1] two cone NATs meet by STUN", async () => {
    const pages = await enterLobby(lab.current, ["cone1", "cone2"], { iceServers: [STUN] });
    for (const page of pages) {
      await page.open();
      expect((await page.peers())[0]?.path).toBe("direct");
      // Whose first packet came through is a matter of luck: the other end's address is known from it, or from signaling.
      expect(await pairOf(page)).toMatch(/^(srflx|prflx) to (srflx|prflx)$/);
    }
    await closeAll(pages);
  });

  test.each([
    ["[NW2] a symmetric and a cone NAT do not meet by STUN", "symmetric1", "cone1", [STUN], /^NEEDS_TURN$/],
    ["[NW3] two symmetric NATs do not meet by STUN", "symmetric1", "symmetric2", [STUN], /^NEEDS_TURN$/],
    [
      "[NW8] where UDP is blocked, TURN over UDP does not help",
      "tcpOnly",
      "cone1",
      [STUN, turn(ICE_URLS.udp)],
      /^TURN_(FAILED|UNREACHABLE)$/,
    ],
  ] as const)("%s", async (title, first, second, iceServers, reason) => {
    const pages = await enterLobby(lab.current, [first, second], { iceServers });
    for (const page of pages) {
      expect((await page.event("peer-unreachable")).code).toMatch(reason);
      expect(await page.pairs()).toEqual([]);
    }
    const [joined, told] = [await pages[1]!.event("entered"), await pages[1]!.event("peer-unreachable")];
    figure(`${title.slice(6)}: from joining to told`, (told.atMs - joined.atMs) / 1_000, "s");
    await closeAll(pages);
  });

  test.each([
    ["[NW4] a symmetric and a cone NAT meet by TURN over UDP", "symmetric1", "cone1", ICE_URLS.udp, "udp"],
    ["[NW5] two symmetric NATs meet by TURN over UDP", "symmetric1", "symmetric2", ICE_URLS.udp, "udp"],
    ["[NW6] where UDP is blocked, TURN over TCP helps", "tcpOnly", "cone1", ICE_URLS.tcp, "tcp"],
    ["[NW7] where UDP is blocked, TURN over TLS at port 443 helps", "tcpOnly", "cone1", ICE_URLS.tls, "tls"],
  ] as const)("%s", async (_title, first, second, url, relayProtocol) => {
    const pages = await enterLobby(lab.current, [first, second], { iceServers: [STUN, turn(url)] });
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

  test("[NW9] in a lobby that hides addresses two cone NATs meet by TURN alone, and no address of theirs leaves the page or the broker", async ({
    expect: expectHere,
  }) => {
    const pages = await enterLobby(lab.current, ["cone1", "cone2"], { relayOnly: true });
    for (const page of pages) {
      await page.open();
      // Where its first packets came late, TCP may have opened first: ICE goes over to the better pair.
      await expectHere.poll(() => pairOf(page), { timeout: 20_000 }).toBe("udp relay to relay");
      expect((await page.peers())[0]?.path).toBe("turn");
      expect(await page.page.evaluate(() => globalThis.lab.gatheredTypes())).toEqual(["relay"]);
      const frames = (await page.page.evaluate(() => globalThis.lab.signaled())).join("\n");
      expect(new Set([...frames.matchAll(/ typ (\w+)/g)].map(([, type]) => type))).toEqual(new Set(["relay"]));
      for (const name of ["cone1", "cone2"] as const) {
        for (const address of lab.current.hosts[name].addresses) expect(frames).not.toContain(address);
      }
    }
    await closeAll(pages);
  });
});
