/** Says something all the time, and keeps what is heard: for tests of what a network takes away and gives back. */
import type { LabLobby } from "./lab-game.ts";

const FRESH_MS = 50;
/** A `kept` message with every so many of the others. */
const KEPT_EVERY = 5;

export interface Heard {
  /** Of each `fresh` message: when it was sent and when it came, in Unix time. */
  readonly fresh: { readonly sentMs: number; readonly atMs: number }[];
  /** Numbers of the `kept` messages, as they came. */
  readonly kept: number[];
}

export class Talk {
  readonly heard: Heard = { fresh: [], kept: [] };
  /** `kept` messages that left. */
  said = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ messages }: LabLobby) {
    messages.on("fresh", ({ sentMs }) => this.heard.fresh.push({ sentMs, atMs: unixMs() }));
    messages.on("kept", ({ number }) => this.heard.kept.push(number));
    let count = 0;
    this.#timer = setInterval(() => {
      messages.send("fresh", { sentMs: unixMs() });
      if (count++ % KEPT_EVERY === 0 && messages.send("kept", { number: this.said + 1 }) === "sent") this.said++;
    }, FRESH_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function unixMs(): number {
  return performance.timeOrigin + performance.now();
}
