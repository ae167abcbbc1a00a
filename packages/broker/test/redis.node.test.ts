import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { lobbyChannel } from "../src/node-bus.ts";
import { StoreUnavailable, type SharedState } from "../src/shared-state.ts";
import { claimStoreContract } from "./claim-store-contract.ts";
import { code, TestLobby } from "./lobby-fixture.ts";
import { lobbyStoreContract } from "./lobby-store-contract.ts";
import { nodeBusContract } from "./node-bus-contract.ts";
import { nodeTableContract } from "./node-table-contract.ts";
import { onceStoreContract } from "./once-store-contract.ts";
import { describeLobbyDirectory, listing } from "./lobby-directory-contract.ts";
import { RedisServer } from "./redis-server.ts";
import { freshPrefix, RedisStates, up } from "./redis-states.ts";

/** Long enough that a busy machine, which stands still for a moment, is not late by half of it. */
const REST_MS = 2_000;
const passMs = (ms: number): Promise<void> => sleep(ms);

let server: RedisServer;
/** In the mode of a cluster a command whose keys lie in two slots is refused, whichever node has them. */
let clustered: RedisServer;
const states = new RedisStates();

beforeAll(async () => {
  [server, clustered] = await Promise.all([RedisServer.start(), RedisServer.start("--cluster-enabled", "yes")]);
  await clustered.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  while (!(await clustered.ask("CLUSTER", "INFO")).includes("cluster_state:ok")) await sleep(20);
});

afterEach(() => states.close());

afterAll(() => Promise.all([server.dispose(), clustered.dispose()]));

function connect(url: string, prefix?: string, keptMs = 60_000, handleDown?: (reason: string) => void): Promise<SharedState> {
  return states.connect(url, { codeRestMs: REST_MS, keptMs, ...(prefix && { prefix }), ...(handleDown && { handleDown }) });
}

describe.each(["a server", "a node of a cluster"])("%s", (kind) => {
  const url = (): string => (kind === "a server" ? server : clustered).url;
  lobbyStoreContract(async () => (await connect(url(), undefined, REST_MS)).lobbies, { restMs: REST_MS, passMs });
  onceStoreContract(async () => (await connect(url())).once, passMs);
  claimStoreContract(async () => (await connect(url())).claims, passMs);
  describeLobbyDirectory("directory", async () => ({ directory: (await connect(url())).directory, close: () => Promise.resolve() }));
  nodeTableContract(async () => (await connect(url())).nodes, passMs);
  nodeBusContract(async (count) => {
    const prefix = freshPrefix();
    return Promise.all(Array.from({ length: count }, async () => (await connect(url(), prefix)).bus));
  });

  test("[CL6] each write of a lobby is told on its channel, with the version that it has now", async () => {
    const state = await connect(url());
    const texts: string[] = [];
    const KXRTM = code("KXRTM");
    const { record } = new TestLobby();
    const heard = new Promise<void>((resolve) => {
      void state.bus.subscribe(lobbyChannel(KXRTM), (text) => void (texts.push(text) === 3 && resolve()));
    });
    await state.lobbies.compareAndSet(KXRTM, 0, record);
    await state.lobbies.compareAndSet(KXRTM, 0, record);
    await state.lobbies.compareAndSet(KXRTM, 1, record);
    await state.lobbies.compareAndSet(KXRTM, 2, undefined);
    await heard;
    expect(texts).toEqual(['{"written":1}', '{"written":2}', '{"written":3}']);
  });

  test("[CL7] a lobby that nobody keeps is forgotten, and not counted", async () => {
    const { lobbies } = await connect(url(), undefined, REST_MS);
    await lobbies.compareAndSet(code("KXRTM"), 0, new TestLobby().record);
    expect(await lobbies.count()).toBe(1);
    await passMs(REST_MS + 20);
    expect([await lobbies.count(), await lobbies.load(code("KXRTM"))]).toEqual([0, { version: 0, record: undefined }]);
  });
});

test("[CL100] what comes to Redis after its time is not written, however long its node stood still", async () => {
  const { lobbies, bus } = await connect(server.url);
  const KXRTM = code("KXRTM");
  const { record } = new TestLobby();
  const notAfterMs = bus.nowMs() + 1_500;
  expect(await lobbies.compareAndSet(KXRTM, 0, record, notAfterMs)).toBe(true);
  await passMs(1_520);
  await expect(lobbies.compareAndSet(KXRTM, 1, { ...record, nextOrder: 99 }, notAfterMs)).rejects.toThrow(StoreUnavailable);
  expect(await lobbies.load(KXRTM)).toEqual({ version: 1, record });
});

test("[CL30] of what nodes say of a lobby in the list the youngest counts, in whichever order it comes; what has no node any more goes by itself", async () => {
  const { directory, lobbies } = await connect(server.url, undefined, REST_MS);
  const told = (revision: number, text: string | undefined, openedAtMs = 1_000): Promise<void> => {
    const shown = listing("KXRTM", { hostName: text ?? "" });
    return directory.set({ game: "tag", code: shown.code, age: { openedAtMs, revision }, listing: text === undefined ? undefined : shown });
  };
  const names = async (): Promise<readonly string[]> => (await directory.list("tag")).map(({ hostName }) => hostName);
  await told(3, "three");
  await told(2, "two");
  expect(await names()).toEqual(["three"]);
  await told(5, undefined);
  await told(4, "four");
  expect(await names()).toEqual([]);
  await told(1, "another life", 2_000);
  await lobbies.compareAndSet(code("KXRTM"), 0, new TestLobby().record);
  await passMs(REST_MS / 2);
  await lobbies.keep(code("KXRTM"));
  await passMs(REST_MS / 2 + 20);
  expect(await names()).toEqual(["another life"]);
  await passMs(REST_MS + 20);
  expect(await names()).toEqual([]);
  expect(await directory.list("tag")).toEqual([]);
});

test("[CL8] while Redis stands still every call is refused within half a second and then at once, what waited is never written, and when it goes on all is heard again", async () => {
  const prefix = freshPrefix();
  const [state, other] = await Promise.all([connect(server.url, prefix), connect(server.url, prefix)]);
  const { record } = new TestLobby();
  const heard: string[] = [];
  let wake = (): void => undefined;
  await state.bus.subscribe("a:{x}", (text) => {
    heard.push(text);
    wake();
  });
  expect(await state.lobbies.compareAndSet(code("KXRTM"), 0, record)).toBe(true);
  server.freeze();
  await expect(state.lobbies.compareAndSet(code("KXRTM"), 1, { ...record, nextOrder: 99 })).rejects.toThrow("no answer within 450 ms");
  await expect(state.claims.take("id", { owner: "ada", leaseMs: 1_000 })).rejects.toThrow();
  while (state.bus.isUp) await sleep(10);
  const refusals = new Set<unknown>();
  for (let index = 0; index < 20_000; index++)
    refusals.add(await state.bus.publish("a:{x}", "lost").then(String, (error: Error) => error.message));
  expect([...refusals]).toEqual(["Redis is away."]);
  const back = Promise.all([up(state), up(other)]);
  await sleep(700);
  server.thaw();
  await back;
  expect((await state.lobbies.load(code("KXRTM"))).record?.nextOrder).toBe(record.nextOrder);
  const again = new Promise<void>((resolve) => (wake = resolve));
  await other.bus.publish("a:{x}", "back");
  await again;
  expect(heard).toEqual(["back"]);
});

test("[CL9] when Redis was killed and comes back it has what it answered for, scripts are known again, and texts are heard again", async () => {
  const own = await RedisServer.start();
  try {
    const state = await connect(own.url);
    const { record } = new TestLobby();
    let wake = (): void => undefined;
    const again = new Promise<void>((resolve) => (wake = resolve));
    await state.bus.subscribe("a:{x}", () => wake());
    await state.lobbies.compareAndSet(code("KXRTM"), 0, record);
    await own.kill();
    while (state.bus.isUp) await sleep(10);
    await expect(state.lobbies.load(code("KXRTM"))).rejects.toThrow("Redis is away.");
    // Asked for while it is away: refused, and heard all the same later.
    await expect(state.bus.subscribe("b:{x}", () => undefined)).rejects.toThrow("Redis is away.");
    await own.start();
    await up(state);
    const claimed = await state.claims.take("id", { owner: "ada", leaseMs: 1_000 });
    expect([claimed.ok, await state.bus.publish("a:{x}", "back"), await state.bus.publish("b:{x}", "back")]).toEqual([true, 1, 1]);
    await again;
  } finally {
    await own.dispose();
  }
});

test("[CL10] a node starts without Redis, and finds it when it is there", async () => {
  const own = await RedisServer.start();
  await own.kill();
  try {
    const state = states.open(own.url);
    await sleep(100);
    expect(state.bus.isUp).toBe(false);
    await own.start();
    expect((await (await up(state)).lobbies.load(code("KXRTM"))).version).toBe(0);
  } finally {
    await own.dispose();
  }
});

test("[CL92] a Redis that takes no writes (memory full, disk full, a replica, still loading) counts as away until it takes them, and says why once", async () => {
  const own = await RedisServer.start();
  try {
    const reasons: string[] = [];
    const state = await connect(own.url, undefined, undefined, (reason) => reasons.push(reason));
    const { lobbies, bus } = state;
    for (const [refuse, allow, reason] of [
      [["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "OOM"],
      [["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"], "READONLY"],
    ] as const) {
      await own.ask(...refuse);
      await expect(lobbies.compareAndSet(code("KXRTM"), 0, new TestLobby().record)).rejects.toThrow(StoreUnavailable);
      expect([bus.isUp, reasons.splice(0)]).toEqual([false, [reason]]);
      // It answers, and does not count as there for that, for nodes that start meanwhile neither.
      const heard: string[] = [];
      const late = states.open(own.url, { handleDown: (word) => heard.push(word) });
      await sleep(700);
      expect([bus.isUp, reasons, late.bus.isUp, heard]).toEqual([false, [], false, [reason]]);
      await own.ask(...allow);
      await up(state);
      expect(await lobbies.count()).toBe(0);
    }
  } finally {
    await own.dispose();
  }
});

test("[CL93] a list with more entries that nobody set for long than there may be commands is read all the same", async () => {
  const prefix = freshPrefix();
  const { directory } = await connect(server.url, prefix, REST_MS);
  const fill = `for index = 1, 11000 do redis.call("HSET", KEYS[1], "B" .. index, "1000 1 1 " .. ARGV[1]) end`;
  await server.ask("EVAL", fill, "1", `${prefix}:list:{tag}`, JSON.stringify(listing("KXRTM")));
  const first = await directory.list("tag");
  const second = await directory.list("tag");
  // Taken out a few at a time.
  expect(first.length).toBeGreaterThan(second.length);
  expect(second.length).toBeGreaterThan(10_000);
});
