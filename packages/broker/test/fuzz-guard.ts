/** The whole broker in this process, over sockets of memory: whoever fuzzes it writes bytes and reads bytes, and nothing of it is replaced. */
import { Duplex } from "node:stream";
import type { IncomingMessage } from "node:http";
import { Random } from "@rollcall/netcode/core";
import {
  LOBBY_PROTOCOL_VERSION,
  parseBrokerMessage,
  parseChallengeMessage,
  parseListMessage,
  type Admission,
} from "@rollcall/netcode/lobby-protocol";
import { createBrokerHandlers, type BrokerHandlers } from "../src/index.ts";
import type { LogEntry } from "../src/log-entry.ts";
import { parseSignalingMessage } from "../src/signaling-message.ts";
import { clientFrame } from "./client-frame.ts";
import { broken, brokenBytes } from "./fuzz-damage.ts";
import { memberFrame, signalingFrame, type FuzzNames } from "./fuzz-frames.ts";
import { pick } from "./pick.ts";
import { PageKey } from "./page-key.ts";

const MANY = 1_000_000;
/** Messages are not shaped, and nobody is refused for how much: that is tested elsewhere, and would only make this slow. */
const LIMITS = {
  messagesPerSecond: MANY,
  messageBurst: MANY,
  queuedMessages: MANY,
  socketsPerAddress: MANY,
  opensPerMinute: 60 * MANY,
  wrongCodesPerMinute: 60 * MANY,
  lobbiesPerMinute: 60 * MANY,
  listsPerMinute: 60 * MANY,
  challengesPerMinute: 60 * MANY,
  refusalsPerMinute: 60 * MANY,
  refusedMessages: 15,
};
const ACTORS = 24;
/** Names that frames may use; older ones are of who is gone. */
const NAMES_MAX = 40;
const GAME = { id: "tag", version: 1, contentHash: "0123abcd" };
const RELAYED: ReadonlySet<string> = new Set(["OFFER", "ANSWER", "CANDIDATE", "LEAVE"]);
const SAID: ReadonlySet<string> = new Set([...RELAYED, "OPEN", "EXPIRE", "PONG", "ID-TAKEN"]);

/** The server's end of a connection. */
class MemorySocket extends Duplex {
  readonly #receive: (bytes: Buffer) => void;

  constructor(receive: (bytes: Buffer) => void) {
    super({ allowHalfOpen: false });
    this.#receive = receive;
  }

  override _read(): void {}
  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    // Not at once: the other end may still be in the making.
    queueMicrotask(() => this.#receive(bytes));
    done();
  }
  override _final(done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
}

/** The client's end: text frames out of bytes (RFC 6455 section 5.2, without a mask). */
class MemoryClient {
  readonly #socket: MemorySocket;
  #bytes = Buffer.alloc(0);
  #isUpgraded = false;
  isOpen = true;
  readonly handleText: (text: string) => void;

  constructor(handlers: BrokerHandlers, path: string, handleText: (text: string) => void) {
    this.handleText = handleText;
    this.#socket = new MemorySocket((bytes) => this.#receive(bytes));
    this.#socket.on("close", () => (this.isOpen = false));
    this.#socket.on("error", () => (this.isOpen = false));
    const headers = {
      host: "broker.example",
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const version = { httpVersionMajor: 1, httpVersionMinor: 1, headersDistinct: { host: [headers.host] } };
    const partial: Partial<IncomingMessage> = { method: "GET", url: path, headers, ...version };
    const request = { ...partial, socket: { remoteAddress: "192.0.2.1" } } as unknown as IncomingMessage;
    if (!handlers.handleUpgrade(request, this.#socket, Buffer.alloc(0))) throw new Error(`not a path of the broker: ${path}`);
  }

  write(bytes: Buffer): void {
    if (this.isOpen && !this.#socket.destroyed) this.#socket.push(bytes);
  }

  say(text: string): void {
    this.write(clientFrame(text));
  }

  close(): void {
    this.isOpen = false;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#isUpgraded) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!this.#bytes.toString("latin1").startsWith("HTTP/1.1 101")) this.isOpen = false;
      this.#isUpgraded = true;
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    while (this.isOpen && this.#bytes.length >= 2) {
      const [first = 0, second = 0] = this.#bytes;
      const head = second < 126 ? 2 : second === 126 ? 4 : 10;
      if (this.#bytes.length < head) return;
      const size = second < 126 ? second : second === 126 ? this.#bytes.readUInt16BE(2) : Number(this.#bytes.readBigUInt64BE(2));
      if (this.#bytes.length < head + size) return;
      const payload = this.#bytes.subarray(head, head + size);
      this.#bytes = this.#bytes.subarray(head + size);
      const opcode = first & 15;
      if (opcode === 1) this.handleText(payload.toString());
      else if (opcode === 8) this.close();
    }
  }
}

/** Somebody on one socket, as the fuzz moves it. */
interface Actor {
  readonly client: MemoryClient;
  /** A frame of the grammar, in its name. */
  readonly next: () => string;
  /** Of a signaling socket: its id, and the lobby that it is of; "": none. */
  readonly id?: string;
  readonly group?: string;
}

/** What happened, so that a test can say that it did. */
export interface GuardFuzzCount {
  readonly frames: number;
  readonly sockets: number;
  readonly admissions: number;
  readonly relayed: number;
  readonly replies: number;
}

/** A broker, people that send it anything, and two honest ones. */
export class GuardFuzz {
  readonly #seed: number;
  readonly #random: Random;
  readonly #handlers: BrokerHandlers;
  readonly #failures: LogEntry[] = [];
  readonly #wrong: string[] = [];
  readonly #actors: Actor[] = [];
  readonly #lobbiesOf = new Map<string, Set<string>>();
  readonly #names: { peerIds: string[]; codes: string[]; secrets: string[] } = { peerIds: ["nobody"], codes: ["BCDFG"], secrets: ["x"] };
  #count = { frames: 0, sockets: 0, admissions: 0, relayed: 0, replies: 0 };
  readonly #stockIds = new Set<string>();

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed, "guard");
    const log = (entry: LogEntry): void => void (entry.event === "failure" && this.#failures.push(entry));
    this.#handlers = createBrokerHandlers({ open: true, relayFrames: true, limits: LIMITS, log });
  }

  /** Sends so many frames; throws when the broker failed, or told anybody what it should not. */
  async run(frames: number): Promise<GuardFuzzCount> {
    const honest = await this.#honestPair();
    for (let index = 0; index < frames; index++) {
      if (this.#actors.length < ACTORS) this.#spawn();
      const at = this.#random.integer(this.#actors.length);
      const actor = this.#actors[at];
      if (actor === undefined) continue;
      if (actor.client.isOpen) this.#send(actor);
      else this.#actors.splice(at, 1);
      if (index % 16 === 0) await new Promise(setImmediate);
      if (index % 1_000 === 0) await honest();
      if (this.#failures.length > 0) throw new Error(`frame ${index}: the broker failed: ${JSON.stringify(this.#failures[0])}`);
      if (this.#wrong.length > 0) throw new Error(`frame ${index}: ${this.#wrong[0]}`);
    }
    await honest();
    for (const { client } of this.#actors) client.close();
    await this.#handlers.close();
    return this.#count;
  }

  #send({ client, next }: Actor): void {
    this.#count.frames++;
    const random = this.#random;
    const text = next();
    const kind = random.integer(40);
    if (kind === 0) client.write(brokenBytes(random, clientFrame(text)));
    else if (kind === 1) client.write(clientFrame(text, { opcode: random.integer(16), fin: random.chance(0.5) }));
    else if (kind === 2) client.close();
    else client.say(random.chance(0.5) ? text : broken(random, text).slice(0, 60_000));
  }

  #spawn(): void {
    this.#count.sockets++;
    this.#actors.push(this.#random.chance(0.3) ? this.#stock() : this.#member());
  }

  #namesFor(mark: string, key: string): FuzzNames {
    return { ...this.#names, keys: [key], mark: `dc_${mark}` };
  }

  /** Opens a lobby or joins one, and from then on says anything. */
  #member(): Actor {
    const page = new PageKey(`${this.#seed} ${this.#count.sockets}`);
    const client = new MemoryClient(this.#handlers, "/lobby", (text) => this.#hearLobby(text));
    client.say(memberFrameOf(this.#random.chance(0.3) ? "create" : "join", page, pick(this.#random, this.#names.codes)));
    return { client, next: () => memberFrame(this.#random, this.#namesFor(page.peerId, page.key)) };
  }

  #stock(): Actor {
    const id = `stock${this.#random.uint32()}${this.#random.uint32()}`;
    this.#stockIds.add(id);
    this.#name("peerIds", id);
    return this.#signaling(id, "token", "");
  }

  #signaling(id: string, token: string, group: string): Actor {
    const path = `/peerjs?key=peerjs&id=${id}&token=${token}`;
    const client: MemoryClient = new MemoryClient(this.#handlers, path, (text) => this.#hearSignaling(text, id, client));
    const next = (): string => {
      const near = this.#actors.filter((actor) => actor.client.isOpen && actor.group === group).flatMap((actor) => actor.id ?? []);
      const names = this.#namesFor(id, "A".repeat(43));
      return signalingFrame(this.#random, near.length > 0 && this.#random.chance(0.7) ? { ...names, peerIds: near } : names);
    };
    return { client, next, id, group };
  }

  #hearLobby(text: string): void {
    const parsed = parseBrokerMessage(text);
    if (!parsed.ok && (parseListMessage(text).ok || parseChallengeMessage(text).ok)) this.#count.replies++;
    else if (!parsed.ok) this.#wrong.push(`told a member what it refuses: ${text.slice(0, 300)}`);
    else if ("reply" in parsed.value) {
      this.#count.replies++;
      if (parsed.value.ok && parsed.value.result !== null && "lobby" in parsed.value.result) this.#admit(parsed.value.result);
    }
  }

  #admit({ lobby, peerId, resumeSecret, signalingToken }: Admission): void {
    this.#count.admissions++;
    // It may be another's: the names have secrets of others, and who resumes with one is whoever has that seat. It may be nobody's: a key that was broken
    // on its way is a key too, until it has to be proven.
    this.#lobbiesOf.set(peerId, (this.#lobbiesOf.get(peerId) ?? new Set()).add(lobby.code));
    this.#name("peerIds", peerId);
    this.#name("codes", lobby.code);
    this.#name("secrets", resumeSecret);
    this.#actors.push(this.#signaling(peerId, signalingToken, lobby.code));
  }

  #name(list: "peerIds" | "codes" | "secrets", name: string): void {
    this.#names[list].push(name);
    if (this.#names[list].length > NAMES_MAX) this.#names[list].shift();
  }

  #hearSignaling(text: string, id: string, client: MemoryClient): void {
    const message = JSON.parse(text) as {
      readonly type: string;
      readonly src?: string;
      readonly dst?: string;
      readonly payload?: unknown;
      readonly nonce?: string;
    };
    if (message.type === "CHALLENGE") {
      client.say(JSON.stringify(PageKey.of(id)?.proof(message.nonce ?? "") ?? {}));
      return;
    }
    const wrong = this.#faultOf(message, id);
    if (wrong !== undefined) this.#wrong.push(`${wrong}: told ${id} ${text.slice(0, 300)}`);
    if (RELAYED.has(message.type)) this.#count.relayed++;
  }

  /** A signal comes from who made it, who is in the same lobby or in none as the receiver is, and is of the grammar. */
  #faultOf(
    { type, src = "", dst, payload }: { readonly type: string; readonly src?: string; readonly dst?: string; readonly payload?: unknown },
    id: string,
  ): string | undefined {
    if (!SAID.has(type)) return "not for a broker to say";
    if (!RELAYED.has(type)) return undefined;
    if (dst !== id) return "somebody else's";
    if (!parseSignalingMessage(JSON.stringify({ type, dst, payload })).ok) return "not of the grammar";
    const mark = /"connectionId":"dc_([^"]+)"/.exec(JSON.stringify(payload ?? null))?.[1];
    const isName = mark !== undefined && (this.#lobbiesOf.has(mark) || this.#stockIds.has(mark));
    if (isName && mark !== src) return `made by ${mark}`;
    const [mine, theirs] = [this.#lobbiesOf.get(id), this.#lobbiesOf.get(src)];
    if (mine === undefined || theirs === undefined) return mine === theirs ? undefined : "from a member to who is none";
    return [...mine].some((code) => theirs.has(code)) ? undefined : "from another lobby";
  }

  /** Two members of a lobby that nobody else knows: what they do works each time. */
  async #honestPair(): Promise<() => Promise<void>> {
    const heard: string[] = [];
    const pages = [new PageKey(), new PageKey()] as const;
    const seats: Admission[] = [];
    const enter = async (page: PageKey, text: string): Promise<MemoryClient> => {
      const client = new MemoryClient(this.#handlers, "/lobby", (said) => {
        heard.push(said);
        const parsed = parseBrokerMessage(said);
        if (parsed.ok && "reply" in parsed.value && parsed.value.ok && parsed.value.result !== null && "lobby" in parsed.value.result)
          seats.push(parsed.value.result);
      });
      const count = seats.length;
      client.say(text);
      await until(() => seats.length > count, `${page.peerId} to enter`);
      return client;
    };
    const host = await enter(pages[0], memberFrameOf("create", pages[0]));
    const guest = await enter(pages[1], memberFrameOf("join", pages[1], seats[0]?.lobby.code));
    const signals: string[] = [];
    const sockets = pages.map(({ peerId }, index) => {
      const path = `/peerjs?key=peerjs&id=${peerId}&token=${seats[index]?.signalingToken}`;
      const client: MemoryClient = new MemoryClient(this.#handlers, path, (text) => {
        const { type, nonce = "" } = JSON.parse(text) as { readonly type: string; readonly nonce?: string };
        if (type === "CHALLENGE") client.say(JSON.stringify(PageKey.of(peerId)?.proof(nonce)));
        else signals.push(text);
      });
      return client;
    });
    await until(() => signals.length === 2, "both to open their signaling");
    for (const { peerId } of pages) this.#name("peerIds", peerId);
    let greetings = 0;
    return async () => {
      const greeting = `honest ${++greetings}`;
      signals.length = 0;
      heard.length = 0;
      const payload = { sdp: { type: "offer", sdp: greeting }, type: "data", connectionId: "dc_honest" };
      // The other two of the four sockets would be closed for their silence on a busy machine.
      host.say(JSON.stringify({ ping: greetings }));
      sockets[1]?.say(JSON.stringify({ type: "HEARTBEAT" }));
      sockets[0]?.say(JSON.stringify({ type: "OFFER", dst: pages[1].peerId, payload }));
      guest.say(JSON.stringify({ request: greetings, command: { type: "set-ready", ready: greetings % 2 === 0 } }));
      await until(() => signals.length > 0 && heard.some((text) => text.includes("member-changed")), "honest people to be served");
      if (signals.length !== 1 || !signals[0]?.includes(greeting)) throw new Error(`honest people heard ${signals.join()}`);
      for (const client of [host, guest, ...sockets]) if (!client.isOpen) throw new Error("an honest socket was closed");
    };
  }
}

/** Whole and valid. */
function memberFrameOf(type: "create" | "join", { key }: PageKey, code?: string): string {
  const profile = { name: "Ada", colour: 0, choices: null };
  const rest = type === "create" ? { capacity: 8, settings: null, metadata: null } : { code };
  return JSON.stringify({ request: 1, command: { type, protocol: LOBBY_PROTOCOL_VERSION, key, game: GAME, profile, ...rest } });
}

async function until(isDone: () => boolean, what: string): Promise<void> {
  for (const startedMs = performance.now(); !isDone();) {
    if (performance.now() - startedMs > 10_000) throw new Error(`expected: ${what}`);
    await new Promise(setImmediate);
  }
}
