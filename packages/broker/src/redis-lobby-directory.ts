import type { LobbyCode, LobbyListing } from "@rollcall/netcode/lobby-protocol";
import type { DirectoryEntry, LobbyDirectory } from "./lobby-directory.ts";
import { lobbyChannel, type NodeBus } from "./node-bus.ts";
import { RedisScript, type RedisConnection } from "./redis-connection.ts";

export interface RedisLobbyDirectoryOptions {
  readonly connection: RedisConnection;
  readonly bus: NodeBus;
  readonly prefix: string;
  /** An entry that nobody set for this long is looked after: its lobby may have been forgotten with the nodes that had it. */
  readonly keptMs: number;
}

/** A table that nobody sets anything in is gone after this. */
const TABLE_MS = 86_400_000;
/** What is not shown any more is remembered for this long, so that a late word of before does not show it again. */
const GONE_MS = 60_000;
/** Old entries that one reading of a list looks after, two commands each: the rest waits for the next one. At half, a list of ten thousand is looked through in 80 readings; many times as many, and a join behind them is late. */
const LOOKED_AFTER_MAX = 256;

/**
 * A game's list is a hash by code; an entry is `openedAtMs revision setAtMs listing`, without a listing for what is gone. Of two words about a lobby the
 * younger counts, in whichever order they come; that something is gone which never was there changes nothing.
 *
 *   ARGV: code · openedAtMs · revision · setAtMs · listing as JSON, or empty · life of the table
 */
const SET = new RedisScript(`
local held = redis.call("HGET", KEYS[1], ARGV[1])
if held then
  local openedAtMs, revision = string.match(held, "^(%S+) (%S+) ")
  openedAtMs, revision = tonumber(openedAtMs), tonumber(revision)
  if openedAtMs > tonumber(ARGV[2]) or (openedAtMs == tonumber(ARGV[2]) and revision >= tonumber(ARGV[3])) then return 0 end
elseif ARGV[5] == "" then
  return 0
end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2] .. " " .. ARGV[3] .. " " .. ARGV[4] .. " " .. ARGV[5])
redis.call("PEXPIRE", KEYS[1], ARGV[6])
redis.call("SPUBLISH", KEYS[1], ARGV[1])
return 1
`);

interface Entry {
  readonly code: LobbyCode;
  /** As it stands there. */
  readonly text: string;
  readonly setAtMs: number;
  readonly listing: LobbyListing | undefined;
}

/** The public list of all nodes. */
export class RedisLobbyDirectory implements LobbyDirectory {
  readonly #options: RedisLobbyDirectoryOptions;
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(options: RedisLobbyDirectoryOptions) {
    this.#options = options;
    options.bus.onUp(() => {
      for (const game of this.#watchers.keys()) this.#tell(game);
    });
  }

  async set({ game, code, age, listing }: DirectoryEntry): Promise<void> {
    const { connection, prefix } = this.#options;
    const text = listing === undefined ? "" : JSON.stringify(listing);
    const words = [code, age.openedAtMs, age.revision, Math.floor(connection.nowMs()), text, TABLE_MS];
    await connection.run(SET, `${prefix}:${channelOf(game)}`, words);
  }

  async list(game: string): Promise<readonly LobbyListing[]> {
    const { connection, prefix, keptMs } = this.#options;
    const entries = readEntries(await connection.command(["HGETALL", `${prefix}:${channelOf(game)}`]));
    const nowMs = connection.nowMs();
    const old = entries.filter(({ setAtMs, listing }) => nowMs - setAtMs > (listing === undefined ? GONE_MS : keptMs));
    if (old.length === 0) return shownOf(entries);
    const dead = new Set(await this.#lookAfter(game, old.slice(0, LOOKED_AFTER_MAX)));
    return shownOf(entries.filter((entry) => !dead.has(entry)));
  }

  watch(game: string, handleChange: () => void): () => void {
    const { bus } = this.#options;
    const watchers = this.#watchers.get(game) ?? new Set<() => void>();
    if (watchers.size === 0) bus.subscribe(channelOf(game), () => this.#tell(game)).catch(() => undefined);
    this.#watchers.set(game, watchers);
    watchers.add(handleChange);
    return () => {
      watchers.delete(handleChange);
      if (watchers.size > 0 || this.#watchers.get(game) !== watchers) return;
      this.#watchers.delete(game);
      bus.unsubscribe(channelOf(game));
    };
  }

  #tell(game: string): void {
    for (const handleChange of this.#watchers.get(game) ?? []) handleChange();
  }

  /** Those of `old` whose lobbies are no more, taken out; the others are good for another while. */
  async #lookAfter(game: string, old: readonly Entry[]): Promise<readonly Entry[]> {
    const { connection, prefix } = this.#options;
    const key = `${prefix}:${channelOf(game)}`;
    const lives = await Promise.all(old.map(({ code }) => connection.command(["HEXISTS", `${prefix}:${lobbyChannel(code)}`, "r"])));
    const stamp = String(Math.floor(connection.nowMs()));
    await Promise.all(
      old.map((entry, index) => {
        const { code, text } = entry;
        const next = lives[index] === 1 && entry.listing !== undefined ? text.replace(/^(\S+ \S+) \S+/, `$1 ${stamp}`) : "";
        return connection.run(REPLACE, key, [code, text, next]);
      }),
    );
    return old.filter(({ listing }, index) => lives[index] !== 1 || listing === undefined);
  }
}

/** ARGV: code · what stands there · what shall stand there, or empty */
const REPLACE = new RedisScript(`
if redis.call("HGET", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == "" then return redis.call("HDEL", KEYS[1], ARGV[1]) end
return redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
`);

function channelOf(game: string): string {
  return `list:{${game}}`;
}

/** RESP 3 gives an object, RESP 2 a list of names and values. */
function readEntries(reply: unknown): readonly Entry[] {
  const pairs: (readonly [unknown, unknown])[] = [];
  if (Array.isArray(reply)) for (let index = 0; index < reply.length; index += 2) pairs.push([reply[index], reply[index + 1]]);
  else if (typeof reply === "object" && reply !== null) pairs.push(...Object.entries(reply));
  return pairs.flatMap(([code, text]) => {
    const match = typeof text === "string" ? /^\S+ \S+ (\S+) (.*)$/s.exec(text) : null;
    if (typeof code !== "string" || typeof text !== "string" || match === null) return [];
    const [, setAtMs, listing = ""] = match;
    // Written by a node of ours.
    const parsed = listing === "" ? undefined : (JSON.parse(listing) as LobbyListing);
    return [{ code: code as LobbyCode, text, setAtMs: Number(setAtMs), listing: parsed }];
  });
}

function shownOf(entries: readonly Entry[]): readonly LobbyListing[] {
  return entries.flatMap(({ listing }) => listing ?? []);
}
