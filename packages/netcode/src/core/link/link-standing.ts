import { unreachable } from "../base/assert.ts";
import type { PeerId } from "../base/units.ts";
import type { LinkCloseReason, LinkStatus } from "../ports/link.ts";
import type { GameIdentity } from "../ports/lobby-protocol.ts";
import type { LinkOutput } from "./link-output.ts";
import * as LINK_TIMES from "./link-times.ts";

/** What people see of a link: its status by the peer's signs of life, whichever way they came, and the events. Lives across attempts. A part of `Link`. */
export class LinkStanding {
  readonly #peerId: PeerId;
  readonly #output: LinkOutput;
  #status: LinkStatus = "closed";
  #deadlineMs = Infinity;
  #heardMs = 0;
  #isForgiven = false;
  /** Closed by silence, not by a word. */
  #isLost = false;

  constructor(peerId: PeerId, output: LinkOutput) {
    this.#peerId = peerId;
    this.#output = output;
  }

  get status(): LinkStatus {
    return this.#status;
  }

  /** The peer is there, or was a moment ago. */
  get isOpen(): boolean {
    return this.#status === "open" || this.#status === "suspect";
  }

  /** Messages are taken: the peer is there, or may come back and have them then. */
  takesMessages(nowMs: number): boolean {
    return this.isOpen || (this.#isLost && nowMs - this.#heardMs < LINK_TIMES.graceMs);
  }

  connect(nowMs: number): void {
    this.#status = "connecting";
    this.#deadlineMs = nowMs + LINK_TIMES.connectDeadlineMs;
  }

  /** A sign of life. It opens, recovers or revives the link. */
  hear(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#isForgiven = false;
    this.#isLost = false;
    if (this.#status === "open") return;
    this.#output.events.push({ type: this.#status === "suspect" ? "link-recovered" : "link-open", peerId: this.#peerId });
    this.#status = "open";
  }

  /** We leave: nothing is told any more. */
  leave(): void {
    this.#isLost = false;
    this.#status = "closed";
  }

  close(reason: LinkCloseReason, remoteGame?: GameIdentity): void {
    // Who was lost and cannot be reached is lost yet.
    this.#isLost = reason === "lost" ? this.#status === "suspect" : this.#isLost && reason === "unreachable";
    if (this.#status === "closed") return;
    this.#status = "closed";
    this.#output.events.push({ type: "link-closed", peerId: this.#peerId, reason, ...(remoteGame === undefined ? {} : { remoteGame }) });
  }

  check(nowMs: number): void {
    if (nowMs < this.timeoutMs) return;
    if (this.#status === "connecting") return this.close("unreachable");
    if (this.#status === "suspect") return this.close("lost");
    this.#status = "suspect";
    this.#output.events.push({ type: "link-suspect", peerId: this.#peerId });
  }

  /** When the status changes by itself. */
  get timeoutMs(): number {
    switch (this.#status) {
      case "connecting":
        return this.#deadlineMs;
      case "open":
        return this.#heardMs + LINK_TIMES.suspectMs;
      case "suspect":
        return this.#heardMs + LINK_TIMES.lostMs;
      case "closed":
        return Infinity;
      default:
        return unreachable(this.#status);
    }
  }

  /**
   * Our process stood still for `lateMs`: no deadline ran in that time. True: silence is forgiven too, which it is once: what the peer sent meanwhile
   * is there now, and timers that are always late (a hidden page without a worker) must not keep a dead peer alive.
   */
  forgive(nowMs: number, lateMs: number): boolean {
    this.#deadlineMs += lateMs;
    if (this.#isForgiven) return false;
    this.#isForgiven = true;
    this.#heardMs = Math.min(nowMs, this.#heardMs + lateMs);
    return true;
  }
}
