import { once } from "node:events";
import type { Socket } from "node:net";
import { eachText, openSocket, TEXT_LENGTH, type Signaler } from "./bare-redis.ts";

/** The number of a node, and that of a client. */
export const ID_LENGTH = 8;

/** One client of a node that only carries. */
export class BareClient implements Signaler {
  readonly #socket: Socket;
  readonly #text: string;
  handleSignal: () => void = () => undefined;

  private constructor(socket: Socket, otherId: string) {
    this.#socket = socket;
    this.#text = textOf(otherId);
    eachText(socket, TEXT_LENGTH, () => this.handleSignal());
  }

  static async open(port: number, ids: { readonly own: string; readonly other: string }): Promise<BareClient> {
    const socket = await openSocket(port);
    socket.write(textOf(ids.own));
    await once(socket, "data");
    return new BareClient(socket, ids.other);
  }

  signal(): void {
    this.#socket.write(this.#text, "latin1");
  }
}

/** Of client `number` of `node`. */
export function bareId(node: number, number: number): string {
  return `${node}${String(number).padStart(ID_LENGTH - 1, "0")}`;
}

function textOf(id: string): string {
  return id.padEnd(TEXT_LENGTH, "-");
}
