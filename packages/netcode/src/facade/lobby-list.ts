import { unreachable } from "../core/base/assert.ts";
import { Random } from "../core/base/random.ts";
import { ListWatch, type ListWatchEvent } from "../core/lobby/list-watch.ts";
import type { SocketAction } from "../core/lobby/lobby-member-outputs.ts";
import type { GameIdentity, LobbyFilter, LobbyListing } from "../core/ports/lobby-protocol.ts";
import type { ControlSocket } from "../adapters/websocket.ts";
import type { Ticker } from "../driver/ticker.ts";
import { Deferred } from "./deferred.ts";
import type { Environment } from "./environment.ts";
import { Listeners } from "./listeners.ts";
import { errorOfFailure, NetcodeError } from "./netcode-error.ts";
import { ROOM_TICK_MS } from "./facade-times.ts";
import type { LobbyList, LobbyListEvents } from "./public-lobby-types.ts";

export interface LobbyListSetup {
  readonly lobbyUrl: string;
  readonly game: GameIdentity;
  readonly filter: LobbyFilter;
  readonly signal: AbortSignal | undefined;
}

/** Runs a `ListWatch` on a real control socket. Loaded by pages that show a list. */
export class WatchedList implements LobbyList {
  readonly #environment: Environment;
  readonly #setup: LobbyListSetup;
  readonly #watch: ListWatch;
  readonly #ticker: Ticker;
  readonly #listeners: Listeners<LobbyListEvents>;
  readonly #first = new Deferred<void>();
  readonly #abort = (): void => this.close();
  #socket: { readonly number: number; readonly socket: ControlSocket } | undefined;
  #closed = false;

  private constructor(environment: Environment, setup: LobbyListSetup) {
    const { page, startTicker } = environment;
    this.#environment = environment;
    this.#setup = setup;
    this.#listeners = new Listeners("change", (error) => page.reportError(error));
    this.#ticker = startTicker(ROOM_TICK_MS, (nowMs) => this.#handle(() => this.#watch.handleTimeout(nowMs)));
    const { game, filter } = setup;
    this.#watch = new ListWatch(this.#ticker.nowMs(), { game, filter, random: new Random(page.randomSeed(), "list") });
    setup.signal?.addEventListener("abort", this.#abort);
    if (setup.signal?.aborted === true) this.close();
    else this.#drain();
  }

  /** Resolves with the first list. */
  static async open(environment: Environment, setup: LobbyListSetup): Promise<LobbyList> {
    const list = new WatchedList(environment, setup);
    await list.#first.promise;
    return list;
  }

  get lobbies(): readonly LobbyListing[] {
    return this.#watch.lobbies;
  }

  get total(): number {
    return this.#watch.total;
  }

  get isLive(): boolean {
    return this.#watch.isLive;
  }

  on<Name extends keyof LobbyListEvents>(name: Name, listener: LobbyListEvents[Name]): () => void {
    return this.#listeners.on(name, listener);
  }

  close(): void {
    this.#watch.close();
    this.#drain();
    this.#end(new NetcodeError("CLOSED"));
  }

  #handle(input: () => void): void {
    input();
    this.#drain();
  }

  #drain(): void {
    for (let frame = this.#watch.pollFrame(); frame !== undefined; frame = this.#watch.pollFrame()) this.#socket?.socket.send(frame);
    for (let action = this.#watch.pollAction(); action !== undefined; action = this.#watch.pollAction()) this.#act(action);
    for (let event = this.#watch.pollEvent(); event !== undefined; event = this.#watch.pollEvent()) this.#tell(event);
  }

  #act(action: SocketAction): void {
    if (action.type === "open-socket") this.#open(action.socket);
    else if (this.#socket?.number === action.socket) this.#socket.socket.close();
  }

  #open(number: number): void {
    const nowMs = (): number => this.#ticker.nowMs();
    try {
      const socket = this.#environment.openControlSocket(this.#setup.lobbyUrl, {
        handleOpen: () => this.#handle(() => this.#watch.handleSocketOpen(nowMs(), number)),
        handleFrame: (text) => this.#handle(() => this.#watch.handleFrame(nowMs(), number, text)),
        handleClose: () => this.#handle(() => this.#watch.handleSocketClosed(nowMs(), number)),
      });
      this.#socket = { number, socket };
    } catch {
      // A page served by https may not open a plain socket, and the constructor says so by throwing.
      this.#watch.handleSocketClosed(nowMs(), number);
    }
  }

  #tell(event: ListWatchEvent): void {
    switch (event.type) {
      case "list":
        this.#first.resolve();
        this.#listeners.emit("change");
        break;
      case "broker-lost":
        this.#listeners.emit("change");
        break;
      case "closed":
        this.#end(errorOfFailure(event.failure, this.#setup.game));
        break;
      default:
        unreachable(event);
    }
  }

  #end(error: NetcodeError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#setup.signal?.removeEventListener("abort", this.#abort);
    this.#ticker.dispose();
    this.#listeners.clear();
    this.#first.reject(error);
  }
}
