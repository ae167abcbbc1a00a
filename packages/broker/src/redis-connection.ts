/** The one file that knows the Redis client. */
import { createHash } from "node:crypto";
import { createClient, ErrorReply } from "@redis/client";
import { SharedClock } from "./shared-clock.ts";
import { SharedDeadline } from "./shared-deadline.ts";
import { StoreUnavailable } from "./shared-state.ts";

/** A script, run whole or not at all. All its keys have one hash tag, so that a cluster finds them on one node. */
export class RedisScript {
  readonly #text: string;
  readonly #sha: string;

  constructor(text: string) {
    this.#text = text;
    this.#sha = createHash("sha1").update(text).digest("hex");
  }

  /** `send`: gives a command to Redis. */
  async run(key: string, words: readonly (string | number)[], send: (command: readonly string[]) => Promise<unknown>): Promise<unknown> {
    const rest = ["1", key, ...words.map(String)];
    try {
      return await send(["EVALSHA", this.#sha, ...rest]);
    } catch (error) {
      // A server that was started anew, or another one by now.
      if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return send(["EVAL", this.#text, ...rest]);
      throw error;
    }
  }
}

export interface RedisConnectionOptions {
  readonly url: string;
  /** Written to find out whether it does all that is asked of it. */
  readonly probeKey: string;
  readonly steadyMs: () => number;
  /** It is away, and why, in one word: once for each reason until it is back. */
  readonly handleDown: (reason: string) => void;
}

/**
 * An answer later than this is none. At half, a Redis that forks for its snapshot turns joiners away; at double, a join of three commands has no room in the second after which it is
 * told to come again.
 */
export const COMMAND_MS_MAX = 450;
/** How often it is asked for the time, which also shows that it lives. */
const BEAT_MS = 500;
/** Silence beyond the deadline after which the connection is given up, and with it all that waits. At half, a long fork costs a new connection; at double, waiting commands pile up. */
const SILENCE_MS_MAX = 1_500;
/** Until a new connection is given up, its greeting included. */
const CONNECT_MS_MAX = 1_500;
/** Between attempts to connect: at first, and at most. A connection that served for `settled` begins anew. */
const RECONNECT_MS = { least: 50, most: 1_000, settled: 5_000 } as const;
/** Commands that wait for an answer; beyond, they are refused. 200 joins at once need a thousand. */
const COMMANDS_MAX = 10_000;
/** Subscriptions that are renewed at a time. */
const SUBSCRIBE_STEP = 500;

type Client = ReturnType<typeof createOne>;

/**
 * One connection to Redis for commands and texts, always on its way back. Nothing waits for it: while it is down, and once it is silent for half a
 * second, commands are refused at once. It counts as up when everything that was subscribed is subscribed again and the clock is set. A Redis that
 * answers and refuses (it is full, or a replica by now) is left, too: the name may be another machine's at the next attempt.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  readonly #clock: SharedClock;
  readonly #deadline: SharedDeadline;
  readonly #channels = new Map<string, (text: string) => void>();
  readonly #upListeners: (() => void)[] = [];
  readonly #hear = (text: string, channel: string): void => this.#channels.get(channel)?.(text);
  #client: Client | undefined;
  #isUp = false;
  #isClosed = false;
  #downReason: string | undefined;
  #upAtMs = Infinity;
  /** Why we hang up ourselves. */
  #leftFor: string | undefined;
  #wake: () => void = () => undefined;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#clock = new SharedClock(options.steadyMs);
    this.#deadline = new SharedDeadline(COMMAND_MS_MAX, options.steadyMs);
    void this.#run();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Redis's clock; it never goes back. */
  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** What Redis's clock shows. */
  shownMs(): number {
    return this.#clock.shownMs();
  }

  /** `listener` is called each time that it is up again. */
  onUp(listener: () => void): void {
    this.#upListeners.push(listener);
  }

  command(words: readonly string[]): Promise<unknown> {
    return this.#ask((client) => client.sendCommand(words));
  }

  run(script: RedisScript, key: string, words: readonly (string | number)[]): Promise<unknown> {
    return script.run(key, words, (command) => this.command(command));
  }

  async subscribe(channel: string, listener: (text: string) => void): Promise<void> {
    this.#channels.set(channel, listener);
    await this.#ask((client) => client.sSubscribe(channel, this.#hear));
  }

  unsubscribe(channel: string): void {
    this.#channels.delete(channel);
    this.#ask((client) => client.sUnsubscribe(channel, this.#hear)).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    if (this.#client !== undefined) end(this.#client);
    this.#wake();
  }

  #ask<Value>(send: (client: Client) => Promise<Value>): Promise<Value> {
    if (!this.#isUp || this.#client === undefined) return Promise.reject(new StoreUnavailable("Redis is away."));
    return this.#deadline.within(send(this.#client)).catch((error: unknown) => {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      if (refusal !== LOST) this.#leave(refusal);
      throw new StoreUnavailable(refusal);
    });
  }

  #leave(reason: string): void {
    this.#isUp = false;
    this.#leftFor = reason;
    if (this.#client !== undefined) end(this.#client);
    this.#wake();
  }

  async #run(): Promise<void> {
    let waitMs: number = RECONNECT_MS.least;
    while (!this.#isClosed) {
      const client = createOne(this.#options.url);
      // What ends it is noticed by the beat; without a listener the process would end.
      client.on("error", () => undefined);
      try {
        await within(CONNECT_MS_MAX, client.connect());
        this.#client = client;
        this.#clock.reset();
        await this.#serve(client);
      } catch (error) {
        this.#noteDown(this.#leftFor ?? reasonOf(error));
      }
      this.#leftFor = undefined;
      if (this.#options.steadyMs() - this.#upAtMs > RECONNECT_MS.settled) waitMs = RECONNECT_MS.least;
      this.#upAtMs = Infinity;
      this.#isUp = false;
      this.#client = undefined;
      end(client);
      await this.#pause(waitMs * (0.5 + Math.random() / 2));
      waitMs = Math.min(2 * waitMs, RECONNECT_MS.most);
    }
  }

  /** Until it does not answer any more. */
  async #serve(client: Client): Promise<never> {
    await this.#probe(client);
    for (;;) {
      const sentMs = this.#options.steadyMs();
      const reply = client.sendCommand(["TIME"]);
      const isLate = await within(COMMAND_MS_MAX, reply).then(() => false, lateOrThrow);
      if (isLate) {
        this.#isUp = false;
        this.#noteDown(SILENT);
      }
      this.#clock.addSample(sentMs, this.#options.steadyMs(), readTimeMs(await within(isLate ? SILENCE_MS_MAX : COMMAND_MS_MAX, reply)));
      if (!this.#isUp) await this.#comeUp(client);
      await this.#pause(BEAT_MS);
      if (this.#isClosed) throw new StoreUnavailable("This node stops.");
    }
  }

  /** Whoever asks for the time, or reads, is answered by a Redis that is full or a replica, too; and each command may be forbidden to this user. */
  async #probe(client: Client): Promise<void> {
    await within(
      SILENCE_MS_MAX,
      PROBE.run(this.#options.probeKey, [], (command) => client.sendCommand(command)),
    );
  }

  async #comeUp(client: Client): Promise<void> {
    const channels = [...this.#channels.keys()];
    for (let first = 0; first < channels.length; first += SUBSCRIBE_STEP) {
      const step = channels.slice(first, first + SUBSCRIBE_STEP);
      await within(SILENCE_MS_MAX, Promise.all(step.map((channel) => client.sSubscribe(channel, this.#hear))));
    }
    this.#isUp = true;
    this.#upAtMs = this.#options.steadyMs();
    this.#downReason = undefined;
    // Asked for in the meantime, and refused.
    const known = new Set(channels);
    const missed = [...this.#channels.keys()].filter((channel) => !known.has(channel));
    await within(SILENCE_MS_MAX, Promise.all(missed.map((channel) => client.sSubscribe(channel, this.#hear))));
    for (const listener of this.#upListeners) listener();
  }

  #noteDown(reason: string): void {
    if (this.#isClosed || reason === this.#downReason) return;
    this.#downReason = reason;
    this.#options.handleDown(reason);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Each command that nodes need, once. The first write is one that a Redis without memory refuses: of a script it looks at no other. */
const PROBE = new RedisScript(`
local key = KEYS[1]
redis.call("TIME")
redis.call("SET", key, "1", "PX", 1000)
redis.call("EXISTS", key)
redis.call("PEXPIRE", key, 1000)
redis.call("DEL", key)
redis.call("HSET", key, "a", "1")
redis.call("HGET", key, "a")
redis.call("HMGET", key, "a")
redis.call("HGETALL", key)
redis.call("HEXISTS", key, "a")
redis.call("HDEL", key, "a")
redis.call("ZADD", key, 1, "a")
redis.call("ZCARD", key)
redis.call("ZREMRANGEBYSCORE", key, "-inf", "0")
redis.call("ZREM", key, "a")
redis.call("SPUBLISH", key, "")
`);

function createOne(url: string) {
  return createClient({
    url,
    // Ours: a client that is hung is thrown away, with all that waits in it.
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS_MAX },
    disableOfflineQueue: true,
    // Ours too (`COMMAND_MS_MAX`); the client's own would make a signal with a timer for each command.
    commandOptions: { timeout: 0 },
    commandsQueueMaxLength: COMMANDS_MAX,
    disableClientInfo: true,
    maintNotifications: "disabled",
  });
}

const SILENT = "silent";
/** The connection broke, or too much waits on it. */
const LOST = "lost";
/** What Redis says when it is not for now: memory or disk full, a replica, loading, too few replicas, a script that runs for long, a key of another machine; or not for this user. */
const NOT_NOW: ReadonlySet<string> = new Set([
  "OOM",
  "MISCONF",
  "READONLY",
  "LOADING",
  "MASTERDOWN",
  "NOREPLICAS",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "MOVED",
  "ASK",
  "BUSY",
  "NOPERM",
  "NOAUTH",
]);

/** Why nothing was done, where that may pass; `undefined`: another error, which is a bug. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof StoreUnavailable) return undefined;
  if (!(error instanceof ErrorReply)) return LOST;
  if (error.message.startsWith("ERR The user executing the script can't ")) return "NOPERM";
  // Of a script, `ERR` may stand before it.
  const word = /\b[A-Z]{3,20}\b(?= )/.exec(error.message.replace(/^ERR /, ""))?.[0] ?? "";
  return NOT_NOW.has(word) ? word : undefined;
}

function lateOrThrow(error: unknown): true {
  if (error instanceof StoreUnavailable) return true;
  throw error;
}

/** `ECONNREFUSED` of the system, `WRONGPASS` of Redis, or the error's name: never its text. */
function reasonOf(error: unknown): string {
  if (error instanceof StoreUnavailable) return SILENT;
  if (!(error instanceof Error)) return "unknown";
  const refusal = refusalOf(error);
  if (refusal !== undefined && refusal !== LOST) return refusal;
  if ("code" in error && typeof error.code === "string") return error.code;
  return /^[A-Z]{3,20}(?= )/.exec(error.message)?.[0] ?? error.name;
}

function end(client: Client): void {
  try {
    client.destroy();
  } catch {
    // It had ended.
  }
}

function readTimeMs(reply: unknown): number {
  const [seconds, micros] = Array.isArray(reply) ? reply.map(Number) : [];
  if (seconds === undefined || micros === undefined || !Number.isFinite(seconds + micros)) throw new Error("TIME gave no time");
  return seconds * 1_000 + micros / 1_000;
}

function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StoreUnavailable(`no answer within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
