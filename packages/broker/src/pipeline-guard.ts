import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Cuts connections on which somebody asks again before it was answered. Browsers and proxies do not, and whoever does has to ask again when its connection ends (RFC 9112, section
 * 9.3.2). Node hands over all requests of one packet at once: 590 in 20 kB had as many files open, which nothing closed when the connection ended, and an upgrade overtook the answers before it.
 */
export class PipelineGuard {
  readonly #busy = new WeakSet<Duplex>();
  readonly #handleCut: () => void;

  constructor(handleCut: () => void) {
    this.#handleCut = handleCut;
  }

  /** A request that is answered by `response`. False: its connection is cut. */
  admit(socket: Duplex, response: ServerResponse): boolean {
    if (!this.admitUpgrade(socket)) return false;
    this.#busy.add(socket);
    response.once("close", () => this.#busy.delete(socket));
    return true;
  }

  admitUpgrade(socket: Duplex): boolean {
    if (!this.#busy.has(socket)) return true;
    // The rest of its packet comes here, too.
    if (!socket.destroyed) this.#handleCut();
    socket.destroy();
    return false;
  }
}
