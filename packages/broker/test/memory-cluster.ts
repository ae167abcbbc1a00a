/** A model of Redis and of the connections to it, in one process: for tests of several nodes, in real and in virtual time. */
import type { LobbyCode } from "@rollcall/netcode/lobby-protocol";
import type { ClaimStore } from "../src/claim-store.ts";
import type { LobbyDirectory } from "../src/lobby-directory.ts";
import type { LobbyStore, StoredLobby } from "../src/lobby-store.ts";
import { MemoryClaimStore } from "../src/memory-claim-store.ts";
import { MemoryLobbyDirectory } from "../src/memory-lobby-directory.ts";
import { MemoryLobbyStore } from "../src/memory-lobby-store.ts";
import { MemoryOnceStore } from "../src/memory-once-store.ts";
import { lobbyChannel, type NodeBus } from "../src/node-bus.ts";
import type { NodeTable } from "../src/node-table.ts";
import type { OnceStore } from "../src/once-store.ts";
import { StoreUnavailable, type SharedState } from "../src/shared-state.ts";
import { MemoryNodeTable } from "./memory-node-table.ts";

/** As the Redis adapter has them. */
const COMMAND_MS_MAX = 450;
const BEAT_MS = 500;
const CODE_REST_MS = 600_000;

export interface MemoryClusterOptions {
  readonly nowMs: () => number;
  readonly codeRestMs?: number;
  /** The way to the store, and the way back; default: none, in the same turn of the loop. */
  readonly delayMs?: () => number;
}

/** What the nodes share. `hung`: it takes commands and answers when it goes on; `down`: it refuses. */
export class MemoryCluster {
  readonly options: MemoryClusterOptions;
  lobbies: MemoryLobbyStore;
  once: MemoryOnceStore;
  readonly directory = new MemoryLobbyDirectory();
  claims: MemoryClaimStore;
  table: MemoryNodeTable;
  readonly nodes = new Set<MemoryNode>();
  /** How long the process of a node stands still once it has heard that it has this claim. */
  stillMs: (key: string) => number = () => 0;
  #state: "up" | "hung" | "down" = "up";
  #waiting: (() => void)[] = [];

  constructor(options: MemoryClusterOptions) {
    this.options = options;
    this.lobbies = new MemoryLobbyStore(options.nowMs, options.codeRestMs ?? CODE_REST_MS);
    this.once = new MemoryOnceStore(options.nowMs);
    this.claims = new MemoryClaimStore(options.nowMs);
    this.table = new MemoryNodeTable(options.nowMs);
  }

  get state(): "up" | "hung" | "down" {
    return this.#state;
  }

  set state(state: "up" | "hung" | "down") {
    this.#state = state;
    const waiting = state === "hung" ? [] : this.#waiting.splice(0);
    for (const arrive of waiting) arrive();
    if (state === "down") for (const node of this.nodes) node.lose();
  }

  /** Everything that is stored is lost; the public list is not stored here. */
  forget(): void {
    const { nowMs, codeRestMs = CODE_REST_MS } = this.options;
    this.lobbies = new MemoryLobbyStore(nowMs, codeRestMs);
    this.once = new MemoryOnceStore(nowMs);
    this.claims = new MemoryClaimStore(nowMs);
    this.table = new MemoryNodeTable(nowMs);
  }

  /** A lobby as it was once: what was written since is lost. */
  async rewind(code: LobbyCode, { version, record }: StoredLobby): Promise<void> {
    this.forget();
    for (let written = 0; written < version; written++) await this.lobbies.compareAndSet(code, written, record);
  }

  node(): MemoryNode {
    const node = new MemoryNode(this);
    this.nodes.add(node);
    return node;
  }

  /** Runs a command once it has arrived. */
  arrive(run: () => void, refuse: (error: Error) => void): void {
    if (this.#state === "down") refuse(new StoreUnavailable("connection refused"));
    else if (this.#state === "hung") this.#waiting.push(() => this.arrive(run, refuse));
    else run();
  }
}

/** One node's connection. */
export class MemoryNode implements SharedState {
  readonly #cluster: MemoryCluster;
  readonly #listeners = new Map<string, (text: string) => void>();
  /** Of `#listeners`, those that the store knows of. */
  readonly #heard = new Set<string>();
  readonly #upListeners: (() => void)[] = [];
  #beat: NodeJS.Timeout | undefined;
  #isUp = true;
  #isCutOff = false;
  /** Rises when the connection is lost: what is on its way does not arrive. */
  #connection = 0;
  readonly lobbies: LobbyStore;
  readonly once: OnceStore;
  readonly directory: LobbyDirectory;
  readonly claims: ClaimStore;
  readonly bus: NodeBus;
  readonly nodes: NodeTable;

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
    this.lobbies = this.#createLobbies();
    this.once = {
      take: (id, lifeMs) => this.#call(() => cluster.once.take(id, lifeMs)),
      has: (id) => this.#call(() => cluster.once.has(id)),
    };
    this.claims = {
      take: async (key, wish) => {
        const answer = await this.#call(() => cluster.claims.take(key, wish));
        const stillMs = answer.ok ? cluster.stillMs(key) : 0;
        if (stillMs > 0) await new Promise((resolve) => setTimeout(resolve, stillMs));
        return answer;
      },
      renew: (key, claim) => this.#call(() => cluster.claims.renew(key, claim)),
      release: (key, token) => this.#call(() => cluster.claims.release(key, token)),
      find: (key) => this.#call(() => cluster.claims.find(key)),
    };
    this.directory = {
      set: (entry) => this.#call(() => cluster.directory.set(entry)),
      list: (game) => this.#call(() => cluster.directory.list(game)),
      watch: (game, handleChange) => cluster.directory.watch(game, handleChange),
    };
    this.bus = this.#createBus();
    this.nodes = { announce: (...words) => this.#call(() => cluster.table.announce(...words)) };
    this.#beat = setInterval(() => void this.#check(), BEAT_MS).unref();
  }

  /** Channels that it listens to. */
  get channelCount(): number {
    return this.#listeners.size;
  }

  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** The network between this node and the store. */
  set isCutOff(isCutOff: boolean) {
    this.#isCutOff = isCutOff;
    if (isCutOff) this.lose();
  }

  /** The connection breaks. */
  lose(): void {
    this.#connection++;
    this.#isUp = false;
    this.#heard.clear();
  }

  close(): void {
    this.lose();
    clearInterval(this.#beat);
    this.#beat = undefined;
    this.#cluster.nodes.delete(this);
  }

  /** The same connection, with `change` in place of what it has. */
  with(change: Partial<SharedState>): SharedState {
    const { lobbies, once, directory, claims, bus, nodes } = this;
    return { lobbies, once, directory, claims, bus, nodes, close: () => this.close(), ...change };
  }

  hear(channel: string, text: string): boolean {
    const connection = this.#connection;
    if (!this.#heard.has(channel)) return false;
    this.#later(() => {
      if (connection === this.#connection) this.#listeners.get(channel)?.(text);
    });
    return true;
  }

  #createLobbies(): LobbyStore {
    const cluster = this.#cluster;
    return {
      load: (code) => this.#call(() => cluster.lobbies.load(code)),
      compareAndSet: (code, version, next, notAfterMs = Infinity) => {
        const latestMs = Math.min(notAfterMs, cluster.options.nowMs() + COMMAND_MS_MAX);
        return this.#call(async () => {
          if (cluster.options.nowMs() > latestMs) throw new StoreUnavailable("too late");
          const isWritten = await cluster.lobbies.compareAndSet(code, version, next);
          if (isWritten) this.#spread(lobbyChannel(code), JSON.stringify({ written: version + 1 }));
          return isWritten;
        });
      },
      keep: (code) => this.#call(() => cluster.lobbies.keep(code)),
      count: () => this.#call(() => cluster.lobbies.count()),
    };
  }

  #createBus(): NodeBus {
    const isUp = (): boolean => this.#isUp;
    return {
      get isUp() {
        return isUp();
      },
      nowMs: () => this.#cluster.options.nowMs(),
      publish: (channel, text) => this.#call(() => this.#spread(channel, text)),
      subscribe: (channel, listener) => {
        this.#listeners.set(channel, listener);
        return this.#call(() => void this.#heard.add(channel));
      },
      unsubscribe: (channel) => {
        this.#listeners.delete(channel);
        this.#heard.delete(channel);
      },
      onUp: (listener) => void this.#upListeners.push(listener),
    };
  }

  #spread(channel: string, text: string): number {
    return [...this.#cluster.nodes].filter((node) => node.hear(channel, text)).length;
  }

  /** As the Redis client: refused at once while it is down, given up after the deadline, done by the store all the same if it gets there. */
  #call<Value>(run: () => Value | Promise<Value>): Promise<Value> {
    return this.#isUp ? this.#send(run) : Promise.reject(new StoreUnavailable("the store is away"));
  }

  #send<Value>(run: () => Value | Promise<Value>): Promise<Value> {
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new StoreUnavailable("no answer in time")), COMMAND_MS_MAX);
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        end();
      };
      const answer = (end: () => void): void =>
        this.#later(() => settle(connection === this.#connection ? end : () => reject(new StoreUnavailable("connection lost"))));
      const refuse = (error: Error): void => settle(() => reject(error));
      this.#later(() => {
        if (this.#isCutOff) return refuse(new StoreUnavailable("connection refused"));
        this.#cluster.arrive(() => {
          // What is written is written, also when the answer gets lost.
          Promise.resolve()
            .then(run)
            .then(
              (value) => answer(() => resolve(value)),
              (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
            );
        }, refuse);
      });
    });
  }

  #later(run: () => void): void {
    const delayMs = this.#cluster.options.delayMs?.() ?? 0;
    if (delayMs <= 0) run();
    else setTimeout(run, delayMs);
  }

  async #check(): Promise<void> {
    try {
      await this.#send(() => undefined);
    } catch {
      this.lose();
      return;
    }
    if (this.#isUp || this.#beat === undefined) return;
    this.#isUp = true;
    for (const channel of this.#listeners.keys()) this.#heard.add(channel);
    for (const listener of this.#upListeners) listener();
  }
}
