import type { NodeBus } from "./node-bus.ts";
import { RedisClaimStore } from "./redis-claim-store.ts";
import { RedisConnection } from "./redis-connection.ts";
import { RedisLobbyDirectory } from "./redis-lobby-directory.ts";
import { RedisLobbyStore } from "./redis-lobby-store.ts";
import { RedisNodeTable } from "./redis-node-table.ts";
import { RedisOnceStore } from "./redis-once-store.ts";
import type { SharedState } from "./shared-state.ts";

export interface RedisStateOptions {
  /** `redis://` or `rediss://`, with user and password. */
  readonly url: string;
  /** Before every key and channel: clusters of other games may use the same Redis. Those in other databases of it are others, too. */
  readonly prefix: string;
  readonly codeRestMs: number;
  /** After this without a node that has somebody in it, a lobby is forgotten. */
  readonly keptMs: number;
  readonly steadyMs: () => number;
  /** Redis is away, and why, in one word: once for each reason until it is back. */
  readonly handleDown: (reason: string) => void;
}

/** All that nodes share, in one Redis (7.0 or newer). Never waits for it: until it answers, it is down. */
export function connectRedis({ url, prefix: name, codeRestMs, keptMs, steadyMs, handleDown }: RedisStateOptions): SharedState {
  const prefix = prefixOf(name, url);
  const connection = new RedisConnection({ url, probeKey: `${prefix}:probe`, steadyMs, handleDown });
  const bus: NodeBus = {
    get isUp() {
      return connection.isUp;
    },
    nowMs: () => connection.nowMs(),
    publish: (channel, text) => connection.command(["SPUBLISH", `${prefix}:${channel}`, text]).then(Number),
    subscribe: (channel, listener) => connection.subscribe(`${prefix}:${channel}`, listener),
    unsubscribe: (channel) => connection.unsubscribe(`${prefix}:${channel}`),
    onUp: (listener) => connection.onUp(listener),
  };
  return {
    lobbies: new RedisLobbyStore({ connection, prefix, codeRestMs, keptMs }),
    directory: new RedisLobbyDirectory({ connection, bus, prefix, keptMs }),
    once: new RedisOnceStore(connection, prefix),
    claims: new RedisClaimStore(connection, prefix),
    bus,
    nodes: new RedisNodeTable(connection, prefix),
    close: () => connection.close(),
  };
}

/** Databases of one Redis have their own keys, and all channels in common. A name has no `@`. */
function prefixOf(name: string, url: string): string {
  const database = Number(new URL(url).pathname.slice(1));
  return database === 0 ? name : `${name}@${database}`;
}
