import { unreachable } from "../base/assert.ts";
import type { Channel, ChannelsClosedReason } from "../ports/transport.ts";
import { AttemptSchedule, isSlow } from "./attempt-schedule.ts";
import type { Greeting } from "./greeting.ts";
import { LinkCarrier, type PingPace } from "./link-carrier.ts";
import type { LinkOptions } from "./link-options.ts";
import * as LINK_TIMES from "./link-times.ts";

/** The part of a link that is the pair's own connection: attempts, and its carrier. A part of `Link`. */
export class DirectSide {
  readonly carrier: LinkCarrier;
  /** There was a connection, and there is none that works. */
  isRebuilding = false;
  readonly #options: LinkOptions;
  readonly #schedule: AttemptSchedule;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#schedule = new AttemptSchedule(options.random);
    this.carrier = new LinkCarrier({ kind: "over" }, (channel, bytes) => options.output.transmit(options.peerId, channel, bytes));
  }

  /** Refused, hung up or told goodbye: nothing happens any more. */
  get isOver(): boolean {
    return this.carrier.state.kind === "over" || this.carrier.state.kind === "refusing";
  }

  /** Dials, or waits for the other end to do so. */
  start(nowMs: number): void {
    if (this.#options.role === "dialer") this.#attempt(nowMs);
    else this.#acceptAgain();
  }

  hangUp(): void {
    this.#act("hang-up");
    this.end();
  }

  end(): void {
    this.carrier.state = { kind: "over" };
  }

  /** The last packet said why: hangs up once it was read. */
  hangUpSoon(nowMs: number): void {
    this.carrier.state = { kind: "refusing", hangUpMs: nowMs + LINK_TIMES.refusalFlushMs };
  }

  handleChannelsOpen(nowMs: number): Greeting {
    return this.carrier.open(nowMs, this.#options.role === "dialer" ? nowMs + LINK_TIMES.greetingMs : Infinity, false);
  }

  /** `isUnhurried`: nothing is lost by waiting, since the peer could not be reached in time or is reached another way. */
  handleChannelsClosed(nowMs: number, reason: ChannelsClosedReason, isUnhurried: boolean): void {
    switch (this.carrier.state.kind) {
      case "over":
        return;
      case "refusing":
        return this.hangUp();
      case "none":
      case "dialing":
      case "greeting":
      case "ready":
        if (this.carrier.state.kind === "ready") this.isRebuilding = true;
        // A newer attempt opens in a moment; if it does not, the pause is over soon enough.
        return this.#wait(nowMs, reason === "replaced" ? LINK_TIMES.attemptsMs[0] : this.#schedule.nextPauseMs(), isUnhurried);
      default:
        return unreachable(this.carrier.state);
    }
  }

  /** An attempt succeeded: the next one is a first one again. */
  settle(): void {
    this.isRebuilding = false;
    this.#schedule.reset();
  }

  /** Heard lately: what the peer has to say about itself it can say here. */
  isHeard(nowMs: number): boolean {
    return this.carrier.state.kind === "ready" && nowMs - this.carrier.lastHeardMs < LINK_TIMES.suspectMs;
  }

  /** The carrier, while it works both ways. */
  usable(nowMs: number): LinkCarrier | undefined {
    return this.carrier.isUsable(nowMs, LINK_TIMES.pathSilentMs, LINK_TIMES.pathUnansweredMs) ? this.carrier : undefined;
  }

  /** What the peer is to forward, or what we forward to it. */
  transmitForwarded(channel: Channel, bytes: Uint8Array): void {
    if (channel === "unreliable") this.carrier.roundTrip.countSent();
    this.#options.output.transmit(this.#options.peerId, channel, bytes);
  }

  /** Pings, and does what the state's deadline is for. */
  check(nowMs: number, pace: PingPace, isUnhurried: boolean): void {
    const { state } = this.carrier;
    if (state.kind === "ready") this.carrier.keepAlive(nowMs, pace);
    if (state.kind === "none" && !isUnhurried && isSlow(nowMs, state.attemptMs)) return this.#attempt(nowMs);
    if (nowMs < this.carrier.timeoutMs(pace)) return;
    switch (state.kind) {
      case "none":
        return this.#attempt(nowMs);
      case "dialing":
      case "greeting":
        return isUnhurried ? this.#wait(nowMs, 0, true) : this.#attempt(nowMs);
      case "ready":
        return;
      case "refusing":
        return this.hangUp();
      case "over":
        return;
      default:
        return unreachable(state);
    }
  }

  /** Gives up an open connection for a new one. Both ends let go, so that one dead direction is enough; the dialer tries anew. */
  rebuild(nowMs: number): void {
    if (this.carrier.state.kind !== "ready") return;
    this.isRebuilding = true;
    if (this.#options.role === "dialer") return this.#attempt(nowMs);
    this.#act("hang-up");
    this.#acceptAgain();
  }

  /** Our process stood still: deadlines move. */
  forgive(lateMs: number): void {
    const { state } = this.carrier;
    if (state.kind === "dialing") state.deadlineMs += lateMs;
    if (state.kind === "greeting") state.greeting.deadlineMs += lateMs;
  }

  #attempt(nowMs: number): void {
    this.carrier.state = { kind: "dialing", deadlineMs: nowMs + this.#schedule.nextAttemptMs() };
    this.#act("dial");
  }

  #acceptAgain(): void {
    this.carrier.state = { kind: "none", attemptMs: Infinity };
    this.#act("accept");
  }

  /** The connection is gone or came to nothing. */
  #wait(nowMs: number, pauseMs: number, isUnhurried: boolean): void {
    const afterMs = isUnhurried ? this.#schedule.slowPauseMs() : pauseMs;
    this.carrier.state = { kind: "none", attemptMs: this.#options.role === "acceptor" ? Infinity : nowMs + afterMs };
  }

  #act(type: "dial" | "accept" | "hang-up"): void {
    this.#options.output.actions.push({ type, peerId: this.#options.peerId });
  }
}
