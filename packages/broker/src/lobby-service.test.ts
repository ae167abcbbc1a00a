import { LOBBY_PROTOCOL_VERSION, LOBBY_TIMES, type LobbyCode, type LobbyCommand } from "@rollcall/netcode/lobby-protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { code, named, TAG } from "../test/lobby-fixture.ts";
import { PageKey } from "../test/page-key.ts";
import { BROKER_LIMITS } from "./limits.ts";
import { Counters } from "./counters.ts";
import { IceGrants } from "./ice-grants.ts";
import { LobbyRooms, type MemberSocket } from "./lobby-rooms.ts";
import { LobbyService } from "./lobby-service.ts";
import type { Outcome, Visitor } from "./lobby-visitor.ts";
import { ListingBoard } from "./listing-board.ts";
import { MemoryLobbyDirectory } from "./memory-lobby-directory.ts";
import type { LobbyStore } from "./lobby-store.ts";
import { MemoryLobbyStore } from "./memory-lobby-store.ts";
import { createSecrets, type Secrets } from "./secrets.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const nowMs = (): number => Date.now();

/** A broker without sockets; `codes` are drawn in turn, then random ones. */
function broker(
  store: LobbyStore,
  codes: LobbyCode[] = [],
  failures: unknown[] = [],
  secrets: Secrets = createSecrets(),
): { service: LobbyService; rooms: LobbyRooms } {
  const rooms = new LobbyRooms(() => undefined);
  const service = new LobbyService({
    store,
    rooms,
    secrets: { ...secrets, newCode: () => codes.shift() ?? secrets.newCode() },
    limits: { ...BROKER_LIMITS, lobbies: 3 },
    relaysFrames: false,
    iceGrants: new IceGrants({ iceServers: [], turn: () => [], secrets, wallMs: nowMs }),
    nowMs,
    wallMs: nowMs,
    seal: undefined,
    signer: undefined,
    board: new ListingBoard(new MemoryLobbyDirectory(), (error) => failures.push(error)),
    counters: new Counters(),
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

const ENTRANCE = { id: "entrance-of-ada-0123456789", attempt: 1 };

function newKey(): string {
  return new PageKey().key;
}

function joinOf(lobbyCode: string): Extract<LobbyCommand, { type: "join" }> {
  return { type: "join", protocol: LOBBY_PROTOCOL_VERSION, key: newKey(), code: lobbyCode, game: TAG, profile: named("Bob") };
}

function visitor(): { visitor: Visitor; heard: string[]; outcomes: Outcome[] } {
  const heard: string[] = [];
  const outcomes: Outcome[] = [];
  const socket: MemberSocket = { sendText: (text) => heard.push(text), sendFrame: () => false, goodbye: (reason) => heard.push(reason) };
  return {
    visitor: { socket, address: "192.0.2.1", takeLobby: () => true, handleOutcome: (outcome) => outcomes.push(outcome) },
    heard,
    outcomes,
  };
}

async function create(
  service: LobbyService,
  command: Omit<Extract<LobbyCommand, { type: "create" }>, "key"> & { key?: string } = CREATE,
): Promise<{ code: string; outcome: Outcome; heard: string[] }> {
  const ada = visitor();
  await service.create(ada.visitor, { key: newKey(), ...command });
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
  await service.command(first.outcome.membership, { command: { type: "leave" } }, () => undefined);
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

test("[LB47] a create that is asked again finds the lobby that its first attempt opened, at another broker too", async () => {
  const store = new MemoryLobbyStore(nowMs, 600_000);
  const secrets = createSecrets("one key");
  const [left, right] = [broker(store, [], [], secrets), broker(store, [], [], secrets)];
  const key = newKey();
  const first = await create(left.service, { ...CREATE, key, entrance: ENTRANCE });
  const second = await create(right.service, { ...CREATE, key, entrance: { ...ENTRANCE, attempt: 2 } });
  expect(second.code).toBe(first.code);
  expect(await store.count()).toBe(1);
  if (!first.outcome.ok || !second.outcome.ok || second.outcome.membership === undefined) throw new Error("not admitted");
  expect(second.outcome.membership.peerId).toBe(first.outcome.membership?.peerId);
  expect(second.outcome.admission.lobby.members).toHaveLength(1);
  // The socket that was lost may close late: it is not the member's any more.
  if (first.outcome.membership !== undefined) left.service.disconnected(first.outcome.membership, visitor().visitor.socket);
  await vi.advanceTimersByTimeAsync(0);
  expect((await store.load(code(second.code))).record?.lobby.members).toMatchObject([{ connected: true }]);
  for (const { service } of [left, right]) service.close();
});

test("[LB47] a create that was held up opens no second lobby; others open theirs although a code is taken", async () => {
  const store = new MemoryLobbyStore(nowMs, 600_000);
  const secrets = { ...createSecrets(), codeOf: (_entrance: string, index: number) => code(index === 0 ? "BBBBB" : "CCCCC") };
  const { service } = broker(store, [], [], secrets);
  expect((await create(service, { ...CREATE, entrance: { ...ENTRANCE, attempt: 2 } })).code).toBe("BBBBB");
  expect((await create(service, { ...CREATE, entrance: ENTRANCE })).outcome).toMatchObject({ ok: false, refusal: { code: "BAD_REQUEST" } });
  expect(await store.count()).toBe(1);
  const other = { id: "entrance-of-bob-0123456789", attempt: 1 };
  expect((await create(service, { ...CREATE, entrance: other })).code).toBe("CCCCC");
  expect((await create(service)).outcome.ok).toBe(true);
  // The broker is full now. A lobby that it holds already is found nevertheless.
  expect((await create(service, { ...CREATE, entrance: { id: "entrance-of-cyd-0123456789", attempt: 1 } })).outcome.ok).toBe(false);
  expect((await create(service, { ...CREATE, entrance: { ...other, attempt: 2 } })).code).toBe("CCCCC");
  service.close();
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
    keep: (code) => memory.keep(code),
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

test("[LS75] an idle lobby is closed by the clock alone: everybody hears of it before, and why at the end; its code rests", async () => {
  const store = new MemoryLobbyStore(nowMs, 600_000);
  const { service, rooms } = broker(store);
  const { code: lobbyCode, heard } = await create(service);
  const bob = visitor();
  await service.join(bob.visitor, joinOf(lobbyCode));
  const started = nowMs();
  await vi.advanceTimersByTimeAsync(BROKER_LIMITS.lobbyIdleMs - 1);
  expect(heard.filter((text) => text.includes("idle"))).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  for (const all of [heard, bob.heard]) expect(all.at(-1)).toContain('{"type":"idle-changed","idle":true}');
  await vi.advanceTimersByTimeAsync(LOBBY_TIMES.idleWarningMs - 1);
  expect(await store.count()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  for (const all of [heard, bob.heard]) expect(all.at(-1)).toBe("LOBBY_IDLE");
  // Not one of the others' leaving, which nobody would see the end of.
  expect(bob.heard.join("")).not.toContain("member-left");
  expect([await store.count(), rooms.memberCount, vi.getTimerCount()]).toEqual([0, 0, 0]);
  expect(nowMs() - started).toBe(BROKER_LIMITS.lobbyIdleMs + LOBBY_TIMES.idleWarningMs);
  const late = visitor();
  await service.join(late.visitor, joinOf(lobbyCode));
  expect(late.outcomes).toMatchObject([{ refusal: { code: "LOBBY_NOT_FOUND" } }]);
});
