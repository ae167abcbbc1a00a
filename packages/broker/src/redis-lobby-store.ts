import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { LobbyRecord } from "./lobby-record.ts";
import type { LobbyStore, StoredLobby } from "./lobby-store.ts";
import { lobbyChannel } from "./node-bus.ts";
import { COMMAND_MS_MAX, RedisScript, type RedisConnection } from "./redis-connection.ts";
import { StoreUnavailable } from "./shared-state.ts";

export interface RedisLobbyStoreOptions {
  readonly connection: RedisConnection;
  readonly prefix: string;
  readonly codeRestMs: number;
  /** A lobby for which nobody says `keep` is gone after this. */
  readonly keptMs: number;
}

/**
 * The one script that writes lobbies. `v` rises with each write, `r` is the record; without `r` the code rests until the key expires. A write that was
 * held up on its way is not done: who sent it has given up, and may have told so.
 *
 *   ARGV: expected version · record, or empty · ms until the key expires · time after which nothing is written     → 1 written, 0 another version, -1 too late
 */
const WRITE = new RedisScript(`
local time = redis.call("TIME")
if tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 > tonumber(ARGV[4]) then return -1 end
local version = redis.call("HGET", KEYS[1], "v") or "0"
if version ~= ARGV[1] then return 0 end
version = tostring(tonumber(version) + 1)
redis.call("HSET", KEYS[1], "v", version)
if ARGV[2] == "" then redis.call("HDEL", KEYS[1], "r") else redis.call("HSET", KEYS[1], "r", ARGV[2]) end
redis.call("PEXPIRE", KEYS[1], ARGV[3])
redis.call("SPUBLISH", KEYS[1], '{"written":' .. version .. '}')
return 1
`);

/** A closed lobby is not kept: its code rests for its time. */
const KEEP = new RedisScript(`
if redis.call("HEXISTS", KEYS[1], "r") == 0 then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[1])
`);

/** Codes by the time when they are gone. ARGV: now. */
const COUNT = new RedisScript(`
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", ARGV[1])
return redis.call("ZCARD", KEYS[1])
`);

/** Lobbies in Redis: each a hash under its code, and a table of all codes to count them by, which may be a moment behind. */
export class RedisLobbyStore implements LobbyStore {
  readonly #options: RedisLobbyStoreOptions;

  constructor(options: RedisLobbyStoreOptions) {
    this.#options = options;
  }

  async load(code: LobbyCode): Promise<StoredLobby> {
    const reply = await this.#options.connection.command(["HMGET", this.#keyOf(code), "v", "r"]);
    const [version, record]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    return {
      version: typeof version === "string" ? Number(version) : 0,
      // Written by a node of ours: nobody else has the password.
      record: typeof record === "string" ? (JSON.parse(record) as LobbyRecord) : undefined,
    };
  }

  async compareAndSet(
    code: LobbyCode,
    expectedVersion: number,
    next: LobbyRecord | undefined,
    notAfterMs: number = Infinity,
  ): Promise<boolean> {
    const { connection, codeRestMs, keptMs } = this.#options;
    const text = next === undefined ? "" : JSON.stringify(next);
    // As Redis will measure it: our clock stands where that one was set back.
    const latestMs = Math.min(notAfterMs, connection.shownMs() + COMMAND_MS_MAX);
    const words = [expectedVersion, text, next === undefined ? codeRestMs : keptMs, latestMs];
    const answer = await connection.run(WRITE, this.#keyOf(code), words);
    if (answer === -1) throw new StoreUnavailable("The write came too late.");
    if (answer === 1 && next === undefined) this.#note(["ZREM", this.#tableKey, code]);
    else if (answer === 1 && expectedVersion === 0) this.#noteKept(code);
    return answer === 1;
  }

  async keep(code: LobbyCode): Promise<boolean> {
    const isKept = (await this.#options.connection.run(KEEP, this.#keyOf(code), [this.#options.keptMs])) === 1;
    if (isKept) this.#noteKept(code);
    return isKept;
  }

  async count(): Promise<number> {
    const { connection } = this.#options;
    return Number(await connection.run(COUNT, this.#tableKey, [connection.nowMs()]));
  }

  #noteKept(code: LobbyCode): void {
    const { connection, keptMs } = this.#options;
    this.#note(["ZADD", this.#tableKey, String(connection.nowMs() + keptMs), code]);
  }

  /** In another slot than the lobby, so in a command of its own; one that is lost is made good by the next `keep`. */
  #note(words: readonly string[]): void {
    this.#options.connection.command(words).catch(() => undefined);
  }

  #keyOf(code: LobbyCode): string {
    return `${this.#options.prefix}:${lobbyChannel(code)}`;
  }

  get #tableKey(): string {
    return `${this.#options.prefix}:lobbies`;
  }
}
