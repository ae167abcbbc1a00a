import type { NodeTable } from "./node-table.ts";
import { RedisScript, type RedisConnection } from "./redis-connection.ts";

/** Longer than any lease: what no node renews is gone. */
const KEPT_MS = 60_000;

/** A hash: by node, when it ends, a space, and what it says. ARGV: node · text · lease · ms that the table is kept     → node, text, node, text, … */
const ANNOUNCE = new RedisScript(`
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call("HSET", KEYS[1], ARGV[1], string.format("%.0f ", now + tonumber(ARGV[3])) .. ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[4])
local all, living = redis.call("HGETALL", KEYS[1]), {}
for at = 1, #all, 2 do
  local ends, text = string.match(all[at + 1], "^(%d+) (.*)$")
  if ends and tonumber(ends) > now then
    table.insert(living, all[at])
    table.insert(living, text)
  else
    redis.call("HDEL", KEYS[1], all[at])
  end
end
return living
`);

export class RedisNodeTable implements NodeTable {
  readonly #connection: RedisConnection;
  readonly #key: string;

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#key = `${prefix}:node-table`;
  }

  async announce(node: string, text: string, leaseMs: number): Promise<ReadonlyMap<string, string>> {
    const reply = await this.#connection.run(ANNOUNCE, this.#key, [node, text, leaseMs, KEPT_MS]);
    const words = Array.isArray(reply) ? reply.map(String) : [];
    return new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? ""] as const] : [])));
  }
}
