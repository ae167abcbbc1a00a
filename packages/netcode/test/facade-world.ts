/** Lobbies of one process in virtual time: loopback transports, a broker double, and a clock that only `run` moves. */
import { LoopbackHub } from "../src/adapters/loopback.ts";
import type { Page, PageDeparture } from "../src/adapters/page.ts";
import type { OpenControlSocket } from "../src/adapters/websocket.ts";
import type { PeerId } from "../src/core/base/units.ts";
import type { Channel, SendOutcome, Transport } from "../src/core/ports/transport.ts";
import type { Ticker } from "../src/driver/ticker.ts";
import type { Environment } from "../src/facade/environment.ts";
import { LinkMesh } from "../src/core/link/link-mesh.ts";
import { LobbyRoom } from "../src/facade/lobby-room.ts";
import { BrokerDouble } from "./broker-double.ts";
import { standInCrypto } from "./stand-in-crypto.ts";
// What the facade loads when it is needed: virtual time does not wait for the disk of a busy machine.
import "../src/facade/file-exchange.ts";
import "../src/facade/lobby-list.ts";
import "../src/facade/lobby-log.ts";
import "../src/facade/lobby-password.ts";
import "../src/facade/running-match-parts.ts";

/** Virtual ms between two rounds of the world. */
const STEP_MS = 5;

interface LiveTicker {
  intervalMs: number;
  dueMs: number;
  readonly handleTick: (nowMs: number) => void;
}

export class FacadeWorld {
  nowMs = 1_000;
  readonly broker: BrokerDouble = new BrokerDouble();
  readonly hub: LoopbackHub = new LoopbackHub();
  readonly tickers = new Set<LiveTicker>();
  readonly transports = new Set<Transport>();
  /** Datagrams take this long. */
  latencyMs = 0;
  readonly #underWay: { readonly dueMs: number; readonly deliver: () => void }[] = [];
  /** What the games' own code threw. */
  readonly reported: unknown[] = [];

  #tokens = 0;
  #keys = 0;

  newToken(): string {
    // Hex digits, no two alike.
    return (Math.imul(++this.#tokens, 0x9e37_79b1) >>> 0).toString(16).padStart(8, "0").repeat(4);
  }

  nextKey(): number {
    return ++this.#keys;
  }

  /** One browser page. */
  page(): TestPage {
    return new TestPage(this);
  }

  later(deliver: () => void): void {
    this.#underWay.push({ dueMs: this.nowMs + this.latencyMs, deliver });
  }

  /** Lets `durationMs` pass for everybody. */
  async run(durationMs: number): Promise<void> {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs;) {
      this.nowMs += STEP_MS;
      while ((this.#underWay[0]?.dueMs ?? Infinity) <= this.nowMs) this.#underWay.shift()?.deliver();
      for (const ticker of this.tickers) {
        if (this.nowMs < ticker.dueMs) continue;
        ticker.dueMs = this.nowMs + ticker.intervalMs;
        ticker.handleTick(this.nowMs);
      }
      await settle();
    }
  }

  /** Runs until `done`, or fails after 60 virtual seconds. */
  async runUntil(done: () => boolean): Promise<void> {
    for (const endMs = this.nowMs + 60_000; !done();) {
      if (this.nowMs > endMs) throw new Error("60 virtual seconds were not enough");
      await this.run(STEP_MS);
    }
  }

  /** Runs until `promise` is settled. */
  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await settle();
    await this.runUntil(() => settled);
    return promise;
  }
}

/** Microtasks of loopback and broker double, as deep as they go. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

export class TestPage implements Page {
  readonly origin = "https://play.test";
  readonly storage = new Map<string, string>();
  /** Its network lets nothing through but the way to the broker. */
  unreachable = false;
  /** What it sends to its peers is lost. */
  silent = false;
  /** Pages to which its transport never gets a connection. */
  readonly cannotReach = new Set<TestPage>();
  #peerId: PeerId | undefined;
  /** Of the browser: a reload and other windows share it. */
  shared = new Map<string, string>();
  claims = new Set<string>();
  /** Draws one picture, as the screen would; nobody does on a hidden page. */
  readonly drawers = new Set<() => void>();
  readonly #world: FacadeWorld;
  readonly #pageHideListeners = new Set<(departure: PageDeparture) => void>();
  readonly #pageRestoreListeners = new Set<() => void>();
  readonly #ownTickers = new Set<LiveTicker>();
  readonly #ownTransports = new Set<Transport>();
  #seed = 7;

  constructor(world: FacadeWorld) {
    this.#world = world;
  }

  get environment(): Environment {
    const world = this.#world;
    return {
      page: this,
      createCrypto: () => Promise.resolve(standInCrypto(world.nextKey())),
      startTicker: (intervalMs, handleTick) => this.#startTicker(intervalMs, handleTick),
      openControlSocket: this.#openControlSocket,
      loadRoomParts: () =>
        Promise.resolve({
          createTransport: ({ localPeerId }) => {
            this.#peerId = localPeerId;
            return Object.assign(this.#track(world.hub.connect(localPeerId)), { admit: () => {} });
          },
          LinkMesh,
          LobbyRoom,
        }),
      // The real one computes in other threads, where virtual time does not wait for it.
      loadPasswordParts: () =>
        Promise.resolve({
          makeVerifier: async (password) => ({ salt: "stand-in", storedKey: btoa(password) }),
          provePassword: async (_environment, password, { code }) => ({ nonce: code, proof: btoa(password) }),
        }),
    };
  }

  get sessionStorage(): Page["sessionStorage"] {
    return {
      getItem: (key) => this.storage.get(key) ?? null,
      setItem: (key, value) => void this.storage.set(key, value),
      removeItem: (key) => void this.storage.delete(key),
    };
  }

  get localStorage(): Page["localStorage"] {
    return { getItem: (key) => this.shared.get(key) ?? null, setItem: (key, value) => void this.shared.set(key, value) };
  }

  get pageHideListeners(): number {
    return this.#pageHideListeners.size + this.#pageRestoreListeners.size;
  }

  onNetworkChange(): () => void {
    return () => {};
  }

  onPageRestore(listener: () => void): () => void {
    this.#pageRestoreListeners.add(listener);
    return () => void this.#pageRestoreListeners.delete(listener);
  }

  /** The person goes on to another page and comes back: everything stands still in between, and the sockets are closed. */
  putAwayAndRestore(): void {
    for (const listener of this.#pageHideListeners) listener("navigated");
    for (const socket of this.#sockets) socket.drop();
    for (const listener of this.#pageRestoreListeners) listener();
  }

  onPageHide(listener: (departure: PageDeparture) => void): () => void {
    this.#pageHideListeners.add(listener);
    return () => void this.#pageHideListeners.delete(listener);
  }

  onAnimationFrame(draw: () => void): () => void {
    this.drawers.add(draw);
    return () => void this.drawers.delete(draw);
  }

  reportError(error: unknown): void {
    this.#world.reported.push(error);
  }

  randomSeed(): number {
    return this.#seed++;
  }

  randomToken(): string {
    return this.#world.newToken();
  }

  isClaimed(name: string): Promise<boolean> {
    return Promise.resolve(this.claims.has(name));
  }

  claim(name: string): () => void {
    this.claims.add(name);
    return () => void this.claims.delete(name);
  }

  /** The tab is killed: nothing of it runs any more, nobody is told but the broker, by the socket that closes. */
  kill(): void {
    for (const ticker of this.#ownTickers) this.#world.tickers.delete(ticker);
    for (const transport of this.#ownTransports) transport.dispose();
    for (const socket of this.#sockets) socket.drop();
    this.claims.clear();
  }

  /** `pagehide`, then the end of everything. */
  async goAway(departure: PageDeparture): Promise<void> {
    for (const listener of this.#pageHideListeners) listener(departure);
    await settle();
    this.kill();
  }

  /** The person reloads: `pagehide`, then the end of everything but the storage. */
  async reload(): Promise<TestPage> {
    await this.goAway("reloading");
    const next = new TestPage(this.#world);
    next.shared = this.shared;
    for (const [key, value] of this.storage) next.storage.set(key, value);
    return next;
  }

  readonly #sockets = new Set<{ drop(): void }>();

  readonly #openControlSocket: OpenControlSocket = (_url, handler) => {
    const socket = this.#world.broker.connect({
      handleFrame: (text) => handler.handleFrame(text),
      handleBinary: (bytes) => handler.handleBinary?.(bytes),
      handleClose: () => handler.handleClose(),
    });
    if (socket === undefined) {
      queueMicrotask(() => handler.handleClose());
      return { send: () => {}, close: () => {} };
    }
    this.#sockets.add(socket);
    queueMicrotask(() => handler.handleOpen());
    return socket;
  };

  #startTicker(intervalMs: number, handleTick: (nowMs: number) => void): Ticker {
    const world = this.#world;
    const ticker: LiveTicker = { intervalMs, dueMs: world.nowMs, handleTick };
    world.tickers.add(ticker);
    this.#ownTickers.add(ticker);
    return {
      // Time goes on within a task too, so that what a tick was called with is soon in the past.
      nowMs: () => (world.nowMs += 0.001),
      setIntervalMs: (next) => {
        ticker.intervalMs = next;
      },
      dispose: () => void world.tickers.delete(ticker),
    };
  }

  #track(transport: Transport): Transport {
    const world = this.#world;
    const { transports } = world;
    transports.add(transport);
    this.#ownTransports.add(transport);
    return new Proxy(transport, {
      get: (target, name) => {
        if (name === "dispose") {
          return () => {
            transports.delete(transport);
            target.dispose();
          };
        }
        if (name === "dial" || name === "accept") {
          return (peer: PeerId): void => {
            const isCutOff = this.unreachable || [...this.cannotReach].some((page) => page.#peerId === peer);
            if (!isCutOff) target[name](peer);
          };
        }
        if (name === "send" && (world.latencyMs > 0 || this.silent)) {
          return (peer: PeerId, channel: Channel, bytes: Uint8Array): SendOutcome => {
            if (this.silent) return "sent";
            if (channel !== "unreliable") return target.send(peer, channel, bytes);
            const copy = bytes.slice();
            world.later(() => target.send(peer, channel, copy));
            return "sent";
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  }
}
