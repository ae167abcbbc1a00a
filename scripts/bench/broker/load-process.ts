/** The clients of `pnpm bench:broker`, in a process of their own. */
import { performance } from "node:perf_hooks";
import { BareClient, bareId } from "./bare-client.ts";
import { BareRedis, type Signaler } from "./bare-redis.ts";
import { answerCalls } from "./bench-child.ts";
import { BenchClient } from "./bench-client.ts";

export interface Connecting {
  /** Of the server. */
  readonly port: number;
  /** Of the one that every second client, the other one of its pair, goes to. Left out: the same. */
  readonly otherPort?: number;
  readonly count: number;
  /** How many handshakes at a time. */
  readonly parallel: number;
}

export interface Pacing {
  readonly perSecond: number;
  readonly seconds: number;
  /** So many equal parts of all pairs take turns, so that each sees the same of what else happens. Default: 1. */
  readonly parts?: number;
}

/** A signal that arrived. */
export interface Passage {
  /** Whose, by number: pairs that connected first come first. */
  readonly pair: number;
  readonly ms: number;
}

export interface LoadApi {
  /** More clients, each from an address that nobody had before; they signal in pairs. */
  connect(options: Connecting): Promise<void>;
  /** After all others, pairs at one of two nodes that only carry, as many with an end at each, and as many that have nothing but Redis between them; these signal in `pace` alone. */
  connectBare(options: {
    readonly redisPort: number;
    readonly nodePorts: readonly [number, number];
    readonly pairs: number;
  }): Promise<void>;
  /** Each pair plays signals back and forth, one under way, until each client has sent so many. */
  relay(perClient: number): Promise<void>;
  /** Signals at a steady rate, pairs by turns: how long each was under way. */
  pace(options: Pacing): Promise<Passage[]>;
  /** One more client, which sends as fast as the server takes it, for so long; whatever becomes of it. Gives how many messages it got rid of. */
  flood(options: { readonly port: number; readonly seconds: number }): Promise<number>;
  /** Each client says a heartbeat once in five seconds, as PeerJS does. */
  idle(seconds: number): Promise<void>;
  /** All but those who came first. */
  close(options: { readonly kept: number }): Promise<void>;
}

type Pair = readonly [Signaler, Signaler];

const HEARTBEAT_MS = 5_000;

let clients: BenchClient[] = [];
let barePairs: readonly Pair[] = [];
let redisPairs: readonly Pair[] = [];
let addresses = Number(process.argv[2] ?? 0);
let ids = 0;

async function connect({ port, otherPort = port, count, parallel }: Connecting): Promise<void> {
  const first = ids;
  ids += count;
  const idOf = (index: number): string => `bench-${process.pid}-${first + index}`;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const client = new BenchClient(index % 2 === 0 ? port : otherPort, { own: idOf(index), other: idOf(index ^ 1) }, addresses++);
      await client.open();
      clients.push(client);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  clients = clients.toSorted((left, right) => Number(left.id.split("-")[2]) - Number(right.id.split("-")[2]));
}

async function connectBare({ redisPort, nodePorts, pairs: count }: Parameters<LoadApi["connectBare"]>[0]): Promise<void> {
  const openPair = async (index: number): Promise<Pair> => {
    const nodes = index < count ? ([0, 0] as const) : ([0, 1] as const);
    const [first, second] = [bareId(nodes[0], 2 * index), bareId(nodes[1], 2 * index + 1)];
    return Promise.all([
      BareClient.open(nodePorts[nodes[0]], { own: first, other: second }),
      BareClient.open(nodePorts[nodes[1]], { own: second, other: first }),
    ]);
  };
  barePairs = await Promise.all(Array.from({ length: 2 * count }, (_, index) => openPair(index)));
  const redis = await BareRedis.open(redisPort);
  redisPairs = Array.from({ length: count }, () => redis.pair());
}

function pairs(): readonly Pair[] {
  return clients.flatMap((client, index) => {
    const other = clients[index ^ 1];
    return index % 2 === 0 && other !== undefined ? [[client, other] as const] : [];
  });
}

async function relay(perClient: number): Promise<void> {
  const playing = [...pairs(), ...barePairs].map(
    ([first, second]) =>
      new Promise<void>((resolve) => {
        let left = 2 * perClient;
        const answer = (client: Signaler) => (): void => {
          if (--left > 0) client.signal();
          else resolve();
        };
        second.handleSignal = answer(second);
        first.handleSignal = answer(first);
        first.signal();
      }),
  );
  await Promise.all(playing);
}

async function pace({ perSecond, seconds, parts = 1 }: Pacing): Promise<Passage[]> {
  const all: readonly Pair[] = [...pairs(), ...barePairs, ...redisPairs];
  const partLength = all.length / parts;
  const passages: Passage[] = [];
  const total = perSecond * seconds;
  let sent = 0;
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    const sentAtMs = all.map(() => 0);
    for (const [index, [, second]] of all.entries()) {
      second.handleSignal = () => {
        passages.push({ pair: index, ms: performance.now() - (sentAtMs[index] ?? 0) });
        if (passages.length === total) resolve();
      };
    }
    const tick = (): void => {
      const due = Math.min(total, ((performance.now() - startMs) * perSecond) / 1_000);
      for (; sent < due; sent++) {
        const index = (sent % parts) * partLength + (Math.floor(sent / parts) % partLength);
        sentAtMs[index] = performance.now();
        all[index]?.[0].signal();
      }
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  });
  return passages;
}

async function flood({ port, seconds }: { readonly port: number; readonly seconds: number }): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  let sent = 0;
  while (performance.now() < endMs) {
    const number = ids++;
    const client = new BenchClient(port, { own: `flood-${process.pid}-${number}` }, addresses);
    try {
      await client.open();
      while (client.isOpen && performance.now() < endMs) {
        for (let count = 0; count < 200 && client.isWilling; count++, sent++) client.signal();
        // Held up, it leaves the processor to the others: what is measured is what the broker does for it.
        await new Promise((resolve) => (client.isWilling ? setImmediate(resolve) : setTimeout(resolve, 5)));
      }
    } catch {
      // Refused by now.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    client.end();
  }
  return sent;
}

async function idle(seconds: number): Promise<void> {
  const all = clients;
  const startMs = performance.now();
  for (let said = 0; performance.now() - startMs < seconds * 1_000;) {
    const due = ((performance.now() - startMs) * all.length) / HEARTBEAT_MS;
    for (; said < due; said++) all[said % all.length]?.heartbeat();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function close({ kept }: { readonly kept: number }): Promise<void> {
  const closing = clients.slice(kept);
  clients = clients.slice(0, kept);
  await Promise.all(closing.map((client) => client.close()));
}

answerCalls<LoadApi>({ connect, connectBare, relay, pace, flood, idle, close });
