import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One that signals, and hears when the other's signal came. */
export interface Signaler {
  handleSignal: () => void;
  signal(): void;
}

/** As long as a candidate with what a node writes before it. */
export const TEXT_LENGTH = 400;
const TEXT = "-".repeat(TEXT_LENGTH);
const CHANNEL = "bench:{bare}";

/**
 * Texts by Redis and nothing else: one connection publishes, the other one hears, as two nodes have them, without a client library, a broker or a WebSocket. What is between two nodes
 * cannot take less.
 */
export class BareRedis {
  readonly #publisher: Socket;
  readonly #command = respOf("SPUBLISH", CHANNEL, TEXT);
  /** Who is to hear of the texts that are under way: they come in order. */
  readonly #awaiting: Signaler[] = [];

  private constructor(publisher: Socket, subscriber: Socket) {
    this.#publisher = publisher.resume();
    eachText(subscriber, respOf("smessage", CHANNEL, TEXT).length, () => this.#awaiting.shift()?.handleSignal());
  }

  static async open(port: number): Promise<BareRedis> {
    const [publisher, subscriber] = await Promise.all([openSocket(port), openSocket(port)]);
    subscriber.write(respOf("SSUBSCRIBE", CHANNEL));
    await once(subscriber, "data");
    return new BareRedis(publisher, subscriber);
  }

  /** Two ends, of which the first one signals. */
  pair(): readonly [Signaler, Signaler] {
    const second: Signaler = { handleSignal: () => undefined, signal: () => undefined };
    const signal = (): void => {
      this.#awaiting.push(second);
      this.#publisher.write(this.#command);
    };
    return [{ handleSignal: () => undefined, signal }, second];
  }
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** All that comes, in texts of this length; ASCII. */
export function eachText(socket: Socket, length: number, handle: (text: string) => void): void {
  let read = "";
  socket.on("data", (data) => {
    read += data.toString("latin1");
    for (; read.length >= length; read = read.slice(length)) handle(read.slice(0, length));
  });
}

/** A command, and a message too, as Redis's protocol has them; ASCII. */
export function respOf(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
