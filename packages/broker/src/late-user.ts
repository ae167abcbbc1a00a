import type { SocketOffence, SocketUser } from "./guarded-socket.ts";

/** Who uses a socket is known in a moment: what it sends meanwhile waits. */
export class LateUser implements SocketUser {
  readonly #found: Promise<SocketUser | undefined>;
  #user: SocketUser | undefined;
  #closed = false;

  /** `found`: `undefined` when the socket was closed in place of being served. It does not reject. */
  constructor(found: Promise<SocketUser | undefined>) {
    this.#found = found.then((user) => {
      this.#user = user;
      if (this.#closed) user?.handleClosed();
      return user;
    });
  }

  handleText(text: string): void | Promise<void> {
    if (this.#user !== undefined) return this.#user.handleText(text);
    return this.#found.then((user) => {
      if (!this.#closed) return user?.handleText(text);
      return undefined;
    });
  }

  handleOffence(offence: SocketOffence): void {
    if (this.#user === undefined) void this.#found.then((user) => user?.handleOffence(offence));
    else this.#user.handleOffence(offence);
  }

  handleSilence(): void {
    this.#user?.handleSilence();
  }

  handleShutdown(): void {
    this.#user?.handleShutdown();
  }

  handleClosed(): void {
    this.#closed = true;
    this.#user?.handleClosed();
  }
}
