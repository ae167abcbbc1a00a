import { describe, expect, test } from "vitest";
import { hostLobby, joinLobby } from "../src/facade/enter-lobby.ts";
import { LobbyLog } from "../src/facade/lobby-log.ts";
import type { LogEntry } from "../src/facade/log-types.ts";
import { NetcodeError } from "../src/facade/netcode-error.ts";
import { errorOf, options, openRoom, startAll, join, play } from "./facade-room.ts";
import { FacadeWorld } from "./facade-world.ts";

function codes(entries: readonly LogEntry[]): string[] {
  return entries.map(({ scope, code }) => `${scope} ${code}`);
}

describe("the log", () => {
  test("[CD41] tells what becomes of an entrance, links, members, the broker and a match", async () => {
    const entries: LogEntry[] = [];
    const room = await openRoom(0, { log: (entry) => entries.push(entry) });
    const guest = await join(room);
    await room.world.runUntil(() => guest.peers[0]?.status === "open");
    const matches = await startAll(room);
    play(matches);
    await room.world.run(1_000);
    room.world.broker.socketOf(room.host.me.peerId).drop();
    await room.world.run(3_000);
    room.pages[1]?.kill();
    await room.world.run(6_000);
    const told = codes(entries);
    expect(told.slice(0, 1)).toEqual(["lobby entered"]);
    for (const each of ["match started", "match synchronized", "broker broker-lost", "broker broker-back", "match suspect", "match seat-to-bot", "lobby member-gone"]) expect(told).toContain(each); // prettier-ignore
    const stages = entries.filter(({ code }) => code === "stage").map(({ fields }) => fields["stage"]);
    expect(stages).toContain("open");
    expect(entries.find(({ code }) => code === "member-gone")?.fields).toMatchObject({ reason: "killed", seat: 1 });
    expect(entries.every(({ atMs }, index) => atMs >= (entries[index - 1]?.atMs ?? 0))).toBe(true);
  });

  test("[CD41] tells an entrance that failed", async () => {
    const world = new FacadeWorld();
    const entries: LogEntry[] = [];
    await errorOf(world.until(joinLobby(world.page().environment, "ZZZZZ", { ...options("Ada"), log: (entry) => entries.push(entry) })));
    expect(entries).toMatchObject([{ level: "error", scope: "lobby", code: "LOBBY_NOT_FOUND", fields: { how: "join" } }]);
  });

  test("[CD42] holds no names, addresses, codes and secrets", async () => {
    const entries: LogEntry[] = [];
    const room = await openRoom(2, { log: (entry) => entries.push(entry) });
    await startAll(room);
    await room.world.run(2_000);
    const text = JSON.stringify(entries);
    expect(entries.length).toBeGreaterThan(4);
    for (const secret of ["Ada", "Bob", "Cyd", room.host.code, "secret-of", "token-of", room.host.me.peerId])
      expect(text).not.toContain(secret);
  });

  test("[CD43] at most 60 entries at once and 5 a second are written; the next says how many were left out", () => {
    let nowMs = 0;
    const entries: LogEntry[] = [];
    const log = new LobbyLog({ nowMs: () => nowMs, write: (entry) => entries.push(entry), reportError: () => {} });
    const note = (): void => log.noteEntrance("join", new NetcodeError("LOBBY_FULL"));
    for (let count = 0; count < 500; count++) note();
    expect(entries).toHaveLength(60);
    nowMs = 1_000;
    for (let count = 0; count < 50; count++) note();
    expect(entries).toHaveLength(65);
    expect(entries[60]?.fields["dropped"]).toBe(440);
    expect(entries[61]?.fields["dropped"]).toBeUndefined();
  });

  test("[CD44] a log that throws is reported once in a row, and the lobby goes on", async () => {
    const world = new FacadeWorld();
    const page = world.page();
    let isBroken = true;
    const log = (): void => {
      if (isBroken) throw new Error("the log is full");
    };
    const host = await world.until(hostLobby(page.environment, { ...options("Ada"), log }));
    await world.until(joinLobby(world.page().environment, host.code, options("Bob")));
    await world.run(500);
    isBroken = false;
    await world.run(500);
    expect(world.reported).toHaveLength(1);
    expect(host.peers[0]?.status).toBe("open");
  });
});

test("[CD40] every error names where it is explained; one of a peer that cannot be reached by its reason", () => {
  expect(new NetcodeError("LOBBY_NOT_FOUND").anchor).toBe("troubleshooting.md#lobby-not-found");
  const evidence = {
    stage: "answered",
    attempts: 2,
    isBrokerReachable: true,
    isPeerAbsent: false,
    localCandidates: ["srflx/udp"],
    remoteCandidates: [],
    iceServerErrors: [],
    hasTurn: false,
    isConnectionRefused: false,
    isDescriptionBad: false,
  } as const;
  const failure = { reason: "NEEDS_TURN", evidence } as const;
  expect(new NetcodeError("PEER_UNREACHABLE", { failure })).toMatchObject({ anchor: "troubleshooting.md#needs-turn", failure });
});
