import type { Sequence } from "../base/sequence.ts";
import type { LinkCarrier } from "./link-carrier.ts";
import type { LinkPacket } from "./link-codec.ts";
import type { LinkOptions } from "./link-options.ts";
import { ReliableStream } from "./reliable-stream.ts";

/** The part of a link that brings messages which must arrive, by whichever way packets take. A part of `Link`. */
export class StreamSide {
  /** It can never go on: both ends need another one. */
  isBroken = false;
  readonly #options: LinkOptions;
  /** The carrier of what we send. */
  readonly #carrier: () => LinkCarrier;
  readonly #stream = new ReliableStream();

  constructor(options: LinkOptions, carrier: () => LinkCarrier) {
    this.#options = options;
    this.#carrier = carrier;
  }

  /** The next sequence that we wait for. */
  get expectedSequence(): Sequence {
    return this.#stream.expectedSequence;
  }

  /** When something of it is due. */
  get timeoutMs(): number {
    const { state, isHeld } = this.#carrier();
    return state.kind === "ready" && !isHeld ? this.#stream.timeoutMs : Infinity;
  }

  /** Copies `bytes`. False: too much waits already. */
  send(nowMs: number, bytes: Uint8Array): boolean {
    if (!this.#stream.send(bytes)) return false;
    this.flush(nowMs);
    return true;
  }

  /** A new greeting with the same process, which waits for `expectedSequence`; `undefined`: it knows nothing of ours. What it has not got leaves again. */
  replay(expectedSequence: Sequence | undefined): void {
    if (!this.#stream.replay(expectedSequence)) this.#options.output.refuse("bad-ack");
  }

  /** The peer is another process. */
  reset(): void {
    this.#stream.reset();
  }

  /** What we send takes another way from now on. */
  changeWay(nowMs: number, isRelayed: boolean): void {
    this.#stream.changeWay(isRelayed);
    this.flush(nowMs);
  }

  handleAck(nowMs: number, expectedSequence: Sequence): void {
    if (!this.#stream.handleAck(expectedSequence)) this.#options.output.refuse("bad-ack");
    this.flush(nowMs);
  }

  /** `isDirect`: it came over the pair's own connection. */
  handleFragment(nowMs: number, { sequence, isLast, part }: LinkPacket & { type: "fragment" }, isDirect: boolean): void {
    const { output, peerId } = this.#options;
    const outcome = this.#stream.handleFragment(nowMs, sequence, isLast, part);
    // An own connection leaves nothing out: what was acked before, by way of somebody else, never came.
    if (outcome === "gap" && isDirect) this.isBroken = true;
    if (outcome === "gap" || outcome === "too-large") output.refuse(`stream-${outcome}`);
    const message = this.#stream.takeMessage();
    if (message !== undefined) output.messages.push({ from: peerId, channel: "reliable", bytes: message });
    this.flush(nowMs);
  }

  /** Sends what may leave now. */
  flush(nowMs: number): void {
    const carrier = this.#carrier();
    if (!carrier.takesStream(nowMs)) return;
    const { isHeld } = carrier;
    for (let bytes = this.#stream.pollTransmit(nowMs, isHeld); bytes !== undefined; bytes = this.#stream.pollTransmit(nowMs, isHeld))
      carrier.send("reliable", bytes);
  }
}
