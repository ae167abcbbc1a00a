import { LobbyMember, Random, type LobbyEntrance, type SocketAction } from "@rollcall/netcode/core";
import type { LobbyState, PeerId } from "@rollcall/netcode/lobby-protocol";
import { WebSocket } from "ws";
import { GAME, profile } from "./lobby-client.ts";
import { PageKey } from "./page-key.ts";
import type { SeatHistory } from "./seat-history.ts";

/** As finely as the library's own ticker drives a member. */
const TICK_MS = 10;

/** A time without the broker. */
export interface Absence {
  readonly fromMs: number;
  /** `undefined`: not back yet. */
  untilMs: number | undefined;
}

export interface RealMemberOptions {
  readonly name: string;
  /** The proxy in front of the brokers. */
  readonly port: number;
  /** Told of everything that the member is told. */
  readonly history: SeatHistory;
  readonly pageKey?: PageKey;
}

/** The library's member, its backoff and its patience, on a real socket. */
export class RealMember {
  readonly name: string;
  readonly absences: Absence[] = [];
  /** Why it ended, `left` if by itself; `undefined` while it lives. */
  end: string | undefined;
  readonly #member: LobbyMember;
  readonly #options: RealMemberOptions;
  readonly #timer: NodeJS.Timeout;
  #socket: { readonly number: number; readonly raw: WebSocket } | undefined;
  readonly #admitted: Promise<boolean>;
  #settle: (isIn: boolean) => void = () => undefined;

  private constructor(options: RealMemberOptions, entrance: LobbyEntrance) {
    const { name, pageKey = new PageKey() } = options;
    this.name = name;
    this.#options = options;
    const keys = { entranceId: `entrance-${pageKey.key}`.slice(0, 43), device: `device-${pageKey.key}`.slice(0, 43), key: pageKey.key };
    this.#admitted = new Promise((resolve) => (this.#settle = resolve));
    this.#member = new LobbyMember(performance.now(), { entrance, keys, random: new Random(Math.floor(Math.random() * 2 ** 32), name) });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#drain();
  }

  static host(options: RealMemberOptions, capacity: number): RealMember {
    return new RealMember(options, {
      type: "create",
      game: GAME,
      profile: profile(options.name),
      capacity,
      settings: null,
      metadata: null,
    });
  }

  static join(options: RealMemberOptions, code: string): RealMember {
    return new RealMember(options, { type: "join", code, game: GAME, profile: profile(options.name) });
  }

  /** Whether it got in. */
  get admitted(): Promise<boolean> {
    return this.#admitted;
  }

  get lobby(): LobbyState | undefined {
    return this.#member.lobby;
  }

  get peerId(): PeerId | undefined {
    return this.#member.admission?.peerId;
  }

  get connected(): boolean {
    return this.#member.connected;
  }

  /** Its network breaks: nobody says goodbye. */
  cut(): void {
    this.#socket?.raw.terminate();
  }

  /** The page is gone. */
  dispose(): void {
    clearInterval(this.#timer);
    this.#socket?.raw.terminate();
  }

  #tick(): void {
    if (performance.now() < this.#member.pollTimeoutMs()) return;
    this.#member.handleTimeout(performance.now());
    this.#drain();
  }

  #drain(): void {
    for (let frame = this.#member.pollFrame(); frame !== undefined; frame = this.#member.pollFrame()) this.#socket?.raw.send(frame);
    for (let action = this.#member.pollAction(); action !== undefined; action = this.#member.pollAction()) this.#act(action);
    for (let event = this.#member.pollEvent(); event !== undefined; event = this.#member.pollEvent()) {
      if (event.type === "admitted" || event.type === "broker-back") {
        this.#options.history.noteTold(event.admission);
        this.#settle(true);
        const absence = this.absences.at(-1);
        if (absence !== undefined) absence.untilMs ??= performance.now();
      } else if (event.type === "broker-lost") this.absences.push({ fromMs: performance.now(), untilMs: undefined });
      else if (event.type === "closed") {
        this.end = event.failure?.code ?? "left";
        clearInterval(this.#timer);
        this.#settle(false);
      }
    }
  }

  #act({ type, socket }: SocketAction): void {
    if (type === "open-socket") this.#open(socket);
    else if (this.#socket?.number === socket) this.#socket.raw.close();
  }

  #open(number: number): void {
    const raw = new WebSocket(`ws://127.0.0.1:${this.#options.port}/lobby`);
    this.#socket = { number, raw };
    raw.on("error", () => undefined);
    raw.on("open", () => this.#hear(() => this.#member.handleSocketOpen(performance.now(), number)));
    raw.on("close", () => this.#hear(() => this.#member.handleSocketClosed(performance.now(), number)));
    raw.on("message", (data: Buffer) => {
      const text = data.toString();
      this.#options.history.noteFrame(this.#member.lobby?.code, text);
      this.#hear(() => this.#member.handleFrame(performance.now(), number, text));
    });
  }

  #hear(input: () => void): void {
    input();
    this.#drain();
  }
}
