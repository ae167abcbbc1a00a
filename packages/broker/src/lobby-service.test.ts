import { LOBBY_PROTOCOL_VERSION, type LobbyCode, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { code, named, TAG } from "../test/lobby-fixture.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { LobbyRooms, type MemberSocket } from "./lobby-rooms.ts";
import { LobbyService, type Outcome, type Visitor } from "./lobby-service.ts";
import type { LobbyStore } from "./lobby-store.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";
import { createSecrets } from "./secrets.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const nowMs = (): number => Date.now();

/** A broker without sockets; `codes` are drawn in turn, then random ones. */
function broker(store: LobbyStore, codes: LobbyCode[] = [], failures: unknown[] = []): { service: LobbyService; rooms: LobbyRooms } {
  const secrets = createSecrets();
  const rooms = new LobbyRooms(() => undefined);
  const service = new LobbyService({
    store,
    rooms,
    secrets: { ...secrets, newCode: () => codes.shift() ?? secrets.newCode() },
    limits: { ...BROKER_LIMITS, lobbies: 3 },
    iceServers: [],
    nowMs,
    handleFailure: (error) => failures.push(error),
  });
  return { service, rooms };
}

const CREATE = {
  type: "create",
  protocol: LOBBY_PROTOCOL_VERSION,
  game: TAG,
  profile: named("Ada"),
  capacity: 2,
  settings: null,
  metadata: null,
} as const;

function joinOf(lobbyCode: string): Extract<LobbyCommand, { type: "join" }> {
  return { type: "join", protocol: LOBBY_PROTOCOL_VERSION, code: lobbyCode, game: TAG, profile: named("Bob") };
}

function visitor(): { visitor: Visitor; heard: string[]; outcomes: Outcome[] } {
  const heard: string[] = [];
  const outcomes: Outcome[] = [];
  const socket: MemberSocket = { sendText: (text) => heard.push(text), goodbye: (reason) => heard.push(reason) };
  return { visitor: { socket, address: "192.0.2.1", handleOutcome: (outcome) => outcomes.push(outcome) }, heard, outcomes };
}

async function create(service: LobbyService): Promise<{ code: string; outcome: Outcome; heard: string[] }> {
  const ada = visitor();
  await service.create(ada.visitor, CREATE);
  const [outcome] = ada.outcomes;
  if (outcome === undefined) throw new Error("no outcome");
  return { code: outcome.ok && outcome.membership !== undefined ? outcome.membership.code : "", outcome, heard: ada.heard };
}

test("[LB35] a new lobby takes another code when the drawn one is in use or at rest", async () => {
  const [B, C] = [code("BBBBB"), code("CCCCC")];
  const { service } = broker(new MemoryLobbyStore(nowMs, 600_000), [B, B, C, C, B]);
  const first = await create(service);
  expect(first.code).toBe("BBBBB");
  const second = await create(service);
  expect(second.code).toBe("CCCCC");
  if (!first.outcome.ok || first.outcome.membership === undefined) throw new Error("not admitted");
  await service.command(first.outcome.membership, { type: "leave" }, () => undefined);
  expect(["BBBBB", "CCCCC"]).not.toContain((await create(service)).code);
});

test("[LB36] two brokers on one store cannot both give away the last seat, whoever loads first", async () => {
  const store = new MemoryLobbyStore(nowMs, 600_000);
  const [left, right] = [broker(store), broker(store)];
  for (let round = 0; round < 3; round++) {
    const { code: lobbyCode } = await create(left.service);
    const [bob, cyd] = [visitor(), visitor()];
    await Promise.all([left.service.join(bob.visitor, joinOf(lobbyCode)), right.service.join(cyd.visitor, joinOf(lobbyCode))]);
    const outcomes = [...bob.outcomes, ...cyd.outcomes];
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    expect(outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal.code]))).toEqual(["LOBBY_FULL"]);
  }
});

test("[LB37] the broker holds so many lobbies and no more", async () => {
  const { service } = broker(new MemoryLobbyStore(nowMs, 600_000));
  for (let index = 0; index < 3; index++) expect((await create(service)).outcome.ok).toBe(true);
  expect((await create(service)).outcome).toEqual({ ok: false, refusal: { code: "SERVER_FULL" } });
});

test("[LB38] time alone takes seats back and closes the lobby, and nothing is left behind", async () => {
  const store = new MemoryLobbyStore(nowMs, 600_000);
  const { service, rooms } = broker(store);
  const { code: lobbyCode, outcome } = await create(service);
  if (!outcome.ok || outcome.membership === undefined) throw new Error("not admitted");
  const bob = visitor();
  await service.join(bob.visitor, joinOf(lobbyCode));
  const [joined] = bob.outcomes;
  if (joined?.ok !== true || joined.membership === undefined) throw new Error("not admitted");
  service.disconnected(outcome.membership, bob.visitor.socket);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(bob.heard.map((text) => (JSON.parse(text) as { change: { type: string } }).change.type)).toEqual([
    "member-disconnected",
    "host-changed",
  ]);
  service.disconnected(joined.membership, bob.visitor.socket);
  await vi.advanceTimersByTimeAsync(90_000);
  expect(rooms.memberCount).toBe(0);
  expect(await store.count()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("[LB39] what must happen is tried again until the store takes it", async () => {
  const memory = new MemoryLobbyStore(nowMs, 600_000);
  let down = false;
  const flaky: LobbyStore = {
    load: (lobbyCode) => (down ? Promise.reject(new Error("down")) : memory.load(lobbyCode)),
    compareAndSet: (lobbyCode, version, next) => memory.compareAndSet(lobbyCode, version, next),
    count: () => memory.count(),
  };
  const failures: unknown[] = [];
  const { service } = broker(flaky, [], failures);
  const { code: lobbyCode, outcome } = await create(service);
  if (!outcome.ok || outcome.membership === undefined) throw new Error("not admitted");
  down = true;
  service.disconnected(outcome.membership, visitor().visitor.socket);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(failures.length).toBeGreaterThan(1);
  down = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await memory.load(code(lobbyCode))).record?.lobby.members).toMatchObject([{ connected: false }]);
  service.close();
});
