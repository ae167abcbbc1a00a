/**
 * Run inside a namespace: asks a TURN server over UDP (RFC 8656) what it would relay to, and prints one line of JSON. What the server is asked comes
 * as JSON in the first argument.
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIPv4 } from "node:net";

export interface TurnQuestion {
  readonly server: string;
  readonly realm: string;
  readonly credentials: readonly { readonly username: string; readonly credential: string }[];
  /** Of one seat, by turns: allocations are asked for until one is refused. */
  readonly seat: readonly { readonly username: string; readonly credential: string }[];
  /** Permission and channel are asked for each; nothing is sent. */
  readonly peers: readonly string[];
  /** Here somebody listens; a packet is sent through the relay although it may not be. */
  readonly listeners: readonly string[];
}

export interface TurnAnswer {
  /** Of each credential: the error code of an allocation, 0: done. */
  readonly allocations: readonly number[];
  /** Allocations that the seat got, and the code with which the next one was refused. */
  readonly seat: { readonly granted: number; readonly code: number };
  /** Error codes, 0: done. By peer. */
  readonly permissions: Readonly<Record<string, number>>;
  readonly channels: Readonly<Record<string, number>>;
  /** Connect of RFC 6062, on an allocation over UDP: no server may take it. */
  readonly connect: number;
  /** Listeners that a packet reached. */
  readonly reached: readonly string[];
}

const METHOD = { allocate: 0x003, createPermission: 0x008, channelBind: 0x009, connect: 0x00a, send: 0x006 } as const;
const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  error: 0x0009,
  channel: 0x000c,
  peer: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  transport: 0x0019,
} as const;
const COOKIE = 0x2112a442;
const INDICATION = 0x0010;
const PORT = 3478;
const ANSWER_MS_MAX = 3_000;
/** After the packet that may pass has passed: the others went out before it, on the same machine. */
const SILENCE_MS = 300;

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

function message(type: number, transaction: Buffer, attributes: readonly Buffer[], key?: Buffer): Buffer {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(type, 0);
  head.writeUInt32BE(COOKIE, 4);
  // Its own 24 bytes count before it is worked out (RFC 8489 section 14.5).
  head.writeUInt16BE(body.length + (key === undefined ? 0 : 24), 2);
  const text = Buffer.concat([head, transaction, body]);
  return key === undefined ? text : Buffer.concat([text, attribute(ATTRIBUTE.integrity, createHmac("sha1", key).update(text).digest())]);
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const host = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = host.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const words = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
  return Buffer.from(words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]));
}

function peerAttribute(address: string, port: number, transaction: Buffer): Buffer {
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(COOKIE, 0);
  transaction.copy(mask, 4);
  const value = Buffer.alloc(4);
  value.writeUInt8(isIPv4(address) ? 1 : 2, 1);
  value.writeUInt16BE(port ^ (COOKIE >>> 16), 2);
  return attribute(ATTRIBUTE.peer, Buffer.concat([value, bytesOf(address).map((byte, index) => byte ^ mask[index]!)]));
}

function read(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let offset = 20; offset + 4 <= bytes.length;) {
    const size = bytes.readUInt16BE(offset + 2);
    found.set(bytes.readUInt16BE(offset), bytes.subarray(offset + 4, offset + 4 + size));
    offset += 4 + size + (-size & 3);
  }
  return found;
}

function codeOf(attributes: Map<number, Buffer>): number {
  const error = attributes.get(ATTRIBUTE.error);
  return error === undefined ? 0 : error[2]! * 100 + error[3]!;
}

/** One allocation, with the credentials that asked for it. */
class TurnClient {
  readonly #socket: Socket = createSocket("udp4");
  readonly #question: TurnQuestion;
  readonly #username: string;
  readonly #key: Buffer;
  #nonce = Buffer.alloc(0);

  constructor(question: TurnQuestion, { username, credential }: { readonly username: string; readonly credential: string }) {
    this.#question = question;
    this.#username = username;
    this.#key = createHash("md5").update(`${username}:${question.realm}:${credential}`).digest();
  }

  async allocate(): Promise<number> {
    const transport = attribute(ATTRIBUTE.transport, Buffer.from([17, 0, 0, 0]));
    return this.#request(METHOD.allocate, () => [transport]);
  }

  permit(peer: string): Promise<number> {
    return this.#request(METHOD.createPermission, (transaction) => [peerAttribute(peer, PORT, transaction)]);
  }

  bind(peer: string, channel: number): Promise<number> {
    const number = Buffer.alloc(4);
    number.writeUInt16BE(channel, 0);
    return this.#request(METHOD.channelBind, (transaction) => [
      attribute(ATTRIBUTE.channel, number),
      peerAttribute(peer, PORT, transaction),
    ]);
  }

  connect(peer: string): Promise<number> {
    return this.#request(METHOD.connect, (transaction) => [peerAttribute(peer, PORT, transaction)]);
  }

  send(peer: string, port: number): void {
    const transaction = randomBytes(12);
    const attributes = [peerAttribute(peer, port, transaction), attribute(ATTRIBUTE.data, Buffer.from("knock"))];
    this.#socket.send(message(METHOD.send | INDICATION, transaction, attributes), PORT, this.#question.server);
  }

  close(): void {
    this.#socket.close();
  }

  /** The error code, 0: done. Asked again with the nonce that the server wants. */
  async #request(method: number, attributes: (transaction: Buffer) => readonly Buffer[]): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const transaction = randomBytes(12);
      const access = [
        attribute(ATTRIBUTE.username, Buffer.from(this.#username)),
        attribute(ATTRIBUTE.realm, Buffer.from(this.#question.realm)),
        attribute(ATTRIBUTE.nonce, this.#nonce),
      ];
      const isKnown = this.#nonce.length > 0;
      const text = [...attributes(transaction), ...(isKnown ? access : [])];
      const answer = await this.#ask(message(method, transaction, text, isKnown ? this.#key : undefined));
      const code = codeOf(answer);
      this.#nonce = Buffer.from(answer.get(ATTRIBUTE.nonce) ?? this.#nonce);
      if (attempt > 0 || (code !== 401 && code !== 438)) return code;
    }
  }

  #ask(request: Buffer): Promise<Map<number, Buffer>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("The TURN server does not answer.")), ANSWER_MS_MAX);
      const take = (bytes: Buffer): void => {
        if (!bytes.subarray(8, 20).equals(request.subarray(8, 20))) return;
        clearTimeout(timer);
        this.#socket.off("message", take);
        resolve(read(bytes));
      };
      this.#socket.on("message", take);
      this.#socket.send(request, PORT, this.#question.server);
    });
  }
}

/** More than any quota of a seat that makes sense. */
const SEAT_ALLOCATIONS_MAX = 200;

async function exhaustSeat(question: TurnQuestion): Promise<TurnAnswer["seat"]> {
  const clients: TurnClient[] = [];
  let code = 0;
  while (code === 0 && clients.length < SEAT_ALLOCATIONS_MAX) {
    const client = new TurnClient(question, question.seat[clients.length % question.seat.length]!);
    clients.push(client);
    code = await client.allocate();
  }
  for (const client of clients) client.close();
  return { granted: clients.length - 1, code };
}

async function main(question: TurnQuestion): Promise<TurnAnswer> {
  const clients = question.credentials.map((access) => new TurnClient(question, access));
  const allocations: number[] = [];
  for (const client of clients) allocations.push(await client.allocate());
  const client = clients[allocations.indexOf(0)];
  if (client === undefined) throw new Error(`No allocation: ${allocations.join(", ")}`);
  const permissions: Record<string, number> = {};
  const channels: Record<string, number> = {};
  // What was asked for and refused must not leave anything behind that lets the packets below through.
  for (const [index, peer] of question.peers.entries()) {
    permissions[peer] = await client.permit(peer);
    channels[peer] = await client.bind(peer, 0x4000 + index);
  }
  const reached = new Set<string>();
  const sockets = await Promise.all(question.listeners.map((address) => listen(address, () => reached.add(address))));
  for (const [index, address] of question.listeners.entries()) client.send(address, sockets[index]!.address().port);
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  const connect = await client.connect(question.peers[0]!);
  for (const each of [...clients, ...sockets]) each.close();
  const seat = await exhaustSeat(question);
  return { allocations, seat, permissions, channels, connect, reached: [...reached] };
}

function listen(address: string, handle: () => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv4(address) ? "udp4" : "udp6");
    socket.once("error", reject);
    socket.on("message", handle);
    socket.bind(0, address, () => resolve(socket));
  });
}

const [, , question] = process.argv;
if (question !== undefined) console.log(JSON.stringify(await main(JSON.parse(question))));
