import { once } from "node:events";
import {
  LOBBY_PROTOCOL_VERSION,
  parseBrokerMessage,
  parseChallengeMessage,
  parseListMessage,
  parsePeerId,
  type Admission,
  type BrokerMessage,
  type EntranceAttempt,
  type GameIdentity,
  type Json,
  type ListMessage,
  type LobbyChange,
  type LobbyCommand,
  type LobbyError,
  type LobbyFilter,
  type LobbyList,
  type LobbyListUpdate,
  type PasswordChallenge,
  type PasswordProof,
  type PasswordVerifier,
  type PeerId,
  type Profile,
} from "@rollcall/netcode/lobby-protocol";
import { WebSocket, type ClientOptions } from "ws";
import { PageKey } from "./page-key.ts";

export const GAME: GameIdentity = { id: "tag", version: 1, contentHash: "0123abcd" };

export function profile(name: string): Profile {
  return { name, colour: 0, choices: null };
}

type Reply = Extract<BrokerMessage, { reply: number }>;

/** A member as a plain WebSocket: says what it is told to, keeps what it hears. */
export class LobbyClient {
  readonly socket: WebSocket;
  /** Of the page; another one makes it another page. */
  pageKey: PageKey = new PageKey();
  /** Everything heard, in order. */
  readonly messages: BrokerMessage[] = [];
  /** What was heard of the public list, in order. */
  readonly listMessages: ListMessage[] = [];
  /** Binary frames, in order. */
  readonly frames: Uint8Array[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #request = 0;
  #taken = 0;
  #listsTaken = 0;
  /** Who waits for more. */
  #wakes: (() => void)[] = [];
  readonly #challenges = new Map<number, (challenge: PasswordChallenge) => void>();
  readonly #lists = new Map<number, (list: LobbyList) => void>();
  readonly #replies = new Map<number, (reply: Reply) => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.frames.push(data);
      else this.#receive(data.toString());
      if (isBinary) this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        resolve({ code, reason: String(reason) });
        this.#wake();
      });
    });
  }

  /** `port`: of this machine; or an address such as `wss://host:port`. */
  static async open(port: number | string, options: ClientOptions = {}): Promise<LobbyClient> {
    const address = typeof port === "number" ? `ws://127.0.0.1:${port}` : port;
    const client = new LobbyClient(new WebSocket(`${address}/lobby`, options));
    await once(client.socket, "open");
    return client;
  }

  /** Branded, for commands that name a member. */
  static peerId(text: string): PeerId {
    const peerId = parsePeerId(text);
    if (peerId === undefined) throw new Error(`not a peer id: ${text}`);
    return peerId;
  }

  send(value: unknown): void {
    this.socket.send(typeof value === "string" ? value : JSON.stringify(value));
  }

  /** Sends a command and waits for its reply. */
  ask(command: LobbyCommand): Promise<Reply> {
    const request = ++this.#request;
    this.send({ request, command });
    return new Promise((resolve, reject) => {
      this.#replies.set(request, resolve);
      void this.closed.then(({ code, reason }) => reject(new Error(`closed while waiting for a reply: ${code} ${reason}`)));
    });
  }

  /** What to prove for a code, as another page would hear it. */
  async challenge(code: string): Promise<PasswordChallenge> {
    const request = ++this.#request;
    const heard = new Promise<PasswordChallenge>((resolve) => this.#challenges.set(request, resolve));
    this.send({ request, command: { type: "challenge", protocol: LOBBY_PROTOCOL_VERSION, code, key: this.pageKey.key } });
    return heard;
  }

  /** The public list, or why there is none. */
  list(filter: LobbyFilter = {}, game: GameIdentity = GAME): Promise<LobbyList | LobbyError> {
    const reply = this.ask({ type: "list", protocol: LOBBY_PROTOCOL_VERSION, game, filter });
    const list = new Promise<LobbyList>((resolve) => this.#lists.set(this.#request, resolve));
    return Promise.race([list, reply.then(refusal)]);
  }

  /** Waits for an update of the list. */
  async update(): Promise<LobbyListUpdate> {
    for (;;) {
      for (; this.#listsTaken < this.listMessages.length; this.#listsTaken++) {
        const message = this.listMessages[this.#listsTaken];
        if (message === undefined || !("list" in message)) continue;
        this.#listsTaken++;
        return message.list;
      }
      await this.#more();
    }
  }

  quickMatch(
    options: { name?: string; filter?: LobbyFilter; entrance?: EntranceAttempt; device?: string; capacity?: number } = {},
  ): Promise<Reply> {
    const { name = "Bob", filter = {}, capacity = 4, ...more } = options;
    const metadata = filter.metadata ?? null;
    const room = { key: this.pageKey.key, game: GAME, profile: profile(name), capacity, settings: null, metadata, filter, ...more };
    return this.ask({ type: "quick-match", protocol: LOBBY_PROTOCOL_VERSION, ...room });
  }

  async create(
    options: { name?: string; capacity?: number; device?: string; listed?: boolean; metadata?: Json; password?: PasswordVerifier } = {},
  ): Promise<Admission> {
    const { name = "Ada", capacity = 8, metadata = null, ...more } = options;
    return admission(
      await this.ask({
        type: "create",
        protocol: LOBBY_PROTOCOL_VERSION,
        key: this.pageKey.key,
        game: GAME,
        profile: profile(name),
        capacity,
        settings: null,
        metadata,
        ...more,
      }),
    );
  }

  join(
    code: string,
    options: {
      name?: string;
      game?: GameIdentity;
      device?: string;
      entrance?: EntranceAttempt;
      password?: PasswordProof;
      reservation?: string;
    } = {},
  ): Promise<Reply> {
    const { name = "Bob", game = GAME, ...more } = options;
    return this.ask({ type: "join", protocol: LOBBY_PROTOCOL_VERSION, key: this.pageKey.key, code, game, profile: profile(name), ...more });
  }

  resume(code: string, options: { secret: string; freshPage?: boolean; lastEvent?: number }): Promise<Reply> {
    const { secret, freshPage = false, lastEvent = 0 } = options;
    const key = freshPage ? { key: this.pageKey.key } : {};
    return this.ask({ type: "resume", protocol: LOBBY_PROTOCOL_VERSION, ...key, code, secret, freshPage, lastEvent });
  }

  /** The next change not yet waited for that is of this type. */
  async change<Type extends LobbyChange["type"]>(type: Type): Promise<Extract<LobbyChange, { type: Type }>> {
    for (;;) {
      for (; this.#taken < this.messages.length; this.#taken++) {
        const message = this.messages[this.#taken];
        if (message === undefined || !("event" in message) || message.change.type !== type) continue;
        this.#taken++;
        return message.change as Extract<LobbyChange, { type: Type }>;
      }
      await this.#more();
    }
  }

  async goodbye(): Promise<string> {
    const message = await this.find((item): item is Extract<BrokerMessage, { goodbye: unknown }> => "goodbye" in item);
    return message.goodbye;
  }

  async find<Found extends BrokerMessage>(matches: (message: BrokerMessage) => message is Found): Promise<Found> {
    for (;;) {
      const found = this.messages.find(matches);
      if (found !== undefined) return found;
      await this.#more();
    }
  }

  /** When the broker answers a ping frame, it has read all that was sent before, and we all that it sent. */
  async settled(): Promise<void> {
    this.socket.ping();
    await once(this.socket, "pong");
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  #receive(text: string): void {
    const challenge = parseChallengeMessage(text);
    if (challenge.ok && challenge.value.ok) {
      this.#challenges.get(challenge.value.reply)?.(challenge.value.result);
      return;
    }
    const listed = parseListMessage(text);
    if (listed.ok && ("list" in listed.value || ("reply" in listed.value && listed.value.ok))) {
      this.#receiveList(listed.value);
      return;
    }
    const parsed = parseBrokerMessage(text);
    if (!parsed.ok) throw new Error(`the broker sent what a member refuses: ${parsed.reason} at ${parsed.path}: ${text}`);
    if ("ping" in parsed.value) this.send({ pong: parsed.value.ping });
    if ("reply" in parsed.value) this.#replies.get(parsed.value.reply)?.(parsed.value);
    this.messages.push(parsed.value);
    this.#wake();
  }

  #receiveList(message: ListMessage): void {
    this.listMessages.push(message);
    if ("reply" in message && message.ok) this.#lists.get(message.reply)?.(message.result);
    this.#wake();
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }

  #more(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed while waiting; heard ${JSON.stringify(this.messages)}`);
    return new Promise((resolve) => {
      this.#wakes.push(resolve);
    });
  }
}

/** The admission of a granted reply. */
export function admission(reply: Reply): Admission {
  if (!reply.ok || reply.result === null || !("lobby" in reply.result))
    throw new Error(`expected an admission, got ${JSON.stringify(reply)}`);
  return reply.result;
}

/** The error of a refused reply. */
export function refusal(reply: Reply): LobbyError {
  if (reply.ok) throw new Error(`expected a refusal, got ${JSON.stringify(reply)}`);
  return reply.error;
}
