import type { OnceStore } from "./once-store.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** What happened once on all nodes together. */
export class RedisOnceStore implements OnceStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async take(id: string, lifeMs: number): Promise<boolean> {
    return (await this.#connection.command(["SET", this.#keyOf(id), "1", "NX", "PX", String(Math.ceil(lifeMs))])) === "OK";
  }

  async has(id: string): Promise<boolean> {
    return (await this.#connection.command(["EXISTS", this.#keyOf(id)])) === 1;
  }

  #keyOf(id: string): string {
    return `${this.#prefix}:once:${id}`;
  }
}
