import { describe, expect, test } from "vitest";
import { pair, peerIdOf } from "../../../test/member-harness.ts";
import type { PeerId } from "../base/units.ts";
import { BACKOFF_MOST_MS } from "./backoff.ts";

describe("lost sockets", () => {
  test("[MB11] a lost socket is followed by a resume under the same peer id, and what was missed is told", () => {
    for (const replays of [true, false]) {
      const { world, ada, bob } = pair();
      world.broker.replays = replays;
      const before = peerIdOf(bob);
      world.broker.refusing = true;
      bob.socket.drop();
      world.settle();
      expect(bob.names.at(-1)).toBe("broker-lost");
      expect(bob.member.connected).toBe(false);
      ada.request({ type: "set-locked", locked: true });
      world.run(400);
      world.broker.refusing = false;
      world.run(10_000);
      expect(bob.member.connected).toBe(true);
      expect(peerIdOf(bob)).toBe(before);
      expect(bob.member.lobby).toEqual(ada.member.lobby);
      expect(bob.names.filter((name) => name === "locked-changed")).toHaveLength(1);
      expect(bob.names).toContain("broker-back");
    }
  });

  test("[MB12] attempts are spread by full jitter below a limit that doubles from 0.5 to 8 s", () => {
    const { world, ada } = pair();
    world.broker.refusing = true;
    ada.socket.drop();
    world.run(120_000);
    const waits = ada.attemptsMs.slice(1).map((atMs, index) => atMs - (ada.attemptsMs[index] ?? 0));
    const limits = [500, 1_000, 2_000, 4_000, BACKOFF_MOST_MS];
    expect(waits.length).toBeGreaterThan(20);
    for (const [index, waitMs] of waits.entries()) expect(waitMs).toBeLessThanOrEqual(limits[Math.min(index, 4)] ?? 0);
    expect(Math.max(...waits)).toBeGreaterThan(4_000);
    expect(new Set(waits).size).toBe(waits.length);
  });

  test("[MB13] a silent socket is pinged after 5 s and given up after 10", () => {
    const { world, ada } = pair();
    const resumedFrom = ada.attemptsMs.length;
    world.run(60_000);
    expect(ada.attemptsMs).toHaveLength(resumedFrom);
    expect(world.broker.received.some((message) => "ping" in message)).toBe(true);
    world.broker.mute = true;
    world.run(9_000);
    const lostAt = ada.names.indexOf("broker-lost");
    world.run(1_500);
    expect([lostAt, ada.names.includes("broker-lost")]).toEqual([-1, true]);
  });

  test("[MB13] a page that was frozen pings first, and gives a live broker time to answer", () => {
    const { world, ada } = pair();
    world.nowMs += 3_600_000;
    world.run(20_000);
    expect(ada.names).not.toContain("broker-lost");
  });

  test("[MB14] the broker's ping is answered", () => {
    const { world, ada } = pair();
    ada.socket.deliver({ ping: 7 });
    world.settle();
    expect(world.broker.received.at(-1)).toEqual({ pong: 7 });
  });

  test("[MB15] a seat that is gone ends the member; a busy broker is asked again", () => {
    const { world, ada, bob } = pair();
    world.broker.refusals.set("resume", { code: "RATE_LIMITED", retryAfterMs: 3_000 });
    bob.socket.drop();
    world.run(5_000);
    expect(bob.names).not.toContain("closed");
    world.broker.refusals.clear();
    world.broker.expire("KXRTM", peerIdOf(bob));
    world.run(20_000);
    expect(bob.events.at(-1)).toMatchObject({ type: "closed", failure: { code: "SEAT_EXPIRED" } });
    expect(ada.member.lobby?.members).toHaveLength(1);
  });
});

describe("events", () => {
  test("[MB16] a duplicated event is applied once", () => {
    const { world, ada } = pair();
    const entry = world.broker.room("KXRTM").log.at(-1);
    if (entry === undefined) throw new Error("no event");
    const before = ada.member.lobby;
    ada.socket.deliver(entry);
    world.settle();
    expect(ada.member.lobby).toBe(before);
    expect(ada.member.refusals["event-duplicate"]).toBe(1);
  });

  test("[MB17] a gap in the numbers, or a change that does not fit, leads to a resume with the whole lobby", () => {
    const { world, ada, bob } = pair();
    for (const event of [2, 1]) {
      const { lobby } = ada.member;
      ada.socket.deliver({ event: (lobby?.event ?? 0) + event, change: { type: "match-ended", matchNumber: 9 } });
      world.run(2_000);
      expect(ada.member.connected).toBe(true);
      expect(ada.member.lobby).toEqual(bob.member.lobby);
    }
    expect(ada.member.refusals["event-gap"]).toBe(2);
    expect(ada.sockets).toHaveLength(3);
  });

  test("[MB18] garbage is refused and counted, and changes nothing", () => {
    const { world, ada } = pair();
    const before = ada.member.lobby;
    for (const text of [
      "",
      "{",
      "[]",
      '{"event":"x"}',
      '{"reply":1,"ok":true,"result":{}}',
      "[".repeat(10_000),
      '{"event":3,"change":{"type":"__proto__"}}',
    ]) {
      ada.socket.deliver(text);
    }
    world.settle();
    expect(ada.member.lobby).toBe(before);
    expect(Object.values(ada.member.refusals).reduce((sum, count) => sum + count, 0)).toBe(7);
    expect(ada.member.connected).toBe(true);
  });

  test("[MB18] an admission without our own seat is refused", () => {
    const { world, ada } = pair();
    const { admission } = ada.member;
    if (admission === undefined) throw new Error("not admitted");
    const lone = world.add({ type: "resume", code: "KXRTM", secret: "x".repeat(32) });
    world.broker.deaf = true;
    world.settle();
    lone.socket.deliver({ reply: 1, ok: true, result: { ...admission, peerId: "stranger" as PeerId } });
    world.settle();
    expect(lone.member.admission).toBeUndefined();
    expect(lone.member.refusals["admission-invalid"]).toBe(1);
  });
});

describe("keepsakes", () => {
  test("[MB33] the newest keepsake goes back to the broker with a resume, and is told to whoever keeps it for a later page", () => {
    const { world, bob } = pair();
    for (const keepsake of ["first", "second"]) bob.socket.deliver({ keepsake });
    world.settle();
    expect(bob.events.slice(-2)).toEqual([
      { type: "keepsake", keepsake: "first" },
      { type: "keepsake", keepsake: "second" },
    ]);
    bob.socket.drop();
    world.run(10_000);
    world.add({ type: "resume", code: "KXRTM", secret: "x".repeat(32), keepsake: "kept" });
    world.settle();
    const resumes = world.broker.received.flatMap((message) =>
      "command" in message && message.command.type === "resume" ? [message.command] : [],
    );
    expect(resumes.map(({ keepsake }) => keepsake)).toEqual(["second", "kept"]);
  });

  test("[MB34] a lobby that was brought back has higher numbers: its state is taken over, and no host was changed by it", () => {
    const { world, ada, bob } = pair();
    const room = world.broker.room("KXRTM");
    world.broker.replays = false;
    room.state = { ...room.state, event: 1_000_000, hostEpoch: 1_000_000, locked: true };
    bob.socket.drop();
    world.run(10_000);
    expect(bob.member.lobby).toEqual(room.state);
    expect(bob.names.filter((name) => name === "locked-changed" || name === "host-changed")).toEqual(["locked-changed"]);
    expect(ada.member.refusals).not.toEqual({});
  });

  test("[MB35] a member whose seat the broker knows under another id ends instead of asking for ever", () => {
    const { world, bob } = pair();
    const { admission } = bob.member;
    world.broker.deaf = true;
    bob.socket.drop();
    world.run(1_000);
    if (admission === undefined) throw new Error("not admitted");
    bob.socket.deliver({ reply: 2, ok: true, result: { ...admission, peerId: "predecessor" as PeerId } });
    world.settle();
    expect(bob.events.at(-1)).toEqual({ type: "closed", failure: { code: "SEAT_EXPIRED" } });
  });
});

describe("the end", () => {
  test.each([
    ["kick", "KICKED"],
    ["ban", "BANNED"],
  ] as const)("[MB19] a member that is removed by a %s ends with %s, and does not come back", (type, code) => {
    const { world, ada, bob } = pair();
    ada.request({ type, peerId: peerIdOf(bob) });
    world.run(60_000);
    expect(bob.events.at(-1)).toMatchObject({ type: "closed", failure: { code } });
    expect(bob.attemptsMs).toHaveLength(1);
  });

  test("[MB20] a page whose seat another page took ends, and does not fight for it", () => {
    const { world, bob } = pair();
    world.add({ type: "resume", code: "KXRTM", secret: bob.member.admission?.resumeSecret ?? "" });
    world.run(60_000);
    expect(bob.events.at(-1)).toMatchObject({ type: "closed", failure: { code: "SEAT_TAKEN" } });
    expect(bob.attemptsMs).toHaveLength(1);
  });

  test("[MB21] a broker that shuts down is waited for", () => {
    const { world, ada } = pair();
    world.broker.goodbye(ada.socket, "SHUTTING_DOWN");
    world.run(5_000);
    expect(ada.names.slice(-2)).toContain("broker-back");
    expect(ada.member.connected).toBe(true);
  });
});
