import { describe, expect, test } from "vitest";
import { LobbyWorld, pair, peerIdOf } from "../../../test/member-harness.ts";
import type { MemberHarness } from "../../../test/member-harness.ts";
import type { IceGrant } from "../ports/lobby-protocol.ts";
import type { LobbyMemberEvent } from "./lobby-member-outputs.ts";

describe("entering", () => {
  test("[MB1] a host is admitted to its own lobby and a guest to the lobby of the code", () => {
    const { ada, bob } = pair();
    expect(ada.names).toEqual(["admitted", "member-joined"]);
    expect(ada.member.connected && bob.member.connected).toBe(true);
    expect(bob.member.lobby).toEqual(ada.member.lobby);
    expect(bob.member.lobby?.members.map((member) => member.profile.name)).toEqual(["Ada", "Bob"]);
  });

  test("[MB2] a refused entrance ends the member with the broker's code", () => {
    const world = new LobbyWorld();
    const lost = world.guest("Bob", "ZZZZZ");
    world.run(60_000);
    expect(lost.events).toMatchObject([{ type: "closed", failure: { code: "LOBBY_NOT_FOUND" } }]);
    expect(lost.attemptsMs).toHaveLength(1);
    expect(world.broker.openSockets).toEqual([]);
  });

  test("[MB60] an entrance that is told to come again asks again by itself, and gives up after three attempts", () => {
    const world = new LobbyWorld();
    world.broker.refusals.set("create", { code: "RETRY", retryAfterMs: 1_000 });
    const ada = world.host();
    world.run(1_500);
    expect([ada.events, ada.attemptsMs.length]).toEqual([[], 2]);
    world.run(20_000);
    expect(ada.events).toMatchObject([{ type: "closed", failure: { code: "BROKER_UNREACHABLE" } }]);
    expect(ada.attemptsMs).toHaveLength(3);
    const cyd = world.host();
    world.run(500);
    world.broker.refusals.clear();
    world.run(2_000);
    expect(cyd.names).toContain("admitted");
  });

  test("[MB3] a broker that refuses three sockets is unreachable", () => {
    const world = new LobbyWorld();
    world.broker.refusing = true;
    const ada = world.host();
    world.run(60_000);
    expect(ada.events).toMatchObject([{ type: "closed", failure: { code: "BROKER_UNREACHABLE" } }]);
    expect(ada.attemptsMs).toHaveLength(3);
  });

  test("[MB3] a broker that accepts sockets and says nothing is asked twice, and unreachable after ten seconds", () => {
    const world = new LobbyWorld();
    world.broker.mute = true;
    const ada = world.host();
    world.run(9_999);
    expect(ada.events).toEqual([]);
    expect(ada.attemptsMs).toHaveLength(2);
    world.run(1);
    expect(ada.events).toMatchObject([{ type: "closed", failure: { code: "BROKER_UNREACHABLE" } }]);
  });

  test("[MB4] a join or create whose socket died before the answer is asked again, and takes one seat", () => {
    for (const enter of [(world: LobbyWorld) => world.guest("Bob"), (world: LobbyWorld) => world.host()]) {
      const world = new LobbyWorld();
      const ada = world.host();
      world.settle();
      world.broker.mute = true;
      const bob = enter(world);
      world.settle();
      bob.socket.drop();
      world.broker.mute = false;
      world.run(2_000);
      expect(bob.names).toContain("admitted");
      expect(bob.sockets).toHaveLength(2);
      const rooms = [...world.broker.rooms.values()].filter(({ state }) => state.members.some(({ peerId }) => peerId === peerIdOf(bob)));
      expect(rooms).toHaveLength(1);
      expect(rooms[0]?.state.members.every((member) => member.connected)).toBe(true);
      expect(world.broker.rooms.size + (ada.member.lobby?.members.length ?? 0)).toBe(3);
      const entrances = world.broker.received.flatMap((message) =>
        "request" in message && "entrance" in message.command && message.command.entrance !== undefined ? [message.command.entrance] : [],
      );
      expect(entrances.slice(1)).toEqual([1, 2].map((attempt) => ({ id: "entrance-1000000", attempt })));
    }
  });

  test("[MB22] what is given up unanswered is taken back", () => {
    const world = new LobbyWorld();
    const ada = world.host();
    world.settle();
    world.broker.mute = true;
    const bob = world.guest("Bob");
    world.run(10_000);
    world.broker.mute = false;
    world.run(10_000);
    expect(bob.names).toEqual(["closed"]);
    expect(world.broker.room("KXRTM").state.members).toHaveLength(1);
    expect(ada.member.lobby?.members).toHaveLength(1);
  });

  test("[MB23] each entrance and resume names the device", () => {
    const { world, bob } = pair();
    bob.socket.drop();
    world.run(2_000);
    world.add({ type: "resume", code: "KXRTM", secret: bob.member.admission?.resumeSecret ?? "" });
    world.settle();
    const devices = world.broker.received.flatMap((message) =>
      "request" in message && "device" in message.command ? [[message.command.type, message.command.device]] : [],
    );
    expect(devices).toEqual([
      ["create", "device-000000000"],
      ["join", "device-100000000"],
      ["resume", "device-100000000"],
      ["resume", "device-200000000"],
    ]);
  });

  test("[MB5] a fresh page takes its seat back by the stored secret, under a new peer id", () => {
    const { world, ada, bob } = pair();
    const secret = bob.member.admission?.resumeSecret ?? "";
    const before = peerIdOf(bob);
    bob.socket.close();
    const again = world.add({ type: "resume", code: "KXRTM", secret });
    world.settle();
    expect(again.names[0]).toBe("admitted");
    expect(peerIdOf(again)).not.toBe(before);
    expect(ada.names.slice(2)).toEqual(["member-disconnected", "member-returned"]);
    expect(again.member.lobby?.members.map((member) => member.seat)).toEqual([0, 1]);
  });
});

describe("commands", () => {
  test("[MB6] a command is answered once, with its number", () => {
    const { world, ada, bob } = pair();
    const ready = bob.request({ type: "set-ready", ready: true });
    const kick = bob.request({ type: "kick", peerId: peerIdOf(ada) });
    world.run(60_000);
    expect(bob.replyTo(ready)).toMatchObject({ failure: undefined });
    expect(bob.replyTo(kick)).toMatchObject({ failure: { code: "NOT_HOST" } });
    expect(bob.names.filter((name) => name === "reply")).toHaveLength(2);
    expect(ada.member.lobby?.members[1]?.ready).toBe(true);
  });

  test("[MB7] a command without an answer fails after ten seconds, and its late reply is refused", () => {
    const { world, ada } = pair();
    world.broker.deaf = true;
    const request = ada.request({ type: "set-locked", locked: true });
    world.run(9_999);
    expect(ada.replyTo(request)).toBeUndefined();
    world.run(1);
    expect(ada.replyTo(request)).toMatchObject({ failure: { code: "BROKER_UNREACHABLE" } });
    world.broker.deaf = false;
    world.run(20_000);
    expect(ada.member.connected).toBe(true);
    ada.socket.deliver({ reply: request, ok: true, result: null });
    world.settle();
    expect(ada.member.refusals["reply-unexpected"]).toBe(1);
    expect(ada.names.filter((name) => name === "reply")).toHaveLength(1);
  });

  test("[MB8] a command whose socket is lost is asked again on the next one", () => {
    const { world, ada } = pair();
    world.broker.deaf = true;
    const request = ada.request({ type: "set-settings", settings: { map: 2 } });
    world.settle();
    ada.socket.drop();
    world.broker.deaf = false;
    world.run(2_000);
    expect(ada.replyTo(request)).toMatchObject({ failure: undefined });
    expect(ada.member.lobby?.settings).toEqual({ map: 2 });
  });

  test("[MB8] a start that worked before the socket was lost is not asked again", () => {
    const { world, ada } = pair();
    const request = ada.request({ type: "start", playerCount: 2, botProfiles: [], countdownMs: 0 });
    ada.drain();
    world.broker.mute = true;
    world.settle();
    ada.socket.drop();
    world.settle();
    world.broker.mute = false;
    world.run(2_000);
    expect(ada.replyTo(request)).toMatchObject({ failure: undefined });
    expect(world.broker.received.filter((message) => "request" in message && message.command.type === "start")).toHaveLength(1);
    expect(ada.names.filter((name) => name === "match-started")).toHaveLength(1);
  });

  test("[MB9] more than 64 commands in flight are refused here", () => {
    const { world, ada } = pair();
    world.broker.deaf = true;
    const requests = Array.from({ length: 65 }, () => ada.request({ type: "set-ready", ready: true }));
    world.settle();
    expect(ada.names.filter((name) => name === "reply")).toHaveLength(1);
    expect(ada.replyTo(requests[64] ?? 0)).toMatchObject({ failure: { code: "RATE_LIMITED" } });
  });

  test("[MB10] leaving tells the broker, closes the socket and ends without a failure", () => {
    const { world, ada, bob } = pair();
    bob.member.leave();
    world.run(60_000);
    expect(bob.events.at(-1)).toEqual({ type: "closed", failure: undefined });
    expect(ada.member.lobby?.members).toHaveLength(1);
    expect(world.broker.openSockets).toEqual([ada.socket]);
    expect(bob.member.pollTimeoutMs()).toBe(Infinity);
    const request = bob.request({ type: "set-ready", ready: true });
    bob.drain();
    expect(bob.replyTo(request)).toMatchObject({ failure: { code: "CLOSED" } });
  });
});

describe("ICE servers that expire", () => {
  const grant = (life?: number): IceGrant => ({
    iceServers: [{ urls: ["turn:turn.example"], username: "u", credential: "p" }],
    ...(life === undefined ? {} : { iceLifeMs: life }),
  });
  const questions = (world: LobbyWorld): number =>
    world.broker.received.filter((message) => "command" in message && message.command.type === "ice-servers").length;
  const servers = ({ events }: MemberHarness): LobbyMemberEvent[] => events.filter((event) => event.type === "ice-servers");

  test("[MB30] ICE servers are asked for anew at 80 % of their life, on and on", () => {
    const world = new LobbyWorld();
    world.broker.iceGrant = grant(600_000);
    const ada = world.host();
    world.run(479_000);
    expect(questions(world)).toBe(0);
    world.run(2_000);
    expect(questions(world)).toBe(1);
    expect(servers(ada)).toEqual([{ type: "ice-servers", grant: grant(600_000) }]);
    world.run(480_000);
    expect(questions(world)).toBe(2);
    expect(ada.names).not.toContain("reply");
  });

  test("[MB31] what does not expire is not asked for; a broker that says nothing or refuses is asked again later", () => {
    const world = new LobbyWorld();
    const ada = world.host();
    world.run(600_000);
    expect(questions(world)).toBe(0);
    world.broker.iceGrant = grant(0);
    const bob = world.guest("Bob");
    world.broker.refusals.set("ice-servers", { code: "RATE_LIMITED", retryAfterMs: 100 });
    world.run(10_000);
    expect(questions(world)).toBe(2);
    world.broker.refusals.delete("ice-servers");
    // A life of nothing asks once a second, not in a circle.
    world.run(10_000);
    expect(questions(world)).toBeGreaterThan(8);
    expect(questions(world)).toBeLessThan(14);
    expect([...ada.names, ...bob.names]).not.toContain("reply");
  });

  test("[MB32] fresh ones come on demand, once for several questions, and with a resume", () => {
    const world = new LobbyWorld();
    world.broker.iceGrant = grant(600_000);
    const ada = world.host();
    world.run(10_000);
    ada.member.renewIceServers(world.nowMs);
    ada.member.renewIceServers(world.nowMs);
    world.settle();
    ada.member.renewIceServers(world.nowMs);
    world.settle();
    expect(servers(ada)).toHaveLength(1);
    world.run(300_000);
    ada.member.renewIceServers(world.nowMs);
    ada.drain();
    ada.socket.drop();
    world.run(10_000);
    expect(ada.names).toContain("broker-back");
    // The question died with its socket; the admission has the answer, and its life counts from there.
    world.run(460_000);
    expect(servers(ada)).toHaveLength(1);
    world.run(30_000);
    expect(servers(ada)).toHaveLength(2);
    expect(ada.names).not.toContain("reply");
  });
});
