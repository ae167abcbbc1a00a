import type { GuardedSocket, SocketOffence, SocketUser } from "./guarded-socket.ts";

/** Holds a socket until it is known who uses it, in a moment: what it sends meanwhile waits. */
export class LateUser implements SocketUser {
  readonly #socket: GuardedSocket;
  readonly #found: Promise<SocketUser | undefined>;

  /** `found`: `undefined` when the socket was closed in place of being served. It does not reject. */
  constructor(socket: GuardedSocket, found: Promise<SocketUser | undefined>) {
    this.#socket = socket;
    this.#found = found.then((user) => {
      if (user !== undefined) socket.serve(user);
      return user;
    });
  }

  async handleText(text: string): Promise<void> {
    const user = await this.#found;
    if (this.#socket.isOpen) await user?.handleText(text);
  }

  handleOffence(offence: SocketOffence): void {
    void this.#found.then((user) => user?.handleOffence(offence));
  }

  handleSilence(): void {}

  handleShutdown(): void {}

  /** Whoever is found hears of it by being served a socket that is closed. */
  handleClosed(): void {}
}
