import type { IceGrant } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, LobbyClient, refusal } from "./lobby-client.ts";

const TURN = { urls: ["turn:turn.example:3478?transport=udp"], secret: "0123456789abcdef", lifeMs: 60_000 };

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1", iceServers: [{ urls: ["stun:stun.example"] }], turn: TURN });
});

afterAll(() => broker.close());

async function askForServers(client: LobbyClient): Promise<IceGrant> {
  const reply = await client.ask({ type: "ice-servers" });
  if (!reply.ok || reply.result === null) throw new Error(`expected servers, got ${JSON.stringify(reply)}`);
  return reply.result;
}

test("[BR102] whoever is admitted gets credentials of its own and fresh ones when it asks; nobody else gets any", async () => {
  const ada = await LobbyClient.open(broker.port);
  expect(refusal(await ada.ask({ type: "ice-servers" })).code).toBe("NOT_MEMBER");
  const first = await ada.create();
  const bob = await LobbyClient.open(broker.port);
  expect(JSON.stringify(await bob.join("BBBBB"))).not.toContain("turn");
  const second = admission(await bob.join(first.lobby.code));
  for (const { iceServers, iceLifeMs } of [first, second, await askForServers(ada)]) {
    expect(iceServers.map(({ urls }) => urls)).toEqual([["stun:stun.example"], TURN.urls]);
    expect(iceLifeMs).toBeGreaterThan(58_000);
    expect(iceLifeMs).toBeLessThanOrEqual(60_000);
  }
  const seatOf = ({ iceServers }: IceGrant): string => iceServers[1]?.username?.split(":")[1] ?? "";
  expect(seatOf(await askForServers(ada))).toBe(seatOf(first));
  expect(seatOf(second)).not.toBe(seatOf(first));

  const again = await LobbyClient.open(broker.port);
  const resumed = admission(await again.resume(first.lobby.code, { secret: first.resumeSecret }));
  expect(seatOf(resumed)).toBe(seatOf(first));
  await again.ask({ type: "kick", peerId: second.peerId });
  expect(await bob.goodbye()).toBe("KICKED");
  const stranger = await LobbyClient.open(broker.port);
  expect(JSON.stringify(await stranger.resume(first.lobby.code, { secret: second.resumeSecret }))).not.toContain("turn");
  expect(refusal(await stranger.ask({ type: "ice-servers" })).code).toBe("NOT_MEMBER");
});
