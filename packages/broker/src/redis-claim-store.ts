import type { Claim, ClaimAnswer, ClaimStore, ClaimWish } from "./claim-store.ts";
import { RedisScript, type RedisConnection } from "./redis-connection.ts";

/** A claim is a hash: `o` its owner, `t` its token, which is the microsecond in which it was taken, or one more than the token before. */
const NOW = `
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local claim = redis.call("HMGET", KEYS[1], "o", "t")
local token = tonumber(claim[2] or "0")
`;

/** ARGV: owner · lease · what may be taken over: 0 nothing, -1 anything, or a token     → token, whether it is new; or 0, owner, token, age in µs */
const TAKE = new RedisScript(`${NOW}
if claim[1] and claim[1] ~= ARGV[1] and ARGV[3] ~= "-1" and tonumber(ARGV[3]) ~= token then
  return { "0", claim[1], claim[2], tostring(math.max(0, now - token)) }
end
token = string.format("%.0f", math.max(now, token + 1))
redis.call("HSET", KEYS[1], "o", ARGV[1], "t", token)
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return { token, claim[1] == ARGV[1] and "again" or "new" }
`);

/** ARGV: owner · lease · token     → 1 renewed, 0 somebody else's */
const RENEW = new RedisScript(`${NOW}
if claim[1] and token ~= tonumber(ARGV[3]) then return 0 end
redis.call("HSET", KEYS[1], "o", ARGV[1], "t", ARGV[3])
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return 1
`);

/** ARGV: token */
const RELEASE = new RedisScript(`
if tonumber(redis.call("HGET", KEYS[1], "t") or "0") == tonumber(ARGV[1]) then redis.call("DEL", KEYS[1]) end
`);

/** Claims of all nodes. Tokens are made of Redis's clock, so that they rise also where the claim before was lost. */
export class RedisClaimStore implements ClaimStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async take(key: string, { owner, leaseMs, over }: ClaimWish): Promise<ClaimAnswer> {
    const reply = await this.#connection.run(TAKE, this.#keyOf(key), [owner, leaseMs, over === "anybody" ? -1 : (over ?? 0)]);
    const [token, word, held, ageUs] = wordsOf(reply);
    if (token !== "0") return { ok: true, token: Number(token), isNew: word === "new" };
    return { ok: false, holder: { owner: String(word), token: Number(held), ageMs: Number(ageUs) / 1_000 } };
  }

  async renew(key: string, { owner, token, leaseMs }: { owner: string; token: number; leaseMs: number }): Promise<boolean> {
    return (await this.#connection.run(RENEW, this.#keyOf(key), [owner, leaseMs, token])) === 1;
  }

  async release(key: string, token: number): Promise<void> {
    await this.#connection.run(RELEASE, this.#keyOf(key), [token]);
  }

  async find(key: string): Promise<Claim | undefined> {
    const [owner, token] = wordsOf(await this.#connection.command(["HMGET", this.#keyOf(key), "o", "t"]));
    if (typeof owner !== "string" || typeof token !== "string") return undefined;
    return { owner, token: Number(token), ageMs: Math.max(0, this.#connection.nowMs() - Number(token) / 1_000) };
  }

  #keyOf(key: string): string {
    return `${this.#prefix}:claim:${key}`;
  }
}

function wordsOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
