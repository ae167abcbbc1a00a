/** The lobby service over real sockets. */
import type { BanList } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, LobbyClient, refusal } from "./lobby-client.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1", trustedProxyHops: 1, limits: { opensPerMinute: 1_000 } });
});

afterAll(() => broker.close());

let nextAddress = 0;
/** Behind the proxy everybody has an address of its own. */
function open(address = `10.1.0.${++nextAddress}`, at = broker): Promise<LobbyClient> {
  return LobbyClient.open(at.port, { headers: { "x-forwarded-for": address } });
}

async function bansOf(host: LobbyClient): Promise<BanList["bans"]> {
  const reply = await host.ask({ type: "bans" });
  if (!reply.ok || reply.result === null || !("bans" in reply.result)) throw new Error(`expected bans, got ${JSON.stringify(reply)}`);
  return reply.result.bans;
}

test("[LS3] a host sees whom it banned, and lets somebody in again", async () => {
  const ada = await open();
  const { lobby } = await ada.create();
  const bob = await open();
  const device = "device-of-bob-0123456789";
  const { peerId } = admission(await bob.join(lobby.code, { device }));
  expect((await ada.ask({ type: "kick", peerId, banMs: 60_000 })).ok).toBe(true);
  expect(await bob.goodbye()).toBe("KICKED");
  const again = await open();
  expect(refusal(await again.join(lobby.code, { device })).code).toBe("LOBBY_NOT_FOUND");
  const [ban] = await bansOf(ada);
  expect(ban).toMatchObject({ name: "Bob" });
  expect(ban?.leftMs).toBeGreaterThan(50_000);
  expect((await ada.ask({ type: "unban", ban: ban?.id ?? 0 })).ok).toBe(true);
  expect(await bansOf(ada)).toEqual([]);
  expect((await again.join(lobby.code, { device })).ok).toBe(true);
  expect(refusal(await again.ask({ type: "bans" })).code).toBe("NOT_HOST");
});

test("[LS5] a full or a locked lobby and one of another version count as no wrong codes, unless all errors look alike", async () => {
  const game = { id: "other", version: 1, contentHash: "00000000" };
  const uniform = await createBroker({ host: "127.0.0.1", trustedProxyHops: 1, uniformErrors: true });
  for (const at of [broker, uniform]) {
    const ada = await open(undefined, at);
    const { lobby } = await ada.create({ capacity: 1 });
    const bob = await open(undefined, at);
    const codes: string[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      if (attempt === 4) await ada.ask({ type: "set-locked", locked: true });
      codes.push(refusal(await bob.join(lobby.code, attempt < 8 ? {} : { game })).code);
    }
    const told = [...Array(4).fill("LOBBY_FULL"), ...Array(4).fill("LOBBY_LOCKED"), ...Array(4).fill("VERSION_MISMATCH")];
    expect(codes).toEqual(at === broker ? told : [...Array(10).fill("LOBBY_NOT_FOUND"), "RATE_LIMITED", "RATE_LIMITED"]);
  }
  await uniform.close();
});
