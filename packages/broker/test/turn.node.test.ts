import { LOBBY_PROTOCOL_VERSION, type IceGrant, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBroker, type Broker } from "../src/index.ts";
import { admission, GAME, LobbyClient, profile, refusal } from "./lobby-client.ts";
import { SignalingClient } from "./signaling-client.ts";

const TURN = { urls: ["turn:turn.example:3478?transport=udp"], secret: "0123456789abcdef", lifeMs: 60_000 };

let broker: Broker;

beforeAll(async () => {
  broker = await createBroker({ host: "127.0.0.1", iceServers: [{ urls: ["stun:stun.example"] }], turn: TURN });
});

afterAll(() => broker.close());

async function askForServers(client: LobbyClient): Promise<IceGrant> {
  const reply = await client.ask({ type: "ice-servers" });
  if (!reply.ok || reply.result === null || !("iceServers" in reply.result))
    throw new Error(`expected servers, got ${JSON.stringify(reply)}`);
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

const createRelayOnly = ({ pageKey }: LobbyClient): LobbyCommand => ({
  type: "create",
  protocol: LOBBY_PROTOCOL_VERSION,
  key: pageKey.key,
  game: GAME,
  profile: profile("Ada"),
  capacity: 2,
  settings: null,
  metadata: null,
  relayOnly: true,
});

test("[BR104] a broker without TURN refuses a relay-only lobby, and says why", async () => {
  const bare = await createBroker({ host: "127.0.0.1", iceServers: [{ urls: ["stun:stun.example"] }] });
  const ada = await LobbyClient.open(bare.port);
  expect(refusal(await ada.ask(createRelayOnly(ada)))).toMatchObject({
    code: "NO_TURN_SERVER",
    message: expect.stringContaining("TURN") as string,
  });
  expect((await ada.create()).lobby.relayOnly).toBe(false);
  await bare.close();
});

test("[BR103] in a relay-only lobby no address but a relay's goes from member to member, in a description or alone", async () => {
  const client = await LobbyClient.open(broker.port);
  const ada = admission(await client.ask(createRelayOnly(client)));
  expect(ada.lobby.relayOnly).toBe(true);
  const bob = admission(await (await LobbyClient.open(broker.port)).join(ada.lobby.code));
  expect(bob.lobby.relayOnly).toBe(true);
  const from = await SignalingClient.open(broker.port, ada.peerId, ada.signalingToken);
  const to = await SignalingClient.open(broker.port, bob.peerId, bob.signalingToken);
  const relay = "candidate:1 1 udp 1 203.0.113.9 50000 typ relay raddr 198.51.100.7 rport 4711 generation 0";
  const trickle = (candidate: string): void =>
    from.send({
      type: "CANDIDATE",
      dst: bob.peerId,
      payload: { type: "data", connectionId: "dc_1", candidate: { candidate, sdpMid: "0" } },
    });
  const describe = (candidate: string): void => from.offer(bob.peerId, `v=0\r\nc=IN IP4 198.51.100.7\r\na=${candidate}\r\n`);
  for (const type of ["host", "srflx raddr 192.168.0.2 rport 1", "prflx raddr 192.168.0.2 rport 1"]) {
    const exposing = `candidate:1 1 udp 1 198.51.100.7 50000 typ ${type}`;
    trickle(exposing);
    trickle(`a=${exposing}`);
    describe(exposing);
    describe(`${relay}\r\na=${exposing}`);
  }
  // As a link repairs its connection by way of the broker.
  const repair = (text: string): void => {
    const sdp = Buffer.from(`\u000b\u0001\u0002\u0003\u0004\u0005\u0006${text}`, "latin1").toString("base64url");
    from.send({ type: "ANSWER", dst: bob.peerId, payload: { type: "data", connectionId: "link", sdp: { type: "answer", sdp } } });
  };
  repair("v=0\r\na=candidate:1 1 udp 1 198.51.100.7 50000 typ host\r\n");
  repair(`\u0050\u0000${relay}\u0050\u0000candidate:1 1 udp 1 198.51.100.7 50000 typ srflx`);
  trickle("no candidate at all");
  await from.settled();
  describe(relay);
  trickle(relay);
  trickle("");
  repair(`v=0\r\na=${relay.replace(" raddr 198.51.100.7 rport 4711", "")}\r\n`);
  await from.settled();
  await to.settled();
  const heard = to.signals.filter(({ type }) => type !== "OPEN");
  expect(heard.map(({ type }) => type)).toEqual(["OFFER", "CANDIDATE", "CANDIDATE", "ANSWER"]);
  const text = JSON.stringify(heard);
  expect(text).toContain("203.0.113.9 50000 typ relay raddr 0.0.0.0 rport 0 generation 0");
  expect(text).toContain("c=IN IP4 0.0.0.0");
  for (const address of ["198.51.100.7", "192.168.0.2", "4711"]) expect(text).not.toContain(address);
  const health: unknown = await (await fetch(`http://127.0.0.1:${broker.port}/healthz`)).json();
  expect(health).toMatchObject({ refusals: { "signaling:address": 15 } });
});

test("[BR103] other lobbies are left alone", async () => {
  const ada = await (await LobbyClient.open(broker.port)).create();
  const bob = admission(await (await LobbyClient.open(broker.port)).join(ada.lobby.code));
  const from = await SignalingClient.open(broker.port, ada.peerId, ada.signalingToken);
  const to = await SignalingClient.open(broker.port, bob.peerId, bob.signalingToken);
  from.offer(bob.peerId, "v=0\r\na=candidate:1 1 udp 1 192.168.0.2 50000 typ host\r\n");
  expect(JSON.stringify(await to.signal("OFFER"))).toContain("192.168.0.2 50000 typ host");
});
