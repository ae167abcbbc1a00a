/** Two nodes of this broker on a Redis of their own, beside two that do nothing but carry. */
import { RedisServer } from "../../../packages/broker/test/redis-server.ts";
import { median, quantile } from "../quantile.ts";
import type { BareNodeApi } from "./bare-node.ts";
import type { Passage } from "./load-process.ts";
import { PARALLEL, SIGNALS, startBroker, startChild, startLoad, usedMicros } from "./started.ts";

/** Of each kind. */
const NODE_PAIRS = 200;
const NODE_ROUNDS = 9;
/** Kinds of pairs, in the order in which they connect, which take turns. `bare`: at nodes that only carry. */
const NODE_KINDS = ["cross", "same", "bareSame", "bareCross", "redis"] as const;
const NODE_PACE = { perSecond: 1_000, seconds: 3, parts: NODE_KINDS.length } as const;

type NodeKind = (typeof NODE_KINDS)[number];

/** A table. Pairs of all kinds signal side by side, so that whatever else the machine does falls on all. */
export async function nodeTable(): Promise<string[]> {
  const redis = await RedisServer.start("--appendfsync", "everysec");
  const nodes = [await startBroker("rollcall", redis.url), await startBroker("rollcall", redis.url)] as const;
  const bareNodes = [
    await startChild<BareNodeApi>("bare-node", "0", String(redis.port)),
    await startChild<BareNodeApi>("bare-node", "1", String(redis.port)),
  ] as const;
  const load = await startLoad();
  try {
    const [port, otherPort] = await Promise.all([nodes[0].call("port", undefined), nodes[1].call("port", undefined)]);
    const nodePorts = await Promise.all([bareNodes[0].call("port", undefined), bareNodes[1].call("port", undefined)]);
    const count = 2 * NODE_PAIRS;
    await load.call("connect", { port, otherPort, count, parallel: PARALLEL });
    // Warm, as nodes are that run for longer than a bench.
    await load.call("relay", SIGNALS);
    const used = async (): Promise<readonly number[]> => [
      (await usedMicros(nodes[0])) + (await usedMicros(nodes[1])),
      await redis.usedMicros(),
    ];
    const before = await used();
    await load.call("relay", SIGNALS);
    const micros = (await used()).map((after, index) => (after - (before[index] ?? 0)) / (count * SIGNALS));
    await load.call("connect", { port, count, parallel: PARALLEL });
    await load.call("connectBare", { redisPort: redis.port, nodePorts, pairs: NODE_PAIRS });
    for (let round = 0; round < 2; round++) await load.call("relay", SIGNALS);
    await load.call("pace", NODE_PACE);
    const rounds: NodeRound[] = [];
    for (let round = 0; round < NODE_ROUNDS; round++) rounds.push(byKind(await load.call("pace", NODE_PACE)));
    return nodesTable(rounds, micros);
  } finally {
    await Promise.all([...nodes, ...bareNodes, load].map((child) => child.end()));
    await redis.dispose();
  }
}

type NodeRound = Readonly<Record<NodeKind, readonly Passage[]>>;

function byKind(passages: readonly Passage[]): NodeRound {
  const of = (kind: number): readonly Passage[] => passages.filter(({ pair }) => Math.floor(pair / NODE_PAIRS) === kind);
  return { cross: of(0), same: of(1), bareSame: of(2), bareCross: of(3), redis: of(4) };
}

/** `micros`: processor time that a signal from node to node takes of both nodes, and of Redis. */
function nodesTable(rounds: readonly NodeRound[], micros: readonly number[]): string[] {
  const row = (label: string, share: number): string[] => {
    const of = (kind: NodeKind): readonly number[] =>
      rounds.map((round) =>
        quantile(
          round[kind].map(({ ms }) => ms),
          share,
        ),
      );
    const line = (name: string, same: NodeKind | undefined, cross: NodeKind, ratio: (round: number) => number): string => {
      const shown = (kind: NodeKind | undefined): string => (kind === undefined ? "" : `${median(of(kind)).toFixed(2)} ms`);
      return `| ${name}, ${label} | ${shown(same)} | ${shown(cross)} | ${median(rounds.map((_, round) => ratio(round))).toFixed(2)} |`;
    };
    const at = (kind: NodeKind, round: number): number => of(kind)[round] ?? Number.NaN;
    return [
      line("this broker", "same", "cross", (round) => at("cross", round) / at("same", round)),
      line("nodes that only carry", "bareSame", "bareCross", (round) => at("bareCross", round) / at("bareSame", round)),
      line("Redis alone", undefined, "redis", (round) => (at("same", round) + at("redis", round)) / at("same", round)),
    ];
  };
  const [ofNodes, ofRedis] = micros.map((each) => each.toFixed(1));
  return [
    `| two nodes on Redis, ${NODE_PACE.perSecond} signals a second | at one node | from node to node | ratio |`,
    "|---|---|---|---|",
    ...row("median", 0.5),
    ...row("p99", 0.99),
    `| processor time of a signal, of both nodes, and of Redis | | ${ofNodes} + ${ofRedis} µs | |`,
  ];
}
