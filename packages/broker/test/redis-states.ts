import { monotonicMs } from "../src/monotonic-ms.ts";
import { connectRedis, type RedisStateOptions } from "../src/redis-state.ts";
import type { SharedState } from "../src/shared-state.ts";

let prefixes = 0;

/** For keys that no other test has. */
export function freshPrefix(): string {
  return `test${++prefixes}`;
}

/** What a test connected, until it is over. Each has keys of its own, unless it names a prefix. */
export class RedisStates {
  readonly #states: SharedState[] = [];

  /** Perhaps not up yet. */
  open(url: string, options: Partial<Omit<RedisStateOptions, "url">> = {}): SharedState {
    const { prefix = freshPrefix(), ...others } = options;
    const times = { codeRestMs: 60_000, keptMs: 60_000, steadyMs: monotonicMs, handleDown: () => undefined };
    const state = connectRedis({ url, prefix, ...times, ...others });
    this.#states.push(state);
    return state;
  }

  connect(url: string, options: Partial<Omit<RedisStateOptions, "url">> = {}): Promise<SharedState> {
    return up(this.open(url, options));
  }

  close(): void {
    for (const state of this.#states.splice(0)) state.close();
  }
}

export async function up(state: SharedState): Promise<SharedState> {
  if (!state.bus.isUp) await new Promise<void>((resolve) => state.bus.onUp(resolve));
  return state;
}
